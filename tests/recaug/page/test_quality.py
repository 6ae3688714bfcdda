from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from recaug.page.quality import LEAST, SLOT_MS, SLOTS, WINDOW, Quality, rates
from recaug.prequential import exposition
from recaug.prequential.record import Cell, Record, Sample, Sums
from recaug.prequential.totals import VERSIONS, Totals


def hits(number: int) -> Sums:
    return Sums(hits=number, ndcg=number / 2, mrr=number / 4)


def cell(targets: int, served: int, popularity: int, sample: Sample | None = None) -> Cell:
    return Cell(source="clicks", bucket="new", targets=targets, served=hits(served),
                popularity=hits(popularity), sample=sample or Sample())  # fmt: skip


def record(*cells: Cell, version: str | None = "v1") -> Record:
    return Record(model="main", version=version, frozen_version="v0", from_ms=0, to_ms=1,
                  cells=cells)  # fmt: skip


def test_points_are_means_over_a_minute_and_few_targets_a_gap() -> None:
    quality = Quality()
    for slot, served in enumerate([10, 20, 30, 40, 50, 60, 70]):
        quality.fold(record(cell(100, served, 10)), slot * SLOT_MS)
    section = quality.section() or {}
    assert [point["served"] for point in section["points"]] == [
        0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.45
    ]  # fmt: skip
    assert {point["popularity"] for point in section["points"]} == {0.1}
    assert section["points"][0]["at_ms"] == SLOT_MS
    assert section["frozen"] == "v0"
    assert quality.section() is None
    quality.fold(record(cell(LEAST - 1, 1, 1)), (7 + WINDOW) * SLOT_MS)
    assert (quality.section() or {})["points"][-1]["served"] is None


def test_the_frozen_line_is_as_far_off_as_on_the_targets_both_had() -> None:
    sample = Sample(targets=50, served=hits(20), popularity=hits(5), frozen=hits(10))
    assert rates(cell(100, 60, 10, sample)) == {
        "served": 0.6, "popularity": 0.1, "frozen": 0.6 - 10 / 50
    }  # fmt: skip
    few = Sample(targets=LEAST - 1, served=hits(5), frozen=hits(5))
    assert rates(cell(100, 60, 10, few))["frozen"] is None


@given(st.lists(st.integers(0, 10**6), max_size=400))
def test_slots_are_bounded_and_lose_no_target(at_slots: list[int]) -> None:
    quality = Quality()
    for slot in at_slots:
        quality.fold(record(cell(1, 1, 0)), slot * SLOT_MS)
        assert len(quality._slots) <= SLOTS
    assert sum(found.targets for found in quality._slots.values()) == len(at_slots)


def test_versions_in_the_order_they_were_heard_of_the_newest_first() -> None:
    quality = Quality()
    for version in ("v1", None, "v2", "v1"):
        quality.fold(record(cell(40, 10, 4), version=version), 0)
    first, second, third = (quality.section() or {})["versions"]
    assert [row["version"] for row in (first, second, third)] == ["v1", "v2", None]
    assert (first["targets"], first["served"], first["ndcg"], first["mrr"]) == (
        80, 0.25, 0.125, 0.0625
    )  # fmt: skip


def test_only_the_newest_versions_are_kept() -> None:
    totals = Totals()
    for number in range(VERSIONS + 2):
        totals.add(record(cell(1, 1, 1), version=f"v{number}"))
    assert totals.versions == [f"v{number}" for number in range(2, VERSIONS + 2)]


def test_metrics_are_what_prometheus_reads() -> None:
    quality = Quality()
    sample = Sample(targets=3, served=hits(2), popularity=hits(0), frozen=hits(1))
    quality.fold(record(cell(9, 4, 2, sample), version='a"b\\c\nd'), 0)
    assert quality.metrics == exposition.text(Totals())  # it is written when the page is
    quality.section()
    lines = quality.metrics.splitlines()
    shape = re.compile(r'[a-z_]+\{([a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+\} [0-9.]+')
    values = [line for line in lines if not line.startswith("#")]
    assert all(shape.fullmatch(line) for line in values)
    where = '{version="a\\"b\\\\c\\nd",source="clicks",bucket="new"'
    assert f"recaug_prequential_targets_total{where}}} 9" in values
    assert f'recaug_prequential_hits_total{where},ranker="served"}} 4' in values
    assert f'recaug_prequential_hits_total{where},ranker="popularity"}} 2' in values
    assert f"recaug_prequential_sample_targets_total{where}}} 3" in values
    assert f'recaug_prequential_sample_ndcg_total{where},ranker="frozen"}} 0.5' in values
    assert len(values) == 2 + 2 * 3 + 3 * 3
    helped = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert {line.partition("{")[0] for line in values} == set(helped)
