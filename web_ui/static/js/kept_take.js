// A recording that a closed tab left behind: listen to it, send it, or discard it.

import { ask } from "./ask.js";
import { clock } from "./format.js";
import { sendTake } from "./send_take.js";
import { fileOf, offerToListen } from "./take.js";
import { dropTake, holdTake, keptTakes, piecesOf } from "./takes.js";
import { timeText } from "./times.js";
import { word } from "./words.js";

const box = document.querySelector("[data-record-kept]");
const audio = box.querySelector("[data-record-kept-audio]");

/** Resolves once it was sent or discarded. */
function offer(take, pieces) {
  const told = { when: timeText(new Date(take.begun)), length: clock(take.seconds) };
  box.querySelector("[data-record-kept-text]").textContent = word("record.kept_text", told);
  offerToListen(audio, fileOf(pieces, take, "take"));
  box.hidden = false;
  return new Promise((resolve) => {
    box.onclick = async (event) => {
      const act = event.target.closest("[data-record-kept-act]")?.dataset.recordKeptAct;
      if (act === "send") sendTake(take, pieces);
      else if (act !== "discard" || !(await confirmed())) return;
      else await dropTake(take.id);
      URL.revokeObjectURL(audio.src);
      box.hidden = true;
      resolve();
    };
  });
}

function confirmed() {
  return ask({ title: "record.ask_title", text: "record.ask_text", yes: "record.discard" });
}

async function offerAll() {
  for (const take of await keptTakes()) {
    await holdTake(take.id, async () => {
      const pieces = await piecesOf(take.id);
      if (pieces.length) await offer(take, pieces);
    });
  }
}

// Where nothing may be kept there is nothing to offer.
offerAll().catch(() => {});
