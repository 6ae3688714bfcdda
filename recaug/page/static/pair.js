// One event and its list, whole, in a dialog; and the event as something to run.

import { $, h, say } from "./dom.js";

const COPIES = [["kcat", "Copy as kcat"], ["python", "Copy as Python"], ["json", "Copy as JSON"]];

export function openPairs() {
  $("pair-close").addEventListener("click", () => $("pair").close());
  // A click beside the box is on the dialog itself.
  $("pair").addEventListener("click", (event) => event.target === $("pair") && $("pair").close());
}

/** Ask for the event with this id, and show it. */
export async function showPair(eventId) {
  try {
    const reply = await fetch(`/api/pair?event_id=${encodeURIComponent(eventId)}`);
    const found = await reply.json();
    if (reply.ok) fill(found);
    else lost(found.error);
  } catch {
    lost("The page's server does not answer.");
  }
  $("pair").showModal();
}

function lost(error) {
  say($("pair-title"), "No longer here");
  $("pair-body").replaceChildren(h("p.empty", {}, error));
}

function fill({ event, answer, copies }) {
  say($("pair-title"), event ? `${event.event} by ${event.user_id ?? event.anonymous_id}` : "An answer");
  const all = event ? { ...copies, json: JSON.stringify(event) } : {};
  $("pair-body").replaceChildren(
    h("div.copies", {}, ...COPIES.filter(([name]) => all[name]).map(([name, words]) =>
      h("button.quiet", { type: "button", "data-copy": name, onclick: (press) => copy(press.currentTarget, all[name], words) }, words)),
    h("span.hidden", { id: "copied", role: "status" })),
    h("p.small", {}, "The command and the program give it an id and a time of its own: the same id again is a resend, and without effect."),
    block("The event, as clean passed it on", event ?? "not read by this page"),
    block("The list it was answered with", answer));
}

const block = (title, value) => h("section", {}, h("h3", {}, title),
  h("pre", { tabindex: 0, role: "region", "aria-label": title },
    typeof value === "string" ? value : JSON.stringify(value, null, 2)));

async function copy(button, text, words) {
  const done = await write(text);
  say(button, done ? "Copied ✓" : "Select and copy it below");
  say($("copied"), done ? `${words}: done` : "The browser does not let this page copy");
  if (!done) $("pair-body").append(block("To copy", text));
  setTimeout(() => say(button, words), 2500);
}

/** The clipboard is there on localhost and over TLS only; elsewhere the text is shown. */
async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
