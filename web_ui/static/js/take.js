// One recording of the microphone: sound in pieces, kept as they come; it knows nothing of the page.

import { keepPiece } from "./takes.js";

const PIECE_MS = 1000;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4;codecs=mp4a.40.2", "audio/mp4", "audio/ogg;codecs=opus"];
const BITS_PER_SECOND = 64_000;

export class Take {
  constructor(stream) {
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one)) ?? "";
    this.recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS_PER_SECOND });
    this.id = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    Object.assign(this, { stream, begun: Date.now(), pieces: [], recorded: 0, since: performance.now() });
    this.recorder.addEventListener("dataavailable", (event) => this.keep(event.data));
    this.recorder.start(PIECE_MS);
  }

  /** Seconds of sound so far; pauses do not count. */
  get seconds() {
    const now = this.recorder.state === "recording" ? performance.now() - this.since : 0;
    return (this.recorded + now) / 1000;
  }

  keep(piece) {
    if (!piece.size) return;
    const { id, begun, seconds, pieces } = this;
    const count = pieces.push(piece) - 1;
    // Where nothing may be kept, the recording still goes on in memory.
    keepPiece({ id, begun, seconds, count, type: this.recorder.mimeType }, piece).catch(() => {});
  }

  pause() {
    this.recorded = this.seconds * 1000;
    this.recorder.pause();
  }

  resume() {
    this.since = performance.now();
    this.recorder.resume();
  }

  /** Resolves once the last piece is here; the microphone is let go. */
  async stop() {
    if (this.recorder.state !== "inactive") {
      this.recorded = this.seconds * 1000;
      const ended = new Promise((resolve) => this.recorder.addEventListener("stop", resolve, { once: true }));
      this.recorder.stop();
      await ended;
    }
    for (const track of this.stream.getTracks()) track.stop();
  }
}

/** Puts it into a player. What is made in pieces does not say how long it is: its end does. */
export function offerToListen(audio, file) {
  URL.revokeObjectURL(audio.src);
  audio.src = URL.createObjectURL(file);
  audio.onloadedmetadata = () => {
    if (audio.duration !== Infinity) return;
    audio.addEventListener("seeked", () => (audio.currentTime = 0), { once: true });
    audio.currentTime = Number.MAX_SAFE_INTEGER;
  };
}

/** The recording as a file; the same take is the same file, so that its upload can be gone on with. */
export function fileOf(pieces, { begun, type }, name) {
  const kind = type.split(";")[0];
  const ending = { "audio/mp4": "m4a", "audio/ogg": "ogg" }[kind] ?? "webm";
  return new File(pieces, `${name}.${ending}`, { type: kind, lastModified: begun });
}
