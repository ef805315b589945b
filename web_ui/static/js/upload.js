// One recording on its way to the server: begun, paused, gone on with, given up.

import { left, percent, size } from "./format.js";
import { fingerprint, forgetUpload, keepUpload, keptUploads } from "./kept_uploads.js";
import { GONE, send, terminate } from "./tus.js";
import { UploadRow } from "./upload_row.js";
import { errorText, word } from "./words.js";

// A speed is of the last seconds, and told no more often than it can be read.
const SHOWN_MS = 250;
const SPEED_MS = 3000;

export class Upload {
  /** events: `changed(upload)` when its state does, `removed(upload)`. */
  constructor(file, events, limitBytes) {
    Object.assign(this, { file, events, state: "ready", sentBytes: 0, url: null, fields: null });
    this.row = new UploadRow(file.name, file.size, (act) => this.act(act));
    if (file.size > limitBytes) this.become("refused", word("upload.too_large"));
    else if (!file.size) this.become("refused", word("upload.empty"));
    else this.become("ready", size(file.size));
  }

  /** 0 to 1. */
  get done() {
    return this.file.size ? this.sentBytes / this.file.size : 0;
  }

  get address() {
    return this.url && `/transcripts/${this.url.split("/").pop()}`;
  }

  become(state, said) {
    Object.assign(this, { state, said });
    this.row.show(state, said, this.done, state === "done" ? this.address : null);
    this.events.changed(this);
  }

  act(name) {
    if (name === "pause") this.pause();
    if (name === "cancel") this.cancel();
    if (name === "remove") this.events.removed(this);
    if (name === "resume" || name === "retry") this.wait(this.fields);
  }

  /** In line for its turn, with what was chosen for it. */
  wait(fields) {
    this.fields = fields;
    this.become("waiting", word("upload.waiting"));
  }

  async start() {
    const stopped = new AbortController();
    Object.assign(this, { stopped, marks: [] });
    const print = fingerprint(this.file, this.fields);
    const notes = {
      began: (url) => {
        this.url = url;
        keepUpload(print, url, this.file);
      },
      sent: (bytes) => this.sent(bytes),
      waits: (refusal) => this.hold(refusal),
    };
    this.url ??= keptUploads()[print]?.url ?? null;
    this.become("running", word("upload.starting"));
    try {
      this.url = await send(this.file, this.fields, this.url, notes, stopped.signal);
      forgetUpload(print);
      this.become("done", word("upload.done"));
    } catch (error) {
      if (stopped.signal.aborted) return;
      if (error.code === GONE || error.status === 404) forgetUpload(print);
      this.fail(error);
    }
  }

  sent(bytes) {
    this.sentBytes = bytes;
    const now = performance.now();
    if (this.state === "running" && now - (this.marks.at(-1)?.at ?? -SHOWN_MS) < SHOWN_MS) return;
    this.marks = [...this.marks.filter((mark) => now - mark.at < SPEED_MS), { at: now, bytes }];
    const said = this.progressText();
    if (this.state === "running") this.row.show("running", said, this.done);
    else this.become("running", said);
  }

  progressText() {
    const [first, last] = [this.marks[0], this.marks.at(-1)];
    const told = { percent: percent(this.sentBytes, this.file.size) };
    const speed = (1000 * (last.bytes - first.bytes)) / (last.at - first.at);
    if (!(speed > 0)) return word("upload.running", told);
    const seconds = (this.file.size - this.sentBytes) / speed;
    return word("upload.running_more", { ...told, speed: size(speed), left: left(seconds) });
  }

  hold(refusal) {
    this.marks = [];
    const told = { percent: percent(this.sentBytes, this.file.size) };
    this.become("away", word(refusal.status ? "upload.busy" : "upload.away", told));
  }

  fail(error) {
    const own = { changed: "upload.changed", [GONE]: "upload.gone", not_found: "upload.gone" }[error.code];
    if (own === "upload.gone") this.url = null;
    this.become("failed", own ? word(own) : errorText(error.code));
  }

  pause() {
    this.stopped?.abort();
    this.become("paused", word("upload.paused", { percent: percent(this.sentBytes, this.file.size) }));
  }

  /** Nothing of it stays on the server. */
  cancel() {
    this.stopped?.abort();
    if (this.url) terminate(this.url);
    if (this.fields) forgetUpload(fingerprint(this.file, this.fields));
    this.events.removed(this);
  }
}
