// What goes on inside: lag of each service, a sample of the stream, dead letters.

import { $, clock, count, h, millis, span } from "./dom.js";
import { MARKS, level, service } from "./figures.js";

const LAG_TITLES = [["Service"], ["Topic"], ["Parts", "num"], ["Lag", "num"], ["Time lag", "num"],
  ["In/s", "num"], ["Out/s", "num"], ["Drains in", "num"], ["Verdict"]];

export function showLag(rows) {
  const body = rows.map((row, i) => h("tr", {},
    h("td", {}, rows[i - 1]?.group === row.group ? "" : h("b", {}, service(row.group))),
    h("td", {}, h("code", {}, row.topic)),
    h("td.num", {}, count(row.partitions)),
    h("td.num.strong", {}, count(row.lag)),
    h("td.num", {}, row.lag ? span(row.time_lag_s) : "–"),
    h("td.num", {}, count(row.in_per_s)),
    h("td.num", {}, count(row.out_per_s)),
    h("td.num", {}, row.lag === 0 ? "–" : row.drains ? span(row.drain_s) : "never"),
    h("td", {}, h("span.verdict", { "data-level": level(row.verdict) },
      h("i", { "aria-hidden": "true" }, MARKS[row.verdict]), h("b", {}, row.verdict), ` ${row.words}`))));
  const empty = h("tr", {}, h("td.empty", { colspan: 9 }, "No topics yet."));
  $("lag").replaceChildren(
    h("thead", {}, h("tr", {}, ...LAG_TITLES.map(([text, kind]) =>
      h(kind ? `th.${kind}` : "th", { scope: "col" }, text)))),
    h("tbody", {}, ...(body.length ? body : [empty])));
}

export function showPairs(pairs, user) {
  const place = $("pairs");
  if (place.matches(":hover")) return; // a list that moves under the pointer cannot be read
  place.replaceChildren(...(pairs.length ? pairs.map((pair) => line(pair, user))
    : [h("li.empty", {}, "Nothing yet. Start traffic, or click something in the shop.")]));
}

function line(pair, user) {
  const mine = pair.user === user;
  return h(mine ? "li.mine" : "li", {},
    h("span.who", {}, h("time", {}, clock(pair.at_ms)), h("b", {}, mine ? "you" : pair.user),
      h("span.event", {}, pair.event ?? "event")),
    h("span.titles", {}, pair.titles.join(" · ") || "an empty list"),
    h("span.ms", {}, pair.ms === null ? "" : `${millis(pair.ms)} ms`, pair.fallback
      ? h("em", {}, ` ${pair.fallback}`) : null));
}

export function showDead({ newest, reasons }) {
  $("reasons").replaceChildren(...Object.entries(reasons).map(([reason, number]) =>
    h("li", {}, h("code", {}, reason), h("b", {}, count(number)))));
  $("letters").replaceChildren(...(newest.length ? newest.slice(0, 6).map(letter)
    : [h("li.empty", {}, "None. Everything that came in could be used.")]));
}

function letter({ at_ms, reason, message, source, value }) {
  const from = source.topic ? `${source.topic} ${source.partition}:${source.offset}` : "";
  return h("li", {},
    h("p", {}, h("code", {}, reason), h("time", {}, clock(at_ms)), h("span", {}, from)),
    h("p.message", {}, message),
    value ? h("pre", {}, value) : null);
}
