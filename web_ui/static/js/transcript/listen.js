// A press on a time, on a word or on a quote plays from there.

import { call, find, hear } from "./page.js";
import { lineOf, startOf, textOf } from "./lines.js";
import { audio, play, playStretch, repeating, release, seek } from "./sound.js";
import { point } from "./spoken.js";
import { placeAt } from "./texts.js";
import { fetchTimings, wordsOf } from "./timings.js";
import { show } from "./follow.js";

const plain = (event) =>
  event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;

export function listenTo(line, seconds = startOf(line)) {
  point(line);
  if (!audio) return;
  if (repeating()) release();
  seek(seconds);
  play();
}

function pressed(event) {
  if (!plain(event)) return;
  const quote = event.target.closest("[data-quote]");
  if (quote) return playQuote(event, quote);
  const line = event.target.closest(".line");
  if (!line) return;
  if (event.target.closest(".line-time")) {
    if (!audio) return;
    event.preventDefault();
    listenTo(line);
  } else if (audio && event.target.closest(".line-text") && getSelection().isCollapsed) {
    playWord(event, line);
  }
}

async function playWord(event, line) {
  const place = placeAt(textOf(line), event.clientX, event.clientY);
  await fetchTimings();
  const word = wordsOf(line).findLast((each) => each.from <= place);
  listenTo(line, word?.start ?? startOf(line));
}

function playQuote(event, quote) {
  const { segment, start, end } = quote.dataset;
  const line = segment === undefined ? null : lineOf(segment);
  if (!line && !audio) return;
  event.preventDefault();
  if (line) {
    show(line);
    point(line);
  }
  playStretch(Number(start), Number(end), false, quote);
}

export function start() {
  call.addEventListener("click", pressed);
  hear("stretch", (stretch) => {
    find("playing")?.removeAttribute("data-playing");
    stretch?.quote?.setAttribute("data-playing", "");
  });
}
