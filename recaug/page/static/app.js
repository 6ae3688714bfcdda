// Opens the stream, keeps the state it brings, and hands each changed section to its part.

import { showBehind, showFigures, showKafka, showLagTotal, showPoints } from "./figures.js";
import { showDead, showLag, showPairs } from "./inside.js";
import { answered, began, forget, showPopular } from "./list.js";
import { openPairs } from "./pair.js";
import { showModels, showServing } from "./models.js";
import { showPromotions, showQuality } from "./quality.js";
import { loadItems, markFresh, openShop } from "./shop.js";
import { showPeople } from "./social.js";
import { showHints, showStrips } from "./strips.js";

const USER = "recaug.user";

let user = remembered() ?? renewed();
let source = null;
let known = -1;
let loading = null;

function remembered() {
  try {
    const found = localStorage.getItem(USER);
    return /^you-[a-z0-9]{6,32}$/.test(found ?? "") ? found : null;
  } catch {
    return null;
  }
}

function renewed() {
  const made = `you-${random(8)}`;
  try {
    localStorage.setItem(USER, made);
  } catch {
    // A browser that keeps nothing gets a new user at every visit.
  }
  return made;
}

function random(length) {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => (byte % 36).toString(36)).join("");
}

/** Publish what you did; the stopwatch starts with the call. */
async function act(gesture, words) {
  const event = { ...gesture, user, event_id: `web-${random(20)}` };
  began(event.event_id, words);
  try {
    const reply = await fetch("/api/event", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(event),
    });
    if (!reply.ok) answered({ event_id: event.event_id, error: (await reply.json()).error });
  } catch {
    answered({ event_id: event.event_id, error: "the page's server does not answer" });
  }
}

const SECTIONS = {
  kafka: showKafka,
  now: (now) => showFigures(now),
  points: showPoints,
  behind: showBehind,
  lag: (rows) => {
    showLag(rows);
    showLagTotal(rows);
  },
  models: (models) => {
    showModels(models);
    showServing(models.serving);
    showPromotions(models.promotions);
  },
  quality: showQuality,
  pairs: (pairs) => showPairs(pairs, user),
  dead: showDead,
  popular: showPopular,
  people: showPeople,
  strips: showStrips,
  hints: showHints,
  catalogue,
};

/** The shop window changes while a new shop fills: fetch it at most once in two seconds. */
function catalogue({ version }) {
  if (version === known || loading !== null) return;
  loading = setTimeout(async () => {
    try {
      known = await loadItems();
    } finally {
      loading = null;
    }
  }, known < 0 ? 0 : 2000);
}

function listen() {
  source?.close();
  source = new EventSource(`/stream?user=${encodeURIComponent(user)}`);
  source.addEventListener("state", (message) => {
    for (const [name, value] of Object.entries(JSON.parse(message.data))) SECTIONS[name]?.(value);
  });
  source.addEventListener("list", (message) => answered(JSON.parse(message.data)));
  source.onerror = () => showKafka({ up: false, page: true });
}

document.getElementById("fresh").addEventListener("click", () => {
  user = renewed();
  forget();
  markFresh();
  listen();
});

openShop(act);
openPairs();
listen();
