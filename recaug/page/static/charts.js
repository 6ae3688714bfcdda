// Small charts drawn as SVG: a sparkline, the timeline of models, and quality over time.

import { clock, s } from "./dom.js";

const WIDTH = 240;
const HEIGHT = 44;

/** Lines over the last two minutes on one scale; the first gets a filled area. Nulls are gaps. */
export function spark(place, lines) {
  const length = Math.max(30, ...lines.map((line) => line.values.length));
  const top = Math.max(1e-9, ...lines.flatMap((line) => line.values.filter((v) => v !== null))) * 1.08;
  const picture = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none",
    "aria-hidden": "true" });
  for (const { values, name, area } of lines) {
    const points = values.map((value, i) => value === null ? null : [
      WIDTH - ((values.length - 1 - i) * WIDTH) / (length - 1),
      HEIGHT - 1.5 - (value / top) * (HEIGHT - 4),
    ]);
    const d = path(points);
    if (!d) continue;
    if (area) picture.append(s(`path.area.${name}`, { d: closed(points) }));
    picture.append(s(`path.line.${name}`, { d, "vector-effect": "non-scaling-stroke" }));
  }
  place.replaceChildren(picture);
}

const fixed = (point) => point.map((x) => x.toFixed(1)).join(" ");

function path(points) {
  let d = "";
  points.forEach((point, i) => {
    if (point) d += `${i > 0 && points[i - 1] ? "L" : "M"}${fixed(point)}`;
  });
  return d;
}

function closed(points) {
  const known = points.filter(Boolean);
  const [first, last] = [known[0], known[known.length - 1]];
  return `M${first[0].toFixed(1)} ${HEIGHT}L${known.map(fixed).join("L")}L${last[0].toFixed(1)} ${HEIGHT}z`;
}

const PAD = { left: 44, right: 14, top: 14, bottom: 26 };

/**
 * NDCG@10 of every attempt. Shapes tell the series apart, not only colours: a filled disc was
 * promoted, a cross was not, a ring is the champion of the time, a bar is popularity.
 */
export function timeline(place, attempts, width, height = 220) {
  const picture = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
    "aria-label": `NDCG@10 of ${attempts.length} fine-tunes; the table beside it holds the figures` });
  const values = attempts.flatMap((a) => [a.challenger, a.champion, a.popularity]).filter(finite);
  const { ticks, top } = scale(Math.max(0.01, ...values));
  const inner = { w: width - PAD.left - PAD.right, h: height - PAD.top - PAD.bottom };
  const x = (i) => PAD.left + (attempts.length === 1 ? inner.w / 2 : (i / (attempts.length - 1)) * (inner.w - 16) + 8);
  const y = (value) => PAD.top + inner.h - (value / top) * inner.h;
  for (const tick of ticks) {
    picture.append(s("line.gridline", { x1: PAD.left, x2: width - PAD.right, y1: y(tick), y2: y(tick) }),
      s("text.tick", { x: PAD.left - 8, y: y(tick) + 4, "text-anchor": "end" }, tick.toFixed(2)));
  }
  picture.append(series(attempts, "popularity", x, y), served(attempts, x, y));
  attempts.forEach((attempt, i) => picture.append(marks(attempt, x(i), y)));
  picture.append(...labels(attempts, x, height));
  place.replaceChildren(picture);
}

/**
 * Lines over time, named by their dashes and by their keys; `marks` are moments with a name.
 * Each point has `at_ms` and a value, or null, under each of `names`.
 */
export function overTime(place, points, names, marks, width, height = 220) {
  const picture = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
    "aria-label": `HR@10 over time: ${names.join(", ")}; the table beside it holds the figures` });
  const { ticks, top } = scale(Math.max(0.01, ...points.flatMap((p) => names.map((name) => p[name] ?? 0))));
  const inner = { w: width - PAD.left - PAD.right, h: height - PAD.top - PAD.bottom };
  const [first, last] = [points[0].at_ms, Math.max(points[points.length - 1].at_ms, points[0].at_ms + 1)];
  const x = (at) => PAD.left + ((at - first) / (last - first)) * inner.w;
  const y = (value) => PAD.top + inner.h - (value / top) * inner.h;
  for (const tick of ticks) {
    picture.append(s("line.gridline", { x1: PAD.left, x2: width - PAD.right, y1: y(tick), y2: y(tick) }),
      s("text.tick", { x: PAD.left - 8, y: y(tick) + 4, "text-anchor": "end" }, tick.toFixed(2)));
  }
  for (const { at_ms: at, words } of marks.filter((mark) => mark.at_ms >= first && mark.at_ms <= last)) {
    picture.append(s("g", {}, s("title", {}, words),
      s("line.moment", { x1: x(at), x2: x(at), y1: PAD.top, y2: PAD.top + inner.h }),
      s("path.moment", { d: `M${x(at) - 4} ${PAD.top}h8l-4 6z` })));
  }
  for (const name of names) {
    const d = path(points.map((p) => finite(p[name]) ? [x(p.at_ms), y(p[name])] : null));
    if (d) picture.append(s(`path.line.quality.${name}`, { d }));
  }
  for (const [at, anchor] of [[first, "start"], [last, "end"]]) {
    picture.append(s("text.tick", { x: x(at), y: height - 8, "text-anchor": anchor }, clock(at).slice(0, 5)));
  }
  place.replaceChildren(picture);
}

const finite = (value) => Number.isFinite(value);

function scale(most) {
  const step = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25].find((size) => most / size <= 4.5) ?? 0.25;
  const count = Math.ceil((most * 1.04) / step);
  return { ticks: Array.from({ length: count + 1 }, (_, i) => i * step), top: count * step };
}

function series(attempts, name, x, y) {
  const points = attempts.map((a, i) => finite(a[name]) ? [x(i), y(a[name])] : null);
  return s(`path.line.${name}`, { d: path(points) });
}

/** A step line through what was being served: it moves where a challenger was promoted. */
function served(attempts, x, y) {
  const points = attempts
    .map((a, i) => [x(i), a.promoted ? a.challenger : a.champion])
    .filter(([, value]) => finite(value))
    .map(([at, value]) => [at, y(value)]);
  return s("path.line.serving", { d: path(points) });
}

function marks(attempt, at, y) {
  const group = s("g", {}, s("title", {}, attempt.words));
  if (finite(attempt.popularity)) {
    group.append(s("path.mark.popularity", { d: `M${at - 5} ${y(attempt.popularity)}h10` }));
  }
  if (finite(attempt.champion)) {
    group.append(s("circle.mark.champion", { cx: at, cy: y(attempt.champion), r: 4 }));
  }
  if (finite(attempt.challenger)) group.append(challenger(attempt, at, y(attempt.challenger)));
  return group;
}

function challenger(attempt, x, y) {
  return attempt.promoted
    ? s("circle.mark.promoted", { cx: x, cy: y, r: 5.5 })
    : s("path.mark.refused", { d: `M${x - 4} ${y - 4}l8 8m0-8l-8 8` });
}

function labels(attempts, x, height) {
  const every = Math.max(1, Math.ceil(attempts.length / 8));
  return attempts.map((attempt, i) =>
    (attempts.length - 1 - i) % every ? null
      : s("text.tick", { x: x(i), y: height - 8, "text-anchor": "middle" }, attempt.at))
    .filter(Boolean);
}
