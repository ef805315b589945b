// Text as people look for it: letters and digits alone, as the server's search has it, so that
// neither spaces nor signs stand between 해지 and 해 지.

const KEPT = /[\p{L}\p{N}\p{M}]/gu;
// A letter with what is written over it is one; so are a syllable's parts, as macOS names files.
const LETTERS = /[\uac00-\ud7a3]|[\u1100-\u11ff]+|.[\p{M}\uff9e\uff9f]*/gsu;
const SYLLABLE = /^[\uac00-\ud7a3]$/;

/** `folded`, and for each of its characters the place in `text` where it begins and ends. */
export function fold(text) {
  let folded = "";
  const from = [];
  const to = [];
  let place = 0;
  for (const letter of text.match(LETTERS) ?? []) {
    const end = place + letter.length;
    const kept = keptOf(letter);
    folded += kept;
    for (let unit = 0; unit < kept.length; unit += 1) {
      from.push(place);
      to.push(end);
    }
    place = end;
  }
  return { folded, from, to };
}

function keptOf(letter) {
  // Nearly all of a call, and it is looked through at every key.
  if (SYLLABLE.test(letter)) return letter;
  return (letter.normalize("NFKC").toLowerCase().match(KEPT) ?? []).join("");
}

/** Where a folded query stands in a folded text: `[from, to]` in the text as it is. */
export function matches({ folded, from, to }, query) {
  const found = [];
  let place = query ? folded.indexOf(query) : -1;
  while (place >= 0) {
    found.push([from[place], to[place + query.length - 1]]);
    place = folded.indexOf(query, place + query.length);
  }
  return found;
}
