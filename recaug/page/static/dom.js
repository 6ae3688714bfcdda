// Elements and figures. Text only ever becomes a text node, so a title that holds markup stays text.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

/** Make an element: h("a.pill", {href: "#x"}, "text", child). Null children are left out. */
export function h(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  return fill(document.createElement(tag), classes, attributes, children);
}

/** The same for SVG. */
export function s(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  return fill(document.createElementNS(SVG, tag), classes, attributes, children);
}

function fill(element, classes, attributes, children) {
  if (classes.length) element.classList.add(...classes);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Set text only where it changed: a selection in it survives. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const count = (value) => whole.format(value);

/** Milliseconds without a unit: 4.2, 43, 1,250. */
export const millis = (value) =>
  value === null || value === undefined ? "–" : (value < 10 ? tenth : whole).format(value);

/** Milliseconds with the unit that keeps them short: ["43", "ms"], ["1.4", "s"]. */
export const took = (ms) => (ms >= 1000 ? [tenth.format(ms / 1000), "s"] : [millis(ms), "ms"]);

/** Seconds as people say them: 0.3 s, 42 s, 3 min, 2 h. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 10) return `${tenth.format(seconds)} s`;
  if (seconds < 120) return `${whole.format(seconds)} s`;
  if (seconds < 7200) return `${whole.format(seconds / 60)} min`;
  return `${whole.format(seconds / 3600)} h`;
}

export function price(item) {
  if (item.price === undefined) return "";
  try {
    const style = { style: "currency", currency: item.currency || "EUR" };
    return new Intl.NumberFormat("en", style).format(item.price);
  } catch {
    return `${item.price} ${item.currency}`;
  }
}

export const clock = (ms) => new Date(ms).toLocaleTimeString("en-GB");

/** Small stable hash of a string, for pictures and colours. */
export function hash(text) {
  let value = 2166136261;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
  return value >>> 0;
}

export const still = matchMedia("(prefers-reduced-motion: reduce)");
