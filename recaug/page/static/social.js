// What you like, share and follow: items, brands, and the people who are here now.

import { $, h, s, say } from "./dom.js";

const held = { like: new Set(), follow: new Set() };
const followed = new Map();

let act = () => {};
let present = [];

export const openSocial = (gesture) => { act = gesture; };

export function forgetSocial() {
  held.like.clear();
  held.follow.clear();
  followed.clear();
  showPeople(present);
}

const name = (type, id) => `${type} ${id}`;

/** Whether the button of this kind is down. */
export const holds = (event, type, id) => held[event].has(name(type, id));

/** Like or follow, or take it back. */
export function toggle(event, type, id, title) {
  const kept = held[event];
  const undo = kept.has(name(type, id));
  if (undo) kept.delete(name(type, id));
  else kept.add(name(type, id));
  const gesture = { event, target_type: type, target_id: id };
  act(undo ? { ...gesture, undo } : gesture, words(event, undo, title));
}

export const share = (id, title) =>
  act({ event: "share", target_type: "item", target_id: id }, `You shared ${title}`);

function words(event, undo, title) {
  if (event === "like") return `${undo ? "You took back your like of" : "You liked"} ${title}`;
  return `${undo ? "You no longer follow" : "You follow"} ${title}`;
}

const PATHS = {
  like: "M12 20s-7.5-4.6-7.5-10A4.3 4.3 0 0 1 12 7.3 4.3 4.3 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z",
  share: "M12 15V4m0 0L8 8m4-4 4 4M6 12v6.5A1.5 1.5 0 0 0 7.5 20h9a1.5 1.5 0 0 0 1.5-1.5V12",
};

export const icon = (what) =>
  s("svg.icon", { viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: PATHS[what] }));

/** People keep their place: those you follow first, then whoever the page's server has seated. */
export function showPeople(people) {
  present = people;
  for (const { id, title } of people) if (followed.has(id)) followed.set(id, title);
  const others = people.filter(({ id }) => !followed.has(id));
  const all = [...[...followed].map(([id, title]) => ({ id, title })), ...others].slice(0, 8);
  const rows = new Map([...$("people").children].map((row) => [row.dataset.user, row]));
  const next = all.map((person) => update(rows.get(person.id) ?? row(person), person));
  if (next.some((element, i) => $("people").children[i] !== element) || next.length !== rows.size) {
    keepFocus(() => $("people").replaceChildren(...next));
  }
  $("present").hidden = !all.length;
}

/** An element that is moved loses the focus, which would throw a keyboard back to the top. */
function keepFocus(change) {
  const focused = document.activeElement;
  change();
  if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

function row({ id }) {
  const press = () => {
    if (followed.has(id)) followed.delete(id);
    else followed.set(id, present.find((person) => person.id === id)?.title ?? "");
    toggle("follow", "user", id, id);
    showPeople(present);
  };
  return h("li", { "data-user": id },
    h("span.who", {}, h("b", {}, id), h("span.last")),
    h("button.follow", { type: "button", "aria-label": `Follow ${id}`, onclick: press }));
}

function update(element, { id, title }) {
  say(element.querySelector(".last"), title);
  press(element.querySelector(".follow"), followed.has(id));
  return element;
}

/** A follow button says its state in words too. */
export function press(button, down) {
  button.setAttribute("aria-pressed", String(down));
  say(button, down ? "Following" : "Follow");
}
