"""Delays from halves that are read in any order, and their histogram."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recaug.exporter.freshness import BUCKETS, Delays, Pairs
from recaug.exposition import Family, text
from tests.recaug.exporter.strict import parse


def test_a_delay_is_known_when_both_halves_are_in_either_order() -> None:
    pairs = Pairs()
    assert pairs.event("a", 1_000) is None
    assert pairs.list("a", 1_250) == 0.25
    assert pairs.list("b", 3_000) is None
    assert pairs.event("b", 2_500) == 0.5


def test_an_event_sent_twice_waits_since_the_first() -> None:
    pairs = Pairs()
    pairs.event("a", 1_000)
    pairs.event("a", 1_900)
    assert pairs.list("a", 2_000) == 1.0
    assert pairs.list("a", 2_000) is None


def test_the_oldest_halves_are_forgotten() -> None:
    pairs = Pairs(capacity=2)
    for number in range(3):
        pairs.event(str(number), number)
    assert pairs.list("0", 9) is None
    assert pairs.list("1", 9) == 0.008


@given(st.lists(st.floats(0, 200)))
def test_a_bucket_holds_all_that_took_at_most_so_long(delays: list[float]) -> None:
    histogram = Delays()
    for delay in delays:
        histogram.add(delay)
    page = parse(text(Family("h_seconds", "histogram", "h"), histogram.samples()))
    for end in BUCKETS:
        at_most = sum(delay <= end for delay in delays)
        assert page.at("h_seconds_bucket", le=str(end)) == at_most
