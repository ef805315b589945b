// The recording's loudness, made on the server: asked for until it is there.

import { word } from "../words.js";
import { reach } from "./asking.js";
import { api, find } from "./page.js";

const MOST_SECONDS = 30;
const TRIES = 200;

const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

/** `{duration, perSecond, peaks}`, each peak 0 to 255; null where there will be none. */
export async function peaks() {
  const says = find("player-says");
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const answer = await once();
    if (answer?.status === 200) {
      if (says.textContent === word("player.preparing")) says.textContent = "";
      return read(await answer.json());
    }
    if (answer && answer.status !== 202 && answer.status < 500) return null;
    if (answer?.status === 202) says.textContent = word("player.preparing");
    const wanted = Number(answer?.headers.get("Retry-After")) || tries;
    await pause(Math.min(MOST_SECONDS, wanted));
  }
  return null;
}

async function once() {
  try {
    return await reach(`${api}/peaks`);
  } catch {
    return null;
  }
}

function read(told) {
  const { duration, per_second: perSecond } = told;
  return { duration, perSecond, peaks: Uint8Array.from(told.peaks) };
}
