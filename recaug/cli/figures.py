"""An evaluation as a person reads it: tables, a picture over time, and who won in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recaug.cli.columns import align, paint, span, spark
from recaug.evaluation.splits import SPLITS

Figures = Mapping[str, Any]

#: Figures shown of each model, and the one with an interval that decides.
SHOWN = ("hr@10", "ndcg@10", "hr@20", "mrr@20")
DECIDES = "ndcg@10"
KINDS = {"filtered": "what the user has had left out", "unfiltered": "nothing left out"}
#: Parts of fewer targets say little, and are not shown.
FEW = 30


def lines(found: Figures) -> Iterator[str]:
    """The whole report; `found` is what `recaug.evaluation.report` makes."""
    yield paint(f"{found['data']}, {SPLITS[found['split']]}, {found['seconds']:.0f} s", "dim")
    first, second = sorted(KINDS, reverse=not found["filtered"])
    yield from _table(found["models"], first, more=True)
    yield from _table(found["models"], second)
    yield from _known(found["models"])
    yield from _parts(found["models"])
    yield from _picture(found["periods"], list(found["models"]))
    if (verdict := _verdict(found["models"])) is not None:
        yield verdict


def _table(models: Figures, kind: str, more: bool = False) -> Iterator[str]:
    one = next(iter(models.values()))[kind]
    yield paint(f"{one['targets']:,} targets, {KINDS[kind]}", "dim")
    titles = ["MODEL", *(name.upper() for name in SHOWN), "95 % OF NDCG"]
    rows = [[n, *_row(m[kind]), *(_more(m) if more else ())] for n, m in models.items()]
    yield from _aligned([*titles, *(("COVERED", "NOVELTY", "TIME") if more else ())], rows)


def _known(models: Figures) -> Iterator[str]:
    """The same without targets nobody could know, where there are any."""
    one = next(iter(models.values()))
    count = one["seen_so_far"]["targets"]
    if count == one["targets"]:
        return
    yield paint(f"{count:,} of {one['targets']:,} targets: those whose item was known", "dim")
    rows = [[n, *(_short(m["seen_so_far"][name]) for name in SHOWN)] for n, m in models.items()]
    yield from _aligned(["MODEL", *(name.upper() for name in SHOWN)], rows)


def _row(figures: Figures) -> list[str]:
    low, high = figures[f"{DECIDES}_ci"]
    return [*(_short(figures[name]) for name in SHOWN), f"{_short(low)} – {_short(high)}"]


def _more(model: Figures) -> list[str]:
    return [f"{model['coverage@10']:.0%}", f"{model['novelty@10']:.1f}", span(model["seconds"])]


def _parts(models: Figures) -> Iterator[str]:
    """HR@10 by how much was known of the item, and of the user."""
    for part, of in (("items", "item"), ("history", "events before")):
        sizes = {n: f["targets"] for n, f in next(iter(models.values()))[part].items()}
        names = [name for name, size in sizes.items() if size >= FEW]
        if len(names) < 2:
            continue
        yield paint(f"HR@10 by {of}: " + ", ".join(f"{n} {sizes[n]:,}" for n in names), "dim")
        rows = [[m, *(_short(f[part][n]["hr@10"]) for n in names)] for m, f in models.items()]
        yield from _aligned(["MODEL", *(name.upper() for name in names)], rows)


def _picture(periods: Sequence[Figures], models: Sequence[str]) -> Iterator[str]:
    """NDCG@10 of each model from period to period, all to one scale."""
    if len(periods) < 2:
        return
    courses = {m: [period["models"][m][DECIDES] for period in periods] for m in models}
    top = max((value for course in courses.values() for value in course), default=0.0)
    first, last = periods[0]["period"], periods[-1]["period"]
    yield paint(f"NDCG@10 from {first} to {last}", "dim")
    rows = [
        [name, spark(course, top), _short(course[0]), "→", _short(course[-1])]
        for name, course in courses.items()
    ]
    yield from _aligned(["MODEL", "COURSE", "FIRST", "", "LAST"], rows)


def _verdict(models: Figures) -> str | None:
    """How ours does against the strongest other, in words."""
    found = models.get("ours", {}).get("against")
    if found is None:
        return None
    low, high = found[f"{DECIDES}_ci"]
    gain, rival = found[DECIDES], models[found["model"]][DECIDES]
    share = f" ({gain / rival:+.1%})" if rival else ""
    told = f"NDCG@10 {gain:+.4f}{share}, 95 % {low:+.4f} to {high:+.4f}, p {found['p']:.3f}"
    if low > 0:
        return paint(f"✓ ours beats {found['model']}: {told}", "good")
    if high < 0:
        return paint(f"✕ ours loses to {found['model']}: {told}", "bad")
    return paint(f"▲ ours and {found['model']} cannot be told apart: {told}", "warn")


def _aligned(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    title, *rest = align(titles, rows, right=titles[1:])
    if title:
        yield paint(title, "dim")
    yield from rest
    yield ""


def _short(value: float) -> str:
    return f"{value:.4f}"
