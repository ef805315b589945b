// Figures as people read them. templates/_left.html says the same.

import { word } from "./words.js";

/** `03:07`, or `1:03:07` from an hour on. */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const [hour, minute, second] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hour ? `${hour}:${two(minute)}:${two(second)}` : `${two(minute)}:${two(second)}`;
}

export function size(bytes) {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

export function percent(part, whole) {
  return whole ? Math.floor((100 * part) / whole) : 0;
}

/** How long it will still take. */
export function left(seconds) {
  if (seconds < 10) return word("left.soon");
  if (seconds < 60) return word("left.seconds", { count: Math.ceil(seconds / 10) * 10 });
  if (seconds < 3600) return word("left.minutes", { count: Math.ceil(seconds / 60) });
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return word("left.hours", { hours, minutes });
}
