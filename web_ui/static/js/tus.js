// Uploads that go on where they stopped: a client of tus 1.0.0, https://tus.io/protocols/resumable-upload

export const SLICE_BYTES = 8 * 1024 * 1024;
const VERSION = { "Tus-Resumable": "1.0.0" };
// Between two tries. After these the last one is repeated: a network may be away for hours.
const WAITS_S = [0.5, 1, 2, 4, 8, 15, 30];
const PASSING = new Set([0, 408, 409, 423, 425, 429, 500, 502, 503, 504]);
// Of an upload that was cancelled or deleted: there is nothing to go on with.
export const GONE = "gone";
const NO_MORE = new Set([404, 409, 410]);
// As often nothing came through that the server itself refused.
const MOST_REFUSALS = 6;

/** The server's refusal; `status` 0: it was not reached. `code` is one of its own. */
export class Refusal extends Error {
  constructor(status, code, retryAfter = null) {
    super(code);
    Object.assign(this, { status, code, retryAfter });
  }
}

/**
 * Sends `file` and resolves to the upload's address once every byte is there.
 *
 * kept: where an earlier try got to, or null. notes: `began(url)`, `sent(bytes)`, `waits(refusal)`.
 * Throws `Refusal`, or an AbortError once `signal` says so.
 */
export async function send(file, fields, kept, notes, signal) {
  let [url, offset, known, refusals] = [kept, null, false, 0];
  for (;;) {
    try {
      if (url === null) {
        [url, offset] = [await create(file, fields, signal), 0];
        notes.began(url);
      }
      offset ??= await standing(url, signal);
      known = true;
      notes.sent(offset);
      if (offset >= file.size) return url;
      offset = await append(url, file, offset, notes.sent, signal);
      refusals = 0;
    } catch (error) {
      signal.throwIfAborted();
      if (error.code === GONE && !known) {
        [url, known] = [null, true];
        continue;
      }
      offset = null;
      refusals += 1;
      await checkReadable(file);
      if (error.code === GONE || !PASSING.has(error.status) || (error.status && refusals > MOST_REFUSALS)) throw error;
      notes.waits(error);
      await pause(error.retryAfter ?? WAITS_S[Math.min(refusals, WAITS_S.length) - 1], signal);
    }
  }
}

/** Gives an upload up: nothing of it stays. */
export async function terminate(url) {
  await fetch(url, { method: "DELETE", headers: VERSION }).catch(() => {});
}

/** How many bytes have arrived. Throws `Refusal`, of the code `GONE` where nothing more can. */
export async function standing(url, signal) {
  const response = await asked(url, { method: "HEAD", headers: VERSION, signal }).catch((error) => {
    throw NO_MORE.has(error.status) ? new Refusal(error.status, GONE) : error;
  });
  return Number(response.headers.get("Upload-Offset"));
}

async function create(file, fields, signal) {
  const metadata = Object.entries({ filename: file.name, ...fields });
  const headers = {
    ...VERSION,
    "Upload-Length": String(file.size),
    "Upload-Metadata": metadata.map(([key, value]) => `${key} ${base64(value)}`).join(","),
  };
  const response = await asked("/api/uploads", { method: "POST", headers, signal });
  return new URL(response.headers.get("Location"), location.href).pathname;
}

async function asked(url, request) {
  let response;
  try {
    response = await fetch(url, request);
  } catch {
    throw new Refusal(0, "away");
  }
  if (!response.ok) throw refusalOf(response.status, await response.text(), response.headers.get("Retry-After"));
  return response;
}

// fetch cannot tell how much of a body has gone.
function append(url, file, offset, sent, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PATCH", url);
    const headers = { ...VERSION, "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => sent(offset + event.loaded);
    request.onload = () => {
      const { status, responseText } = request;
      if (status === 204) resolve(Number(request.getResponseHeader("Upload-Offset")));
      else reject(refusalOf(status, responseText, request.getResponseHeader("Retry-After")));
    };
    request.onerror = request.ontimeout = () => reject(new Refusal(0, "away"));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file.slice(offset, offset + SLICE_BYTES));
  });
}

function refusalOf(status, text, retryAfter) {
  let code = "internal_error";
  try {
    code = JSON.parse(text).error_code ?? code;
  } catch {
    // Not the service's own words: a proxy's page.
  }
  return new Refusal(status, code, Number(retryAfter) || null);
}

// A file that was moved or changed looks like a network that is gone.
async function checkReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new Refusal(400, "changed");
  }
}

/** Seconds go by, or the network comes back. */
function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    addEventListener("online", resolve, { once: true });
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
