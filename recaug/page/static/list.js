// Your list: a stopwatch from your click to the new order, and rows that move to their new places.

import { $, h, millis, price, say, still } from "./dom.js";
import { art } from "./art.js";
import { showPair } from "./pair.js";

const PATIENCE_MS = 10000;
const PARTS = [["browser", "browser"], ["kafka_in", "into Kafka"], ["clean", "clean"],
  ["recommend", "recommend"], ["kafka_out", "out of Kafka"]];
const DID = { click: "you clicked", view: "you looked at", like: "you liked", follow: "you follow",
  share: "you shared", add_to_cart: "you put in your cart", purchase: "you bought", comment: "you wrote about" };
const REASONS = { popular: "popular now", trending: "trending", new_item: "new in the shop",
  bought_together: "bought together", matches_search: "matches your search",
  followed_creator: "from whom you follow", explore: "a guess" };
/** Where no evidence is given: who brought the item in. */
const RETRIEVERS = { sessions: "others chose it after the same items", search: "matches your search",
  popularity: "popular now", newest: "new in the shop" };
const FALLBACKS = { popular: "No model yet: this is what others chose. The first model is being learned from the traffic.",
  no_history: "The model knows nothing of what you did yet: this is what others chose.",
  state_unavailable: "Your history cannot be read just now (is Redis up?): anybody's list.",
  consent: "You asked for no personal list: this is anybody's." };

const waiting = new Map();
let newest = null;
let latest = null;
let order = [];
let mine = false;
let act = () => {};
let ticking = 0;
let recommendation = null;

export function openList(gesture) {
  act = gesture;
  $("see").addEventListener("click", () => showPair(newest));
}

/** The stopwatch starts. */
export function began(eventId, words) {
  waiting.set(eventId, { at: performance.now(), words });
  latest = eventId;
  if (waiting.size > 50) waiting.delete(waiting.keys().next().value);
  $("watch").dataset.state = "running";
  say($("told"), words);
  $("split").replaceChildren();
  $("legend").replaceChildren();
  cancelAnimationFrame(ticking);
  tick(eventId);
}

function tick(eventId) {
  const started = waiting.get(eventId);
  // Of two events at once the second may be answered alone, and its watch is the one that runs.
  if (!started || latest !== eventId) return;
  const ms = performance.now() - started.at;
  say($("time"), millis(ms));
  if (ms > PATIENCE_MS) fail(eventId, "No answer in 10 s. The table of services below says who is behind.");
  else if (!still.matches) ticking = requestAnimationFrame(() => tick(eventId));
  else setTimeout(() => tick(eventId), 250);
}

function fail(eventId, words) {
  waiting.delete(eventId);
  $("watch").dataset.state = "failed";
  say($("told"), words);
}

/** A list has come, for something done here or in another window of the same user. */
export function answered(list) {
  const started = waiting.get(list.event_id);
  if (list.error) {
    fail(list.event_id, `Not published: ${list.error}`);
    return;
  }
  waiting.delete(list.event_id);
  mine = true;
  recommendation = list.recommendation_id;
  newest = list.event_id;
  $("see").hidden = !newest;
  say($("list-title"), "Your list");
  note(list.fallback);
  if (started) stopwatch(performance.now() - started.at, list, started.words);
  reorder(list.items);
}

function stopwatch(ms, list, words) {
  $("watch").dataset.state = "done";
  say($("time"), millis(ms));
  say($("dock-time"), `${millis(ms)} ms`);
  say($("told"), words);
  const known = Object.values(list.stages ?? {}).reduce((sum, part) => sum + part, 0);
  const parts = { browser: Math.max(0, ms - known), ...list.stages };
  const shown = PARTS.filter(([name]) => parts[name] !== undefined);
  $("split").replaceChildren(...shown.map(([name]) => {
    const part = h(`i.${name}`);
    part.style.flexGrow = String(Math.max(0.4, parts[name]));
    return part;
  }));
  $("legend").replaceChildren(...shown.map(([name, title]) =>
    h(`li.${name}`, {}, title, h("b", {}, millis(parts[name])))));
  say($("spoken"), `List updated in ${Math.round(ms)} milliseconds. First: ${list.items[0]?.title ?? "nothing"}.`);
}

function note(fallback) {
  $("note").hidden = !fallback;
  say($("note"), FALLBACKS[fallback] ?? fallback ?? "");
}

/** Until you have done something, what is popular with everybody. */
export function showPopular(items) {
  if (mine || !items.length) return;
  say($("list-title"), "Popular now");
  reorder(items);
}

export function forget() {
  mine = false;
  recommendation = null;
  order = [];
  waiting.clear();
  newest = null;
  $("see").hidden = true;
  $("rows").replaceChildren();
  $("watch").dataset.state = "idle";
  say($("time"), "0");
  say($("told"), "You are somebody new. Click something: the stopwatch runs until your list is here.");
  $("split").replaceChildren();
  $("legend").replaceChildren();
  note(null);
}

/** FLIP: note where the rows are, put them in the new order, play each from its old place. */
function reorder(items) {
  const rows = $("rows");
  const before = new Map([...rows.children].map((row) => [row.dataset.item, row.getBoundingClientRect().top]));
  const present = new Map([...rows.children].map((row) => [row.dataset.item, row]));
  const was = new Map(order.map((id, i) => [id, i]));
  const next = items.map((item, i) => update(present.get(item.id) ?? row(item), item, i, was));
  rows.replaceChildren(...next);
  order = items.map((item) => item.id);
  say($("dock-first"), items[0]?.title ?? "");
  if (!still.matches) next.forEach((element) => play(element, before));
}

function play(element, before) {
  const old = before.get(element.dataset.item);
  if (old === undefined) {
    element.animate([{ opacity: 0, transform: "translateX(24px)" }, { opacity: 1, transform: "none" }],
      { duration: 420, easing: "cubic-bezier(.2,.8,.2,1)" });
    return;
  }
  const moved = old - element.getBoundingClientRect().top;
  if (!moved) return;
  element.animate([{ transform: `translateY(${moved}px)` }, { transform: "none" }],
    { duration: 520, easing: "cubic-bezier(.2,.8,.2,1)" });
}

function row(item) {
  const element = h("li.row", { "data-item": item.id });
  const pick = () => act({ event: "click", item_id: item.id, index: order.indexOf(item.id),
    recommendation_id: recommendation }, `You clicked ${element.querySelector(".title").textContent}`);
  element.append(
    h("span.rank"),
    h("button.pick", { type: "button", onclick: pick },
      h("span.thumb", {}, art(item)),
      h("span.words", {}, h("span.title", {}, item.title), h("span.price", {}, price(item)), h("span.why"))));
  return element;
}

function update(element, item, place, was) {
  say(element.querySelector(".title"), item.title);
  const why = element.querySelector(".why");
  why.className = `why ${item.reason ?? "model"}`;
  why.replaceChildren(...reason(item));
  element.querySelector(".rank").replaceChildren(String(place + 1), moved(item.id, place, was));
  return element;
}

/** The words of a reason, with the evidence it rests on where it rests on any. */
function reason({ reason: code, retriever, evidence, did }) {
  if (!evidence) return [REASONS[code] ?? RETRIEVERS[retriever] ?? "fits what you did"];
  const named = h("b", {}, did === "search" ? `“${evidence}”` : evidence);
  if (did === "search") return ["matches your search ", named];
  if (code === "bought_together") return ["others chose it with ", named];
  return [`because ${DID[did] ?? "of"} `, named];
}

/** How far a row moved, in a sign and a number: colour only repeats it. */
function moved(id, place, was) {
  if (!was.size) return "";
  if (!was.has(id)) return h("em.new", { title: "new in your list" }, "new");
  const by = was.get(id) - place;
  if (!by) return "";
  return by > 0 ? h("em.up", { title: `up ${by}` }, `▲${by}`) : h("em.down", { title: `down ${-by}` }, `▼${-by}`);
}
