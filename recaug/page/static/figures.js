// The four figures at the top: what comes in, what goes out, how fast, how far behind.

import { $, count, h, say, span, took } from "./dom.js";
import { spark } from "./charts.js";

export const MARKS = { OK: "✓", WARN: "▲", REWIND: "↺", STALL: "■", STOP: "■", LOST: "✕" };
export const level = (verdict) =>
  verdict === "OK" ? "good" : verdict === "WARN" ? "warn" : "bad";

const GRAVEST = ["OK", "WARN", "REWIND", "STALL", "STOP", "LOST"];

export function showKafka({ up, address, page }) {
  const pill = $("kafka");
  pill.dataset.level = up ? "good" : up === false ? "bad" : "unknown";
  const words = up ? "live" : up === false ? "no answer" : "connecting";
  say(pill, page ? "page is gone" : words);
  pill.title = page ? "The page's server does not answer" : `Kafka at ${address}: ${words}`;
}

export function showFigures(now) {
  say($("events"), count(now.events));
  say($("recommendations"), count(now.recommendations));
  for (const name of ["p50", "p99"]) {
    const [value, unit] = took(now[name]);
    say($(name), value);
    say($(`${name}-unit`), unit);
  }
  const refused = now.rejects;
  say($("rejects"), refused ? `${refused < 1 ? "under 1" : count(refused)} refused per second` : "none refused");
  const fallback = now.fallback;
  say($("fallback"), fallback === null ? "none yet"
    : fallback === 0 ? "all by the model" : `${Math.round(fallback * 100)} % by fallback`);
  const { clean, recommend } = now.stages;
  say($("stages"), clean === null ? "measured at the broker"
    : `clean ${took(clean).join(" ")} · recommend ${took(recommend).join(" ")}`);
}

export function showPoints(points) {
  const refused = points.rejects.some((value) => value > 0);
  spark($("spark-events"), [{ values: points.events, name: "events", area: true },
    ...(refused ? [{ values: points.rejects, name: "rejects" }] : [])]);
  spark($("spark-recommendations"), [{ values: points.recommendations, name: "out", area: true }]);
  spark($("spark-latency"), [{ values: points.p50, name: "p50", area: true },
    { values: points.p99, name: "p99" }]);
}

/** The worst of every service, in words: what nobody reads is further behind than any number. */
export function showLagTotal(rows) {
  const ages = rows.map((row) => row.time_lag_s).filter((age) => age !== null);
  const worst = Math.max(0, ...ages);
  const [value, unit] = span(worst).split(" ");
  say($("behind"), value);
  say($("behind-unit"), { s: "seconds", min: "minutes", h: "hours" }[unit] ?? "");
  $("services").replaceChildren(...services(rows));
}

export const showBehind = (values) =>
  spark($("spark-lag"), [{ values, name: "lag", area: true }]);

function services(rows) {
  const byGroup = new Map();
  for (const { group, verdict } of rows) {
    const present = byGroup.get(group) ?? "OK";
    byGroup.set(group, GRAVEST.indexOf(verdict) > GRAVEST.indexOf(present) ? verdict : present);
  }
  return [...byGroup].map(([group, verdict]) =>
    h("span.verdict", { "data-level": level(verdict), title: `${group}: ${verdict}` },
      h("i", { "aria-hidden": "true" }, MARKS[verdict]),
      verdict === "OK" ? service(group) : `${service(group)} ${verdict}`));
}

export const service = (group) => group.replace(/^.*recaug-/, "");
