"""Prometheus' text format: counters of the lists served, by version, source and bucket.

    rate(recaug_prequential_hits_total{ranker="served"}[10m])
      / ignoring(ranker) rate(recaug_prequential_targets_total[10m])

is HR@10. The `sample_` counters are of those targets that the frozen model ranked too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from recaug.prequential.record import Cell, Sums
from recaug.prequential.totals import Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_NAMES = {
    "targets": "New items that users acted on after they were served a list.",
    "hits": "Targets among the first ten of the list before.",
    "ndcg": "Sum of NDCG@10 over the targets.",
    "mrr": "Sum of MRR@10 over the targets.",
}


class _Sample(NamedTuple):
    name: str
    labels: dict[str, str]
    value: float


def text(totals: Totals) -> str:
    """All counters; a worker that starts anew counts from nothing, as counters may."""
    samples = [
        sample
        for version in totals.versions
        for cell in totals.cells(version)
        for sample in _cell(version, cell)
    ]
    lines = []
    for prefix, words in (("", ""), ("sample_", " Of the frozen model's sample.")):
        for name, about in _NAMES.items():
            full = f"recaug_prequential_{prefix}{name}_total"
            lines += [f"# HELP {full} {about}{words}", f"# TYPE {full} counter"]
            lines += [_line(full, sample) for sample in samples if sample.name == prefix + name]
    return "\n".join(lines) + "\n"


def _cell(version: str | None, cell: Cell) -> Iterator[_Sample]:
    labels = {"version": version or "none", "source": cell.source, "bucket": cell.bucket}
    sample = cell.sample
    yield _Sample("targets", labels, cell.targets)
    yield _Sample("sample_targets", labels, sample.targets)
    for ranker, sums in (("served", cell.served), ("popularity", cell.popularity)):
        yield from _sums("", {**labels, "ranker": ranker}, sums)
    for ranker in ("served", "popularity", "frozen"):
        yield from _sums("sample_", {**labels, "ranker": ranker}, getattr(sample, ranker))


def _sums(prefix: str, labels: dict[str, str], sums: Sums) -> Iterator[_Sample]:
    for name in ("hits", "ndcg", "mrr"):
        yield _Sample(prefix + name, labels, getattr(sums, name))


def _line(name: str, sample: _Sample) -> str:
    pairs = ",".join(f'{label}="{_escaped(value)}"' for label, value in sample.labels.items())
    return f"{name}{{{pairs}}} {sample.value}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
