"""Counters of the lists served, for Prometheus, by version, source and bucket.

    rate(recaug_prequential_hits_total{ranker="served"}[10m])
      / ignoring(ranker) rate(recaug_prequential_targets_total[10m])

is HR@10. The `sample_` counters are of those targets that the frozen model ranked too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from recaug import exposition
from recaug.exposition import Family
from recaug.prequential.record import Cell, Sums
from recaug.prequential.totals import Totals

_NAMES = {
    "targets": "New items that users acted on after they were served a list.",
    "hits": "Targets among the first ten of the list before.",
    "ndcg": "Sum of NDCG@10 over the targets.",
    "mrr": "Sum of MRR@10 over the targets.",
}

#: By the name of what is summed.
FAMILIES = {
    prefix + name: Family(f"recaug_prequential_{prefix}{name}_total", "counter", about + words)
    for prefix, words in (("", ""), ("sample_", " Of the frozen model's sample."))
    for name, about in _NAMES.items()
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
    return "".join(
        exposition.text(
            family,
            (exposition.Sample(s.labels, s.value) for s in samples if s.name == name),
        )
        for name, family in FAMILIES.items()
    )


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
