// Starts the page's behaviours; each stands alone, and works without those that its page lacks.
// Hours of speech take a while to arrive: what is pressed works before, what needs all of it after.

import { call, tell } from "./page.js";
import * as controls from "./controls.js";
import * as seek from "./seek.js";
import * as waveform from "./waveform.js";
import * as near from "./near.js";
import * as spoken from "./spoken.js";
import * as listen from "./listen.js";
import * as follow from "./follow.js";
import * as editor from "./editor.js";
import * as panel from "./panel.js";
import * as menus from "./menus.js";
import * as copying from "./copying.js";
import * as find from "./find.js";
import * as keys from "./keys.js";
import * as roving from "./roving.js";
import * as live from "./live.js";
import * as arrival from "./arrival.js";

function startWhole() {
  tell("lines");
  for (const behaviour of [editor.adopt, panel.start, roving.start, arrival.start, live.start]) {
    behaviour();
  }
}

call.dataset.ready = "";
const listening = [controls, seek, spoken, listen, follow];
const reading = [editor, menus, copying, find, keys];
for (const behaviour of [...listening, ...reading]) behaviour.start();
// What is only looked at comes after what is pressed.
requestAnimationFrame(() => setTimeout(() => near.start(waveform.start())));
if (document.readyState === "loading") addEventListener("DOMContentLoaded", startWhole);
else startWhole();
