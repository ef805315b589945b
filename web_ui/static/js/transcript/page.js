// The page's own facts, as the server wrote them.

export const call = document.getElementById("call");
export const { api, page } = call.dataset;

export const find = (name, root = document) => root.querySelector(`[data-${name}]`);
export const findAll = (name, root = document) => root.querySelectorAll(`[data-${name}]`);

/** Behaviours tell each other what happened, over the page's root. */
export function tell(name, detail) {
  call.dispatchEvent(new CustomEvent(name, { detail }));
}

export function hear(name, listener) {
  call.addEventListener(name, (event) => listener(event.detail));
}

export const moves = matchMedia("(prefers-reduced-motion: no-preference)");
