// Says something to those who do not see it happen.

const region = document.querySelector("[data-say]");
const GATHER_MS = 300;
let waiting = [];

function speak() {
  region.textContent = waiting.join(" ");
  waiting = [];
}

export function announce(text) {
  // What comes together is said together: a region that changes at once is read once.
  if (waiting.push(text) === 1) setTimeout(speak, GATHER_MS);
}
