// One upload as it is seen: its name, how far it is, what can be done.

import { size } from "./format.js";

const template = document.querySelector("[data-upload-row]");
// What can be done in each state.
const ACTS = {
  ready: ["remove"],
  waiting: ["cancel"],
  running: ["pause", "cancel"],
  away: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  interrupted: ["remove"],
  failed: ["retry", "remove"],
  refused: ["remove"],
  done: ["remove"],
};
const WITH_BAR = new Set(["waiting", "running", "away", "paused", "interrupted"]);

export class UploadRow {
  /** act: what is called with the name of what was pressed. */
  constructor(name, bytes, act) {
    this.element = template.content.firstElementChild.cloneNode(true);
    for (const place of this.element.querySelectorAll("[data-name]")) place.textContent = name;
    this.element.querySelector(".upload-name").title = name;
    this.element.querySelector("[data-size]").textContent = size(bytes);
    this.bar = this.element.querySelector("[data-bar]");
    this.bar.setAttribute("aria-label", name);
    this.element.addEventListener("click", (event) => {
      const pressed = event.target.closest("[data-act]");
      if (pressed) act(pressed.dataset.act);
    });
  }

  /** done: 0 to 1. address: of the transcript, once there is one. */
  show(state, said, done = 0, address = null) {
    const { element, bar } = this;
    const before = document.activeElement?.closest("[data-act]");
    element.dataset.state = state;
    element.querySelector("[data-said]").textContent = said;
    bar.hidden = !WITH_BAR.has(state);
    bar.value = done;
    for (const button of element.querySelectorAll("[data-act]")) {
      button.hidden = !ACTS[state].includes(button.dataset.act);
    }
    const open = element.querySelector("[data-open]");
    open.hidden = !address;
    if (address) open.href = address;
    if (before?.hidden && element.contains(before)) {
      element.querySelector("[data-act]:not([hidden])")?.focus();
    }
  }
}
