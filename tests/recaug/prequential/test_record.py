from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recaug.prequential.judge import Bucket, Source
from recaug.prequential.record import BUCKETS, SOURCES, Cell, Record, Sample, Sums, add

#: Halves and quarters: their sums are exact in any order.
quarters = st.integers(0, 4_000).map(lambda n: n / 4)
counts = st.integers(0, 1_000)
sums = st.builds(Sums, hits=counts, ndcg=quarters, mrr=quarters)
samples = st.builds(Sample, targets=counts, served=sums, popularity=sums, frozen=sums)
cells = st.builds(
    Cell, source=st.sampled_from(SOURCES), bucket=st.sampled_from(BUCKETS), targets=counts,
    served=sums, popularity=sums, gain_squares=quarters, sample=samples,
)  # fmt: skip
times = st.integers(0, 2**41)
versions = st.none() | st.text(max_size=20)
records = st.builds(
    Record, model=st.just("main"), version=versions, frozen_version=versions, from_ms=times,
    to_ms=times, cells=st.lists(cells, max_size=9).map(tuple),
)  # fmt: skip


def test_the_names_are_those_of_the_judge() -> None:
    assert (get_args(Source), get_args(Bucket)) == (SOURCES, BUCKETS)


@given(records)
def test_what_is_written_is_read_back(record: Record) -> None:
    assert Record.parse(record.to_bytes()) == record


@given(st.lists(cells, max_size=6), st.integers(0, 6))
def test_parts_add_up_to_the_whole(some: list[Cell], at: int) -> None:
    parts = [add(part) for part in (some[:at], some[at:]) if part]
    assert add(parts) == add(some)
    assert add(some).targets == sum(cell.targets for cell in some)
    assert add(some).gain == sum(cell.gain for cell in some)


def test_a_sum_is_of_all_sources_unless_there_was_one() -> None:
    click = Cell(source="clicks", bucket="new")
    assert add([click, Cell(source="clicks", bucket="long")]) == Cell(source="clicks", bucket="all")
    assert add([click, Cell(source="social", bucket="new")]) == Cell(source="all", bucket="new")
    assert add([]) == Cell()


def test_means_are_over_targets() -> None:
    found = Sums(hits=2, ndcg=1.5, mrr=1.0)
    assert found.over(4) == {"hr@10": 0.5, "ndcg@10": 0.375, "mrr@10": 0.25}
    assert found.over(0) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"schema_version": 2}, {"cells": [{"targets": -1}]}, {"cells": [{"source": "other"}]},
        {"cells": [{"gain_squares": 1e300}]}, {"cells": [{}] * 10}, {"model": "x" * 129},
        {"from_ms": None},
    ],
)  # fmt: skip
def test_what_is_no_record_is_refused(wrong: dict[str, Any]) -> None:
    import orjson

    good: dict[str, Any] = {"model": "main", "version": None, "from_ms": 1, "to_ms": 2, "cells": []}
    Record.parse(orjson.dumps(good))
    with pytest.raises(ValidationError):
        Record.parse(orjson.dumps({**good, **wrong}))
