// The catalogue's words for script, from the page; {places} are filled in here.

const words = document.getElementById("words");

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

export function word(key, values = {}) {
  return filled(words.getAttribute(`data-${key.replace(".", "-")}`) ?? key, values);
}

/** What an error's code means; a code without words is an unexpected error. */
export function errorText(code) {
  const known = words.getAttribute(`data-error-${code}`);
  return known ?? words.getAttribute("data-error-internal_error");
}
