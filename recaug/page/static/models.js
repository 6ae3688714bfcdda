// The model in use, and every fine-tune with what the gate said.

import { $, clock, count, h, say } from "./dom.js";
import { timeline } from "./charts.js";

const ndcg = (value) => (Number.isFinite(value) ? value.toFixed(4) : "–");
const failed = (version) => version.startsWith("failed-");
/** 20251124T054035123-1f0c2d3e is shown by its hash; its time has a place of its own. */
export const short = (version) => (failed(version) ? "none" : version.split("-").pop());

let shown = [];
let serving = null;

export function showServing(model) {
  serving = model?.version ?? null;
  const pill = $("model");
  if (!serving) {
    say(pill, "no model yet");
    pill.title = "Until the first is learned, what is popular answers";
    pill.dataset.level = "warn";
    return;
  }
  const device = model.provider?.replace("ExecutionProvider", "");
  pill.replaceChildren(`model ${short(serving)}`,
    h("span.more-said", {}, ["", device, model.precision].filter((part) => part !== undefined).join(" · ")));
  pill.title = `${model.name} ${serving} answers now`;
  pill.dataset.level = "good";
}

export function showModels({ attempts, serving: model }) {
  serving = model?.version ?? null;
  shown = attempts.map(attempt);
  draw();
  $("attempts").replaceChildren(head(), h("tbody", {}, ...table()));
}

function attempt(record) {
  const { challenger, champion, popularity } = record.metrics ?? {};
  const at = Date.parse(record.created_at);
  return {
    ...record,
    at: clock(at).slice(0, 5),
    time: clock(at),
    challenger: challenger?.["ndcg@10"],
    champion: champion?.["ndcg@10"],
    popularity: popularity?.["ndcg@10"],
    words: `${record.version}: ${record.promoted ? "promoted" : "not promoted"}, ${record.reason}`,
  };
}

function draw() {
  const place = $("timeline");
  if (!shown.length) {
    place.replaceChildren(h("p.empty", {}, "The first fine-tune starts when enough events have come in. Until then popularity answers."));
    $("keys").replaceChildren();
    return;
  }
  timeline(place, shown, Math.max(280, place.clientWidth));
  if (!$("keys").childElementCount) $("keys").replaceChildren(...keys());
}

function keys() {
  return [["promoted", "●", "promoted"], ["refused", "✕", "not promoted"], ["champion", "○", "champion"],
    ["popularity", "–", "popularity"]].map(([name, mark, words]) => h(`span.key.${name}`, {}, h("i", {}, mark), words));
}

function head() {
  const titles = [["Model"], ["Events", "num"], ["NDCG@10", "num"], ["Champion", "num"],
    ["Popularity", "num"], ["Trained", "num"], ["Verdict"]];
  return h("thead", {}, h("tr", {}, ...titles.map(([text, kind]) =>
    h(kind ? `th.${kind}` : "th", { scope: "col" }, text))));
}

function table() {
  if (!shown.length) return [h("tr", {}, h("td.empty", { colspan: 7 }, "No fine-tune yet."))];
  return [...shown].reverse().slice(0, 8).map((a) =>
    h(a.version === serving ? "tr.serving" : "tr", {},
      h("td", { title: a.version }, h("code", {}, short(a.version)), h("small", {}, a.time)),
      h("td.num", {}, count(a.events)),
      h("td.num.strong", {}, ndcg(a.challenger)),
      h("td.num", {}, ndcg(a.champion)),
      h("td.num", {}, ndcg(a.popularity)),
      h("td.num", { title: a.device }, `${a.train_seconds.toFixed(1)} s`),
      h("td", { title: a.reason }, verdict(a))));
}

function verdict(a) {
  if (a.version === serving) return h("span.verdict", { "data-level": "good" }, h("i", {}, "●"), "serving");
  return a.promoted
    ? h("span.verdict", { "data-level": "good" }, h("i", {}, "✓"), "promoted")
    : h("span.verdict", { "data-level": failed(a.version) ? "bad" : "none" }, h("i", {}, "✕"),
      failed(a.version) ? "failed" : "not promoted");
}

addEventListener("resize", () => shown.length && draw());
