// What goes on inside: lag of each service, a sample of the stream, dead letters.

import { $, clock, count, h, millis, span } from "./dom.js";
import { MARKS, level, service } from "./figures.js";
import { showPair } from "./pair.js";

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
  // A list that moves under the pointer cannot be read, nor one that moves the keyboard's place.
  if (place.matches(":hover, :focus-within")) return;
  place.replaceChildren(...(pairs.length ? pairs.map((pair) => line(pair, user))
    : [h("li.empty", {}, "Nothing yet. Start traffic, or click something in the shop.")]));
}

function line(pair, user) {
  const mine = pair.user === user;
  return h(mine ? "li.mine" : "li", {}, h("button", { type: "button", onclick: () => showPair(pair.id) },
    h("span.who", {}, h("time", {}, clock(pair.at_ms)), h("b", {}, mine ? "you" : pair.user),
      h("span.event", {}, pair.event ?? "event")),
    h("span.titles", {}, pair.titles.join(" · ") || "an empty list"),
    h("span.ms", {}, pair.ms === null ? "" : `${millis(pair.ms)} ms`, pair.fallback
      ? h("em", {}, ` ${pair.fallback}`) : null)));
}

export function showDead({ newest, reasons }) {
  $("reasons").replaceChildren(...Object.entries(reasons).map(([reason, number]) =>
    h("li", {}, h("code", {}, reason), h("b", {}, count(number)))));
  $("letters").replaceChildren(...(newest.length ? newest.slice(0, 6).map(letter)
    : [h("li.empty", {}, "None. Everything that came in could be used.")]));
}

/** What was wrong, its bytes, what to send instead, and what to type. */
function letter({ at_ms, name, reason, meaning, field, message, command, fate, value }) {
  return h("li", {},
    h("p", {}, h("code", {}, reason), field ? h("b", {}, field) : null, h("time", {}, clock(at_ms)),
      h("span", {}, name), fate === "open" ? null : h("span.fate", {}, `✓ ${fate}`)),
    meaning ? h("p", {}, meaning) : null,
    value ? h("pre", { title: value }, value) : null,
    h("div.mend", {}, h("p", {}, h("b", {}, "To mend it: "), message), h("code", {}, command)));
}
