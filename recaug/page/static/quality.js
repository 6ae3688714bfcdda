// What is served against popularity and the frozen model, by what people did next.

import { $, count, h } from "./dom.js";
import { overTime } from "./charts.js";
import { short } from "./models.js";

const NAMES = ["served", "popularity", "frozen"];
const WORDS = { served: "served", popularity: "popular items", frozen: "the first model, frozen" };
const figure = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");

let quality = null;
let promotions = [];

export function showQuality(section) {
  quality = section;
  draw();
  $("quality-versions").replaceChildren(head(), h("tbody", {}, ...section.versions.map(row)));
}

export function showPromotions(found) {
  promotions = found.map(({ version, at_ms }) => ({ at_ms, words: `${version} promoted` }));
  draw();
}

function draw() {
  const points = quality?.points ?? [];
  const names = NAMES.filter((name) => points.some((point) => point[name] !== null));
  if (!names.length) return;
  overTime($("quality-chart"), points, names, promotions, Math.max(280, $("quality-chart").clientWidth));
  const keys = names.map((name) => h(`span.key.quality.${name}`, {}, h("i", { "aria-hidden": "true" }), WORDS[name]));
  $("quality-keys").replaceChildren(...keys, h("span.key.moment", {}, h("i", {}, "▾"), "promotion"));
}

function head() {
  const titles = [["Model"], ["Targets", "num"], ["HR@10", "num"], ["NDCG@10", "num"], ["MRR@10", "num"],
    ["Popular", "num"], ["Frozen", "num"]];
  return h("thead", {}, h("tr", {}, ...titles.map(([text, kind]) =>
    h(kind ? `th.${kind}` : "th", { scope: "col" }, text))));
}

function row({ version, targets, served, ndcg, mrr, popularity, frozen }) {
  return h("tr", {},
    h("td", { title: version ?? "before the first model" }, h("code", {}, version ? short(version) : "none")),
    h("td.num", {}, count(targets)),
    h("td.num.strong", {}, figure(served)),
    ...[ndcg, mrr, popularity, frozen].map((value) => h("td.num", {}, figure(value))));
}

addEventListener("resize", draw);
