"""How good each model was while it served, as `recaug model` says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from recaug.prequential.record import Cell
    from recaug.prequential.totals import Totals
    from recaug.settings import Settings

#: Versions of a week, more than there are.
VERSIONS = 10_000

TITLES = ("LIVE-TARGETS", "LIVE-HR@10", "LIVE-NDCG@10", "LIVE-MRR@10")


def read_totals(settings: Settings) -> Totals:
    """What the topic holds of this model, a week at most. Raises Unreachable."""
    from pydantic import ValidationError

    from recaug.kafka import read
    from recaug.prequential.record import Record
    from recaug.prequential.totals import Totals

    totals = Totals(VERSIONS)
    for record in read(settings.broker, [settings.topics.metrics.name]):
        try:
            told = Record.parse(record.value or b"")
        except ValidationError:
            typer.echo(f"{record.topic} {record.partition}:{record.offset} is unreadable", err=True)
            continue
        if told.model == settings.model:
            totals.add(told)
    return totals


def cells(cell: Cell) -> list[str]:
    """The columns of `TITLES`."""
    means = cell.served.over(cell.targets)
    shown = [f"{value:.4f}" for value in means.values()] or ["-"] * 3
    return [f"{cell.targets:,}", *shown]


def summary(cell: Cell) -> dict[str, Any] | None:
    """As JSON; null where there was no target. `sample`: targets the frozen model ranked too."""
    if not cell.targets:
        return None
    found: dict[str, Any] = {
        "targets": cell.targets,
        "served": cell.served.over(cell.targets),
        "popularity": cell.popularity.over(cell.targets),
    }
    if sample := cell.sample.targets:
        rankers = ("served", "popularity", "frozen")
        means = {name: getattr(cell.sample, name).over(sample) for name in rankers}
        found["sample"] = {"targets": sample, **means}
    return found


def detailed(totals: Totals, version: str) -> dict[str, Any] | None:
    """A version's `summary`, and that of each source and length of history."""
    whole = summary(totals.of(version))
    if whole is None:
        return None
    parts = totals.cells(version)
    return {
        **whole,
        "parts": [{"source": c.source, "bucket": c.bucket, **(summary(c) or {})} for c in parts],
    }
