"""One frame of `recaug top` as lines of text; every line fits any width when it is cut.

Words come first and colour only repeats them, so a pipe, a recording and NO_COLOR lose nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from recaug.cli.columns import clock, span, spark
from recaug.lag import Part, Row, Verdict, worst
from recaug.lag.causes import Cause, Hint
from recaug.lag.verdict import badness
from recaug.lag.work import work
from recaug.prequential.record import AT
from recaug.top.scene import Pair, Shot
from recaug.top.watch import Behind

#: What a line is about, before it.
LABEL = 6
#: Columns of a course, hints shown, partitions shown of a service.
COURSE, HINTS, CELLS = 16, 2, 64
#: Fewer clicks than this say little about a model.
LEAST = 20

STYLES = ("green", "yellow", "red")
STAGES = ("decode", "state", "retrieve", "score", "produce")


def frame(
    shot: Shot, behind: Behind, address: str, at_ms: int, width: int, height: int, trouble: str = ""
) -> Text:
    """Return the screen, cut to `width` and `height`."""
    lines = [*_head(behind, address, at_ms, trouble), *_flow(shot), *_lag(behind), *_parts(behind),
             *_stages(behind), *_model(shot), *_hints(behind, width)]  # fmt: skip
    lines.append(("", ""))
    lines += _pairs(shot.pairs, max(0, height - len(lines) - 1))
    return Text("\n").join(Text(_cut(text, width), style) for text, style in lines[:height])


Line = tuple[str, str]


def _head(behind: Behind, address: str, at_ms: int, trouble: str) -> Iterator[Line]:
    verdict = worst(behind.rows).value if behind.rows else "…"
    workers = {row.service: row.members for row in behind.rows}
    told = "  ".join(f"{name} {number}" for name, number in workers.items())
    yield f"recaug top  {verdict}  q quits  {clock(at_ms)}Z  workers: {told}  {address}", "bold"
    if trouble:
        yield _line("KAFKA", trouble), "red"


def _flow(shot: Shot) -> Iterator[Line]:
    now, points = shot.now, shot.points
    rates = "   ".join(
        f"{label} {now.get(name) or 0:,.0f}/s {_course(points.get(name, ()))}"
        for label, name in (("in", "events"), ("lists", "recommendations"))
    )
    yield _line("FLOW", rates), ""
    prompt = "-" if shot.prompt is None else f"{shot.prompt:.1%}"
    yield (
        _line("TIME", f"event to list p50 {_ms(now.get('p50'))}  p99 {_ms(now.get('p99'))}  "
              f"within 1 s {prompt}   rejected {shot.rejected:,}"), "",
    )  # fmt: skip


def _course(values: Sequence[float | None]) -> str:
    known = [value or 0.0 for value in values][-COURSE:]
    return spark(known, max(known, default=0.0))


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} ms"


def _lag(behind: Behind) -> Iterator[Line]:
    """The worst topic of every service, with the course of its lag."""
    for row in _worst_rows(behind.rows):
        lags = behind.courses.get((row.group, row.topic), ())[-COURSE:]
        age = span(row.time_lag_s) if row.lag else "-"
        course = spark(lags, max(lags, default=0))
        told = f"{row.verdict.value:<6} {row.words}"
        yield (
            _line("LAG", f"{row.service:<9} {row.lag:>9,} {age:>6}  {course:<{COURSE}}  {told}"),
            _style(row.verdict),
        )


def _worst_rows(rows: Sequence[Row]) -> list[Row]:
    found: dict[str, Row] = {}
    for row in rows:
        if row.service not in found or _badness(row) > _badness(found[row.service]):
            found[row.service] = row
    return list(found.values())


def _badness(row: Row) -> tuple[int, float, int]:
    return badness(row.verdict, row.time_lag_s, row.lag)


def _parts(behind: Behind) -> Iterator[Line]:
    """A cell for each partition of the worst topic of every service, in its order."""
    strips = [
        f"{row.service} {''.join(_cell(part) for part in row.parts[:CELLS])}"
        for row in _worst_rows(behind.rows)
    ]
    if strips:
        yield _line("PARTS", "  ".join(strips) + "   ░ read ▒ behind ▓ late ✕ stuck"), ""


def _cell(part: Part) -> str:
    if part.verdict.severity > 1:
        return "✕" if part.position.lag else "░"
    if part.verdict is Verdict.WARN:
        return "▓"
    return "▒" if part.is_behind else "░"


def _stages(behind: Behind) -> Iterator[Line]:
    """Where the busy time of every service goes."""
    for name in dict.fromkeys(pulse.service for pulse in behind.pulses):
        told = work(name, behind.pulses)
        if told is None:
            continue
        parts = " | ".join(f"{s} {told.stages[s]:.0%}" for s in STAGES if told.stages.get(s))
        training = "  fine-tuning" if told.training and name == "learn" else ""
        batch = f"batch {told.batch_s * 1000:,.1f} ms" if told.batches else "no batch"
        yield (
            _line("STAGE", f"{name:<9} busy {told.busy:>4.0%}  {batch}  host {told.load:.0%}  "
                  f"{parts}{training}"), "",
        )  # fmt: skip


def _model(shot: Shot) -> Iterator[Line]:
    version = (shot.serving or {}).get("version")
    if version is None:
        yield _line("MODEL", "none yet: recent popularity serves"), ""
    else:
        since = _since(shot, version)
        yield _line("MODEL", f"{version}{since}{_measured(shot)}"), ""
    if shot.tried is not None and shot.tried.get("version") != version:
        word = "promoted" if shot.tried.get("promoted") else "refused"
        yield (
            _line("", f"newest {shot.tried.get('version')} {word}: {shot.tried.get('reason')}"),
            "",
        )


def _since(shot: Shot, version: str) -> str:
    if shot.promoted is None or shot.promoted[1].get("version") != version:
        return ""
    return f" since {clock(shot.promoted[0])}Z"


def _measured(shot: Shot) -> str:
    """How often what was clicked next had been in the list, beside a list of the popular."""
    cell = shot.live
    if cell.targets < LEAST:
        return ""
    name = f"hr@{AT}"
    served, popular = (sums.over(cell.targets)[name] for sums in (cell.served, cell.popularity))
    return f"   HR@{AT} {served:.3f}, popular {popular:.3f} ({cell.targets:,} clicks)"


def _hints(behind: Behind, width: int) -> Iterator[Line]:
    """The only lines that are wrapped: what to do is not cut off."""
    for hint in behind.hints[:HINTS]:
        style = "" if hint.cause is Cause.FINE else "yellow"
        told = wrap(_told(hint), max(20, width - LABEL))
        for label, text in zip_longest(["HINT"], told, fillvalue=""):
            yield _line(label, text), style


def _told(hint: Hint) -> str:
    about = "" if hint.cause is Cause.FINE else f"{hint.service}: "
    return f"{about}{hint.answer}: {hint.words}"


def _pairs(pairs: Sequence[Pair], number: int) -> list[Line]:
    return [(_pair(pair), "") for pair in pairs[:number]]


def _pair(pair: Pair) -> str:
    items = ", ".join(_item(item) for item in pair.items[:2]) or "an empty list"
    took = "" if pair.ms is None else f"{pair.ms:,.0f} ms "
    fallback = f"(fallback {pair.fallback}) " if pair.fallback else ""
    what = f"{pair.event} {pair.about}".strip()
    return f"{clock(pair.at_ms)} {took:>9}{pair.user} {what} → {fallback}{items}"


def _item(item: dict[str, object]) -> str:
    score, reasons = item.get("score"), item.get("reasons")
    shown = f"{item.get('item_id')}" + (f" {score:.2f}" if isinstance(score, float) else "")
    code = reasons[0].get("code") if isinstance(reasons, list) and reasons else None
    return f"{shown} {code}" if code else shown


def _line(label: str, text: str) -> str:
    return f"{label:<{LABEL}}{text}"


def _style(verdict: Verdict) -> str:
    return "" if verdict is Verdict.OK else STYLES[verdict.severity]


def _cut(text: str, width: int) -> str:
    """No longer than the screen, and of one line whatever an id holds."""
    plain = "".join(letter if letter.isprintable() else "·" for letter in text)
    return plain if cell_len(plain) <= width else set_cell_size(plain, width - 1) + "…"
