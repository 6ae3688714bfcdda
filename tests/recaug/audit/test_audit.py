"""The report against a log written by hand: every figure is known before it is measured."""

from __future__ import annotations

import json
import uuid

import pytest

from recaug.audit import Begin, audit, begin, bulk, failures
from recaug.events import recommendation_id
from recaug.settings import Settings
from tests.recaug.audit.hand import Hand


def test_a_run_in_which_nothing_is_lost(settings: Settings, hand: Hand) -> None:
    old = hand.publish("before")
    since = begin(settings)
    hand.accept("before", old)  # of an earlier run: neither due nor counted
    hand.answer("before")
    for n in range(4):
        hand.accept(f"e{n}", hand.publish(f"e{n}"))
    hand.accept("seen", hand.publish("seen", "impression"), "impression")  # kind is not answered
    bad = b"\xff"
    hand.reject(hand.raw(bad), "not_json", bad)
    hand.publish("e2")  # resent; clean drops it
    hand.answer("e0", None, "popular")
    hand.model("v1", promoted=True)
    hand.answer("e1", "v1")
    hand.answer("e2", "v1", "no_history")
    hand.answer("e3", "v1")
    hand.answer("e3", "v1")  # a doubled answer: same id

    report = audit(settings, since, 12.5)

    assert report.seconds == 12.5
    assert report.events.published == 7
    assert report.events.accepted == 5
    assert report.events.rejected == {"not_json": 1}
    assert report.events.duplicates == 1
    assert report.events.missing == 0
    assert report.recommendations.expected == 4
    assert report.recommendations.delivered == 5
    assert report.recommendations.distinct == 4
    assert report.recommendations.missing == 0
    assert report.recommendations.fallback == {"popular": 1, "no_history": 1}
    assert report.swaps == 1
    assert [(m.version, m.promoted, m.served) for m in report.models] == [("v1", True, True)]
    assert report.models[0].metrics == {"ndcg@10": 0.25}
    assert failures(report, must_learn=True) == []
    # Nobody has committed anything: all that was written is lag.
    assert report.lag == {"clean": 8, "learn": 6, "recommend": 6}


def test_lost_records_are_found(settings: Settings, hand: Hand) -> None:
    since = begin(settings)
    hand.accept("kept", hand.publish("kept"))
    hand.accept("unanswered", hand.publish("unanswered"))
    hand.publish("vanished")  # neither accepted nor rejected
    hand.raw(b"not an event")  # should be a dead letter and is not
    hand.answer("kept")

    report = audit(settings, since, 1.0)

    assert report.events.missing == 2
    assert report.events.duplicates == 0
    assert (report.recommendations.expected, report.recommendations.missing) == (2, 1)
    assert [f.split()[0] for f in failures(report, must_learn=False)] == ["2", "1"]
    assert len(failures(report, must_learn=True)) == 3


def test_a_stage_that_writes_twice_is_counted_once(settings: Settings, hand: Hand) -> None:
    since = begin(settings)
    source = hand.publish("e")
    hand.accept("e", source)
    hand.accept("e", source)  # clean was killed before it acknowledged
    bad = hand.raw(b"x")
    hand.reject(bad, "not_json", b"x")
    hand.reject(bad, "not_json", b"x")
    hand.answer("e", None)

    report = audit(settings, since, 1.0)

    assert (report.events.accepted, report.events.duplicates) == (1, 0)
    assert report.events.rejected == {"not_json": 1}
    assert failures(report, must_learn=False) == []


def test_an_event_accepted_under_two_coordinates_is_a_duplicate(
    settings: Settings, hand: Hand
) -> None:
    since = begin(settings)
    hand.accept("e", hand.publish("e"))
    hand.accept("e", hand.publish("e"))
    hand.answer("e", None)

    report = audit(settings, since, 1.0)

    assert report.events.published == 2
    assert (report.events.accepted, report.events.duplicates) == (1, 1)
    assert report.recommendations.expected == 1


def test_resends_of_an_earlier_run_are_duplicates(settings: Settings, hand: Hand) -> None:
    for name in ("dropped", "forgotten"):
        hand.accept(name, hand.publish(name))
        hand.answer(name, None)
    since = begin(settings)
    hand.publish("dropped")  # clean still knew it
    hand.accept("forgotten", hand.publish("forgotten"))  # clean did not, recommend did

    report = audit(settings, since, 1.0)

    assert (report.events.accepted, report.events.duplicates) == (0, 2)
    assert report.events.missing == report.recommendations.missing == 0
    assert report.latency_ms == {"p50": None, "p90": None, "p99": None}


def test_latency_is_what_the_broker_saw(settings: Settings, hand: Hand) -> None:
    since = begin(settings)
    source = hand.publish("e")
    hand.accept("e", source)
    hand.answer("e", None)

    latency = audit(settings, since, 1.0).latency_ms

    assert latency["p50"] is not None and latency["p50"] >= 0
    assert latency["p50"] == latency["p90"] == latency["p99"]


def test_input_after_the_given_end_is_not_judged(settings: Settings, hand: Hand) -> None:
    since = begin(settings)
    hand.accept("e", hand.publish("e"))
    hand.answer("e", None)
    end = begin(settings).offsets
    hand.publish("too young")

    report = audit(settings, since, 1.0, end)

    assert report.events.published == 1
    assert failures(report, must_learn=False) == []


def test_a_loser_is_reported_and_does_not_count_as_learning(settings: Settings, hand: Hand) -> None:
    since: Begin = begin(settings)
    hand.model("v1", promoted=False)
    report = audit(settings, since, 1.0)
    assert [(m.version, m.promoted, m.served) for m in report.models] == [("v1", False, False)]
    assert failures(report, must_learn=True) == ["no model was promoted (1 were trained)"]


def test_ids_are_those_of_the_contract() -> None:
    assert uuid.UUID(recommendation_id("e")).version == 5


@pytest.mark.parametrize("fast", [True, False])
def test_both_readers_read_the_same(
    settings: Settings, hand: Hand, monkeypatch: pytest.MonkeyPatch, fast: bool
) -> None:
    assert bulk.has_fast_client()
    monkeypatch.setattr(bulk, "has_fast_client", lambda: fast)
    name = settings.topics.clickstream.name
    for n in range(5):
        hand.publish(f"e{n}")
    ends = {at: end for at, end in begin(settings).offsets.items() if at[0] == name}
    full = next(at for at, end in ends.items() if end)
    records = list(bulk.read_range(settings.kafka, {full: 1}, {**ends, full: 4}))
    assert [(r.offset, json.loads(r.value or b"")["event_id"]) for r in records] == [
        (1, "e1"),
        (2, "e2"),
        (3, "e3"),
    ]
    assert list(bulk.read_range(settings.kafka, ends, ends)) == []
