// The shop window: cards to click, like, share and follow, categories, and a search that is an event.

import { $, count, h, hash, price, say } from "./dom.js";
import { art } from "./art.js";
import { openList } from "./list.js";
import { forgetSocial, holds, icon, openSocial, press, share, toggle } from "./social.js";

/** Two columns on a phone: your list must not be a long way down. */
const PAGE = matchMedia("(max-width: 620px)").matches ? 8 : 20;
const TYPING_MS = 900;

let items = [];
let total = 0;
let category = null;
let term = "";
let shown = PAGE;
let act = () => {};
let typing = 0;
let published = "";
const clicked = new Set();

export function openShop(gesture) {
  act = gesture;
  openList(gesture);
  openSocial(gesture);
  $("more").addEventListener("click", () => {
    shown += PAGE;
    draw();
  });
  $("search").addEventListener("submit", (event) => {
    event.preventDefault();
    publish();
  });
  $("term").addEventListener("input", () => {
    term = $("term").value.trim();
    shown = PAGE;
    draw();
    clearTimeout(typing);
    typing = setTimeout(publish, TYPING_MS);
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    $("term").focus();
  });
}

/** A search is published once you stop typing, not at every letter. */
function publish() {
  clearTimeout(typing);
  if (term.length < 2 || term === published) return;
  published = term;
  act({ event: "search", search_term: term }, `You searched for “${term}”`);
}

/** Fetch the catalogue; returns its version. */
export async function loadItems() {
  const reply = await (await fetch("/api/items")).json();
  items = mixed(reply.items);
  total = reply.total;
  chips();
  draw();
  return reply.version;
}

export function markFresh() {
  clicked.clear();
  forgetSocial();
  published = "";
  draw();
}

/** One of each category in turn, so that the first screen shows the whole shop. */
function mixed(list) {
  const shelves = new Map();
  for (const item of list) {
    const name = item.category ?? "";
    if (!shelves.has(name)) shelves.set(name, []);
    shelves.get(name).push(item);
  }
  const ordered = [...shelves.values()]
    .map((shelf) => shelf.sort((a, b) => hash(a.id) - hash(b.id)))
    .sort((a, b) => hash(a[0].category ?? "") - hash(b[0].category ?? ""));
  const longest = Math.max(0, ...ordered.map((shelf) => shelf.length));
  return Array.from({ length: longest }, (_, i) => ordered.map((shelf) => shelf[i]).filter(Boolean)).flat();
}

function chips() {
  const names = [...new Set(items.map((item) => item.category).filter(Boolean))].sort();
  if (names.length < 2) return;
  const chip = (name, title) => h("button.chip", { type: "button", "aria-pressed": String(category === name),
    onclick: () => {
      category = name;
      shown = PAGE;
      chips();
      draw();
    } }, title);
  $("categories").replaceChildren(chip(null, "All"), ...names.map((name) => chip(name, name)));
}

function found() {
  const words = term.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter((item) => {
    if (category !== null && item.category !== category) return false;
    const text = `${item.title} ${item.brand ?? ""} ${item.category ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function draw() {
  const matching = found();
  const present = new Map([...$("grid").children].map((card) => [card.dataset.item, card]));
  $("grid").replaceChildren(...matching.slice(0, shown).map((item) => update(present.get(item.id) ?? card(item), item)));
  $("more").hidden = matching.length <= shown;
  say($("more"), `Show more of ${count(matching.length)}`);
  $("nothing").hidden = matching.length > 0;
  say($("nothing"), total ? `Nothing here matches “${term}”. The search was published all the same.`
    : "The shop is empty: no item documents on the topic recaug.items yet.");
}

function card(item) {
  return h("li.card", { "data-item": item.id },
    h("button.open", { type: "button", onclick: () => click(item) },
      art(item),
      h("span.brand", {}, item.brand ?? item.category ?? ""),
      h("span.title", {}, item.title),
      h("span.price", {}, item.sold_out ? "sold out" : price(item))),
    item.brand ? button("follow", `Follow ${item.brand}`, () => toggle("follow", "brand", item.brand, item.brand)) : null,
    h("span.deeds", {},
      button("like", `Like ${item.title}`, () => toggle("like", "item", item.id, item.title), icon("like")),
      button("share", `Share ${item.title}`, () => share(item.id, item.title), icon("share"))));
}

function button(kind, words, does, picture) {
  const pressed = () => {
    does();
    draw();
  };
  return h(`button.${kind}`, { type: "button", "aria-label": words, title: words, onclick: pressed }, picture);
}

function update(element, item) {
  element.classList.toggle("clicked", clicked.has(item.id));
  element.querySelector(".like").setAttribute("aria-pressed", String(holds("like", "item", item.id)));
  const follow = element.querySelector(".follow");
  if (follow) press(follow, holds("follow", "brand", item.brand));
  return element;
}

function click(item) {
  clicked.add(item.id);
  act({ event: "click", item_id: item.id }, `You clicked ${item.title}`);
  draw();
}
