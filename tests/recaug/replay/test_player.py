"""Happenings are sent when due, stamped with an id of the run and a time of now."""

import io
import os
import signal
from collections.abc import Iterator

import orjson
import pytest

from recaug.kafka import ensure_topics, read
from recaug.producer import Producer
from recaug.publish import Meter, Stop
from recaug.replay import Happening, Speed
from recaug.replay.player import Clock, Stamp, play, when_due
from recaug.settings import Settings

NOW_MS = 1_764_000_000_000
THEN_MS = 881_250_949_000


class Hands:
    """A clock that moves on by a second whenever it is looked at."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def steady(self) -> float:
        self.now_s += 1.0
        return self.now_s

    def wall_ms(self) -> int:
        return NOW_MS + int(self.now_s * 1_000) - 1_000


class NoWait(Stop):
    """Notes how long it was asked to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return False


def click(number: int = 3, at: int = THEN_MS, original: object = "881250949") -> Happening:
    event = {"event": "click", "user_id": "u1", "item_id": "i1"}
    return Happening(at, number, event, original)  # type: ignore[arg-type]


def happenings(*seconds: float) -> Iterator[Happening]:
    return (click(n, THEN_MS + int(1_000 * s)) for n, s in enumerate(seconds, 1))


def due(speed: Speed, stop: Stop, seconds: float | None = None, count: int = 3) -> list[int]:
    hands = Hands()
    clock = Clock(hands.steady, hands.wall_ms)
    each = when_due(happenings(*(60.0 * n for n in range(count))), speed, clock, stop, seconds)
    return [at_ms - NOW_MS for _, at_ms in each]


def test_at_a_multiple_of_real_time_spacing_shrinks_by_it() -> None:
    assert due(Speed(factor=10), NoWait()) == [0, 6_000, 12_000]


def test_at_a_rate_spacing_is_even() -> None:
    assert due(Speed(rate=0.25), NoWait()) == [0, 4_000, 8_000]


def test_at_full_speed_nothing_waits_and_times_are_the_clocks() -> None:
    stop = NoWait()
    times = due(Speed(), stop)
    assert stop.waits == []
    assert times == sorted(times)


def test_waits_are_no_longer_than_to_the_next_event_or_the_end() -> None:
    stop = NoWait()
    due(Speed(factor=1), stop, seconds=30)
    assert max(stop.waits) <= 30
    assert due(Speed(factor=1), NoWait(), seconds=30) == [0]


def test_asked_to_stop_it_sends_no_more() -> None:
    with Stop() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert due(Speed(), stop) == []


def test_the_original_time_is_kept_in_properties() -> None:
    assert Stamp("ml", "r").event(click(), NOW_MS) == {
        "event": "click",
        "event_id": "ml-3-r",
        "user_id": "u1",
        "item_id": "i1",
        "timestamp": NOW_MS,
        "properties": {"original_timestamp": "881250949"},
    }


def test_times_may_stay_as_they_are() -> None:
    event = Stamp("ml", keep_time=True).event(click(), NOW_MS)
    assert event["timestamp"] == "881250949"
    assert event["event_id"] == "ml-3"
    assert "properties" not in event


def test_without_a_time_there_is_none_to_keep() -> None:
    assert "properties" not in Stamp("ml").event(click(original=None), NOW_MS)


def test_an_event_with_an_id_of_its_own_keeps_it_within_the_limit() -> None:
    segment = {"event": "Product Viewed", "messageId": "m" * 128, "timestamp": "2001-05-16"}
    one = Happening(THEN_MS, 1, segment, "2001-05-16")
    assert Stamp("x").event(one, NOW_MS)["event_id"] == "m" * 128
    again = Stamp("x", "run2").event(one, NOW_MS)["event_id"]
    assert again.endswith("-run2")
    assert len(again) == 128


def test_a_purchase_without_an_order_is_its_own() -> None:
    event = {"event": "purchase", "user_id": "u", "items": [], "transaction_id": ""}
    assert Stamp("x").event(Happening(0, 4, event), NOW_MS)["transaction_id"] == "x-4"


def test_everything_due_is_stored_in_order(settings: Settings) -> None:
    ensure_topics(settings)
    hands = Hands()
    clock = Clock(hands.steady, hands.wall_ms)
    with (
        NoWait() as stop,
        Producer(settings.kafka, settings.prefix) as producer,
        Meter("replay", 200, io.StringIO()) as meter,
    ):
        coming = when_due(happenings(*range(200)), Speed(), clock, stop)
        assert play(coming, Stamp("x", "r"), producer, meter, clock) == 200
    stored = [
        orjson.loads(r.value or b"")
        for r in read(settings.kafka, [settings.topics.clickstream.name])
    ]
    assert [event["event_id"] for event in stored] == [f"x-{n}-r" for n in range(1, 201)]


@pytest.mark.parametrize("number", [1, 10**9])
def test_ids_are_short(number: int) -> None:
    assert len(Stamp("n" * 60, "19af0c2b1d0").event(click(number), NOW_MS)["event_id"]) <= 128
