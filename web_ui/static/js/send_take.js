// A recording of the microphone goes the way of every other file, and is let go once it is there.

import { chosen } from "./options.js";
import { fileOf } from "./take.js";
import { dropTake } from "./takes.js";
import { addFile, watchUploads } from "./uploads.js";
import { word } from "./words.js";

const sending = new Map();
const OVER = new Set(["done", "removed"]);

/** `2026-11-22 14.03`, as a name of a file can hold it. */
function stamp(moment) {
  const two = (number) => String(number).padStart(2, "0");
  const day = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join("-");
  return `${day} ${two(moment.getHours())}.${two(moment.getMinutes())}`;
}

export function sendTake(take, pieces) {
  const file = fileOf(pieces, take, word("record.name", { when: stamp(new Date(take.begun)) }));
  const upload = addFile(file);
  sending.set(upload, take.id);
  if (upload.state === "ready") upload.wait(chosen());
}

watchUploads((upload) => {
  if (!OVER.has(upload.state) || !sending.has(upload)) return;
  dropTake(sending.get(upload)).catch(() => {});
  sending.delete(upload);
});
