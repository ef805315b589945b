// Questions to the API. What it refuses, and that it cannot be reached, is an error with a code.

import { errorText, word } from "../words.js";

export class Refused extends Error {
  constructor(code, status = 0) {
    super(code);
    this.code = code;
    this.status = status;
  }

  /** Why, for a person. */
  get words() {
    return this.code === "offline" ? word("script.offline") : errorText(this.code);
  }
}

export async function ask(path, method = "GET", body = undefined) {
  const answer = await reach(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Refused(await codeOf(answer), answer.status);
  return answer.status === 204 ? null : answer.json();
}

export async function reach(path, options = {}) {
  try {
    return await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("offline");
  }
}

async function codeOf(answer) {
  try {
    return (await answer.json()).error_code ?? "internal_error";
  } catch {
    return "internal_error";
  }
}
