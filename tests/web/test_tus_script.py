"""tus.js in Node, before a server of the test that forgets, refuses and goes away as it is told."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from web_ui.rendering import HERE

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")

# Every wait of the script is over at once; `waited` holds how many seconds each would have been.
SERVER = """
let asIs = null;
const waited = [], calls = [], sent = [], held = [];
globalThis.setTimeout = (work, ms) => { waited.push(ms / 1000); queueMicrotask(work); };
globalThis.clearTimeout = () => {};
globalThis.addEventListener = () => {};
globalThis.location = { href: "http://web/" };
let stored = 0, standing = 200, plan = [];
const json = (code) => JSON.stringify({ success: false, error_code: code });
const headers = (values) => ({ get: (name) => values[name] ?? null });
function step(call) {
  calls.push(call);
  return plan.shift() ?? null;
}
function answer(status, text, values) {
  const told = { status, ok: status < 300, headers: headers(values), text: async () => text };
  return told;
}
globalThis.fetch = async (url, request) => {
  const refused = step(`${request.method} ${url}`);
  if (refused === 0) throw new TypeError("away");
  if (refused) return answer(refused.status, json(refused.code), { "Retry-After": refused.after });
  if (request.method === "POST") {
    Object.assign(globalThis, { metadata: request.headers["Upload-Metadata"] });
    [stored, standing] = [0, asIs ?? 200];
    return answer(201, "{}", { Location: "/api/uploads/new" });
  }
  return answer(standing, "", { "Upload-Offset": String(stored) });
};
globalThis.XMLHttpRequest = class {
  upload = {};
  headers = {};
  open(method, url) { this.call = `${method} ${url}`; }
  setRequestHeader(name, value) { this.headers[name] = value; }
  getResponseHeader(name) { return this.values[name] ?? null; }
  abort() { this.onabort(); }
  send(blob) {
    const offset = Number(this.headers["Upload-Offset"]);
    const refused = step(`${this.call} ${offset}+${blob.size}`);
    queueMicrotask(() => {
      if (refused === "hangs") { stop.abort(); return; }
      if (refused === 0) { stored += 3; this.onerror(); return; }
      if (refused) { this.finish(refused.status, json(refused.code), {}); return; }
      this.upload.onprogress?.({ loaded: blob.size });
      stored = offset + blob.size;
      this.finish(204, "", { "Upload-Offset": String(stored) });
    });
  }
  finish(status, responseText, values) {
    Object.assign(this, { status, responseText, values });
    this.onload();
  }
};
const { send, SLICE_BYTES, GONE } = await import(process.argv[1]);
const file = new File([new Uint8Array(2 * SLICE_BYTES + 5)], "통화.wav");
const stop = new AbortController();
const notes = {
  began: (url) => held.push(url),
  sent: (bytes) => sent.push(bytes),
  waits: (refusal) => held.push(refusal.code),
};
const MIB8 = SLICE_BYTES;
async function run(kept = null) {
  try {
    return await send(file, { language: "ko" }, kept, notes, stop.signal);
  } catch (error) {
    return { status: error.status, code: error.code, name: error.name };
  }
}
"""


def run(story: str) -> Any:
    """What the story leaves in `seen`."""
    script = f"{SERVER}let seen;{story};console.log(JSON.stringify(seen));"
    address = (HERE / "static" / "js" / "tus.js").as_uri()
    # Node takes a .js file outside any package for CommonJS, unless it is told.
    command = ["node", "--experimental-default-type=module", "--input-type=module", "-e", script]
    done = subprocess.run(
        [*command, address], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_file_goes_in_slices() -> None:
    """Created with its name and what was chosen, then sent eight mebibytes at a time."""
    url, calls, sent, metadata = run("const url = await run(); seen = [url, calls, sent, metadata]")
    mib8 = 8 * 1024 * 1024
    assert url == "/api/uploads/new"
    assert calls == [
        "POST /api/uploads",
        f"PATCH /api/uploads/new 0+{mib8}",
        f"PATCH /api/uploads/new {mib8}+{mib8}",
        f"PATCH /api/uploads/new {2 * mib8}+5",
    ]
    assert sent[-1] == 2 * mib8 + 5
    assert metadata == "filename 7Ya17ZmULndhdg==,language a28="


def test_kept_upload_goes_on_where_it_stopped() -> None:
    """What the server has is not sent again."""
    story = "stored = 2 * MIB8; const url = await run('/api/uploads/old'); seen = [url, calls]"
    url, calls = run(story)
    assert url == "/api/uploads/old"
    assert calls == ["HEAD /api/uploads/old", f"PATCH /api/uploads/old {16 * 1024 * 1024}+5"]


def test_kept_upload_that_is_gone_begins_anew() -> None:
    """The server gave it up: the file is sent from its beginning, to a new address."""
    url, calls = run(
        "standing = 404; const url = await run('/api/uploads/old'); seen = [url, calls]"
    )
    assert url == "/api/uploads/new"
    assert calls[:2] == ["HEAD /api/uploads/old", "POST /api/uploads"]


def test_lost_connection_is_waited_for() -> None:
    """Waits grow; then the server is asked where it stands, and the rest is sent from there."""
    story = "plan = [null, 0, 0, 0]; const url = await run(); seen = [url, calls, waited, held]"
    url, calls, waited, held = run(story)
    assert url == "/api/uploads/new"
    assert calls[2:5] == ["HEAD /api/uploads/new"] * 3
    assert calls[5] == f"PATCH /api/uploads/new 3+{8 * 1024 * 1024}"
    assert waited == [0.5, 1, 2]
    assert held == ["/api/uploads/new", "away", "away", "away"]


def test_busy_server_is_asked_again_when_it_says() -> None:
    """`Retry-After` is kept to."""
    story = """plan = [{ status: 429, code: "too_many_uploads", after: "7" }];
    const url = await run(); seen = [url, waited, held[0]]"""
    assert run(story) == ["/api/uploads/new", [7], "too_many_uploads"]


def test_disagreement_on_the_place_is_settled_by_asking() -> None:
    """After a 409 the server's own count decides."""
    story = """plan = [null, { status: 409, code: "upload_conflict" }];
    const url = await run(); seen = [url, calls[2]]"""
    assert run(story) == ["/api/uploads/new", "HEAD /api/uploads/new"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(413, "upload_too_large"), (507, "storage_full"), (401, "not_signed_in"), (422, "invalid")],
)
def test_refusal_that_will_not_pass_ends_it(status: int, code: str) -> None:
    """With the server's code, at once."""
    story = f'plan = [{{ status: {status}, code: "{code}" }}]; seen = [await run(), waited]'
    refused, waited = run(story)
    assert (refused["status"], refused["code"], waited) == (status, code, [])


def test_server_that_goes_on_refusing_is_given_up() -> None:
    """Seven refusals without a byte between them are enough."""
    story = """plan = Array(20).fill({ status: 503, code: "draining" });
    seen = [await run(), waited.length]"""
    refused, waits = run(story)
    assert (refused["code"], waits) == ("draining", 6)


def test_upload_that_was_cancelled_elsewhere_ends() -> None:
    """Nobody begins anew what somebody has deleted while it went on."""
    story = """asIs = 409; plan = [null, null, { status: 409, code: "wrong_state" }];
    seen = [await run(), calls.length, GONE]"""
    refused, calls, gone = run(story)
    assert (refused["code"], calls) == (gone, 4)


def test_pause_stops_at_once() -> None:
    """An upload that is stopped says so and asks nothing more."""
    stopped, calls = run('plan = [null, "hangs"]; seen = [await run(), calls.length]')
    assert (stopped["name"], calls) == ("AbortError", 2)


def test_file_that_changed_is_not_taken_for_a_lost_connection() -> None:
    """A browser reports both alike; reading a byte tells them apart."""
    story = """const moved = async () => { throw new Error("moved"); };
    file.slice = () => ({ size: 5, arrayBuffer: moved });
    plan = [null, 0]; seen = await run()"""
    assert run(story)["code"] == "changed"
