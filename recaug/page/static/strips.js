// Would more workers help, and every partition as a cell: a mark, a number, and a colour that only
// repeats what the mark says.

import { $, count, h, span } from "./dom.js";
import { MARKS, level, service } from "./figures.js";

const HELP = new Map([[true, ["✓", "more workers would help"]], [false, ["✕", "more workers would not help"]],
  [null, ["?", "more workers may help"]]]);

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function showHints(hints) {
  $("hints").replaceChildren(...hints.map(({ service: name, cause, words, more_workers: more, mend }) => {
    if (cause === "fine") return h("li", {}, "Everything keeps up.");
    const [mark, answer] = HELP.get(more);
    return h("li", {}, h("b", {}, name), ` ${words}: `,
      h("span.answer", {}, h("i", { "aria-hidden": "true" }, mark), answer), h("p", {}, mend));
  }));
}

export function showStrips(strips) {
  $("strips").replaceChildren(...strips.map(({ group, topic, cells }) => h("li", {},
    h("p", {}, h("b", {}, service(group)), h("code", {}, topic)),
    h("ol", {}, ...cells.map(cell)))));
}

function cell({ partition, lag, age_s: age, verdict, hot }) {
  const unread = lag ? `, ${count(lag)} unread since ${span(age)}` : ", nothing unread";
  const told = `partition ${partition}: ${verdict}${unread}${hot ? ", most of the lag" : ""}`;
  const mark = verdict === "OK" ? null : h("i", {}, MARKS[verdict]);
  return h(hot ? "li.hot" : "li", { "data-level": level(verdict), title: told },
    h("span.hidden", {}, told),
    h("span", { "aria-hidden": "true" }, mark, lag ? short.format(lag) : "·"));
}
