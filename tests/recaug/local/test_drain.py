from __future__ import annotations

from recaug.kafka import ensure_topics, producer
from recaug.local.drain import MOST_S, PATIENCE_S, Drain, drain
from recaug.settings import Settings


def test_a_wait_ends_when_nothing_is_left() -> None:
    waiting = Drain(0.0)
    assert not waiting.over(10, 0.0)
    assert waiting.over(0, 1.0)


def test_a_wait_lasts_while_there_is_progress() -> None:
    waiting = Drain(0.0)
    now_s = 0.0
    for left in (30, 20, 10):
        assert not waiting.over(left, now_s)
        now_s += PATIENCE_S - 1
    assert not waiting.over(10, now_s)
    assert waiting.over(10, now_s + 1)  # PATIENCE_S after the last progress
    assert waiting.over(11, now_s + 1)


def test_no_wait_lasts_for_ever() -> None:
    waiting = Drain(0.0)
    assert waiting.over(1, 0.0) is False
    assert waiting.over(1, MOST_S)


def test_what_is_left_is_told_by_service(settings: Settings) -> None:
    ensure_topics(settings)
    client = producer(settings.kafka)
    for topic, count in ((settings.topics.clickstream, 3), (settings.topics.events, 2)):
        for _ in range(count):
            client.send(topic.name, b"{}", key=b"u")
    client.close()
    said: list[str] = []
    clock = iter([0.0, 0.0, PATIENCE_S])

    left = drain(settings, said.append, lambda: next(clock), lambda: None)

    assert left == {"clean": 3, "learn": 2, "recommend": 2}
    assert said == ["behind: clean 3, learn 2, recommend 2"] * 2
