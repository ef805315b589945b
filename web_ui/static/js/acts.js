// Cancel, retry and delete without leaving the page. What is lost is asked about first.

import { announce } from "./announce.js";
import { ask } from "./ask.js";
import { refreshSoon } from "./refresh.js";
import { errorText, word } from "./words.js";

async function act(form, line) {
  const kind = form.dataset.act;
  const title = line.dataset.title;
  if (kind === "delete" && !(await confirmed(title))) return;
  const problem = await asked(kind, line.dataset.id);
  if (problem) {
    showProblem(line, problem);
    return;
  }
  if (kind === "delete") leave(line, title);
  refreshSoon();
}

function confirmed(name) {
  return ask({ title: "item.delete_title", text: "item.delete_text", yes: "item.delete", name });
}

/** The words of what went wrong, or null. What is gone already is as good as deleted. */
async function asked(kind, id) {
  const address = `/api/transcripts/${id}`;
  const request = kind === "delete" ? [address, { method: "DELETE" }] : [`${address}/${kind}`, { method: "POST" }];
  try {
    const response = await fetch(...request);
    if (response.ok || (kind === "delete" && response.status === 404)) return null;
    return errorText((await response.json()).error_code);
  } catch {
    return errorText("internal_error");
  }
}

function showProblem(line, text) {
  const old = line.querySelector("[data-problem]");
  const said = old ?? document.createElement("p");
  said.className = "item-said item-said-failed";
  said.dataset.problem = "";
  said.setAttribute("role", "alert");
  said.textContent = text;
  if (!old) line.append(said);
}

function leave(line, title) {
  const next = (line.nextElementSibling ?? line.previousElementSibling)?.querySelector("[data-open]");
  line.remove();
  next?.focus();
  announce(word("item.said_deleted", { title }));
}

document.addEventListener("submit", (event) => {
  const line = event.target.closest("[data-item]");
  if (!line || !event.target.dataset.act) return;
  event.preventDefault();
  act(event.target, line);
});
