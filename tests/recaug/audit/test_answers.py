from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from recaug.audit.answers import Answers, percentiles
from recaug.kafka import Record


def answer(name: str, version: str | None, partition: int = 0, at_ms: int = 0) -> Record:
    value = {"recommendation_id": name, "model": {"version": version}, "fallback": None}
    return Record("recommendations", partition, 0, at_ms, None, json.dumps(value).encode(), ())


def swaps(*seen: tuple[int, str | None]) -> int:
    answers = Answers({str(n): 0 for n in range(len(seen))})
    for n, (partition, version) in enumerate(seen):
        answers.add(answer(str(n), version, partition))
    return answers.swaps


def test_a_swap_is_another_model_or_the_first() -> None:
    assert swaps() == 0
    assert swaps((0, None), (0, None)) == 0
    assert swaps((0, "a"), (0, "a")) == 0  # resumed with a model
    assert swaps((0, None), (0, "a"), (0, "b")) == 2
    assert swaps((0, "a"), (0, None), (0, "a")) == 0  # a worker restarted before it had loaded it
    assert swaps((0, "a"), (0, "b"), (0, "a")) == 2  # rolled back


def test_workers_that_change_over_one_after_the_other_are_one_swap() -> None:
    assert swaps((0, "a"), (1, "a"), (0, "b"), (1, "a"), (0, "b"), (1, "b")) == 1


def test_latency_is_from_the_source_to_the_first_answer() -> None:
    answers = Answers({"x": 100, "y": 100})
    answers.add(answer("x", None, at_ms=130))
    answers.add(answer("x", None, at_ms=999))
    answers.add(answer("nobody asked", None, at_ms=999))
    assert answers.latency_ms == [30]
    assert (answers.delivered, len(answers.seen), answers.missing) == (2, 1, ["y"])


def test_nothing_has_no_percentiles() -> None:
    assert percentiles([]) == {"p50": None, "p90": None, "p99": None}


def test_nearest_rank() -> None:
    assert percentiles(range(1, 101)) == {"p50": 50.0, "p90": 90.0, "p99": 99.0}
    assert percentiles([7]) == {"p50": 7.0, "p90": 7.0, "p99": 7.0}


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_at_least_the_share_is_at_most_the_percentile(values: list[int]) -> None:
    for share, value in zip((50, 90, 99), percentiles(values).values(), strict=True):
        assert value is not None
        below = sum(v <= value for v in values)
        strictly = sum(v < value for v in values)
        assert 100 * below >= share * len(values) > 100 * strictly
