// A picture for an item that has none: six shapes in the colours of its category, drawn from its id.

import { hash, s } from "./dom.js";

const SHAPES = [
  (x, y) => s("circle", { cx: x + 10, cy: y + 10, r: 10 }),
  (x, y) => s("path", { d: `M${x} ${y}h20a20 20 0 0 1-20 20z` }),
  (x, y) => s("path", { d: `M${x + 20} ${y + 20}h-20a20 20 0 0 1 20-20z` }),
  (x, y) => s("path", { d: `M${x} ${y + 20}v-20a20 20 0 0 1 20 20z` }),
  (x, y) => s("path", { d: `M${x} ${y + 20}a10 10 0 0 1 20 0z` }),
  (x, y) => s("path", { d: `M${x} ${y}h20l-20 20z` }),
  (x, y) => s("path", { d: `M${x + 3} ${y + 3}h14v14h-14z` }),
  (x, y) => s("path", { d: `M${x} ${y + 3}h20v4h-20zm0 7h20v4h-20zm0 7h20v3h-20z` }),
];

/** The hue of a category: neighbours in the alphabet come out far apart. */
export const hue = (category) => (hash(category || "") * 137.508) % 360;

/** An SVG of 60 × 40 units, the same for the same item. */
export function art(item) {
  const base = hue(item.category);
  const tones = [`hsl(${base} 62% 52%)`, `hsl(${base + 28} 70% 66%)`, `hsl(${base + 190} 48% 46%)`,
    `hsl(${base} 45% 96%)`];
  let seed = hash(item.id);
  const draw = (n) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 4294967296) * n);
  };
  const picture = s("svg.art", { viewBox: "0 0 60 40", preserveAspectRatio: "xMidYMid slice",
    "aria-hidden": "true" });
  picture.append(s("rect", { width: 60, height: 40, fill: `hsl(${base} 55% 84%)` }));
  for (let cell = 0; cell < 6; cell++) {
    const shape = SHAPES[draw(SHAPES.length)]((cell % 3) * 20, cell < 3 ? 0 : 20);
    shape.setAttribute("fill", tones[draw(tones.length)]);
    picture.append(shape);
  }
  return picture;
}
