from __future__ import annotations

import json
import time
from typing import Any

import pytest

from recaug.kafka import ensure_topics, producer
from recaug.local.news import EVERY_S, News, attempt
from recaug.settings import Settings

TOLD: dict[str, Any] = {
    "version": "v2",
    "promoted": True,
    "reason": "beats the champion",
    "events": 12_000,
    "train_seconds": 7.25,
    "device": "cpu",
}


def test_an_attempt_is_one_line() -> None:
    assert attempt(TOLD) == "model v2 promoted: beats the champion (12,000 events, 7.2 s on cpu)"
    assert attempt({**TOLD, "promoted": False}).startswith("model v2 not promoted: ")


def test_only_what_happens_from_now_on_is_news(settings: Settings) -> None:
    ensure_topics(settings)
    client = producer(settings.kafka)
    value = json.dumps(TOLD).encode()
    name = settings.topics.models.name
    client.send(name, value, key=b"main/v1").get(20)
    said: list[str] = []
    news = News(settings, said.append)
    client.send(name, value, key=b"main/v2").get(20)
    client.send(name, value, key=b"main").get(20)  # the same promotion under the alias
    client.close()
    now_s, patience_s = 0.0, time.monotonic() + 20.0
    while not said and time.monotonic() < patience_s:
        news.poll(now_s)
        now_s += EVERY_S
        time.sleep(0.02)
    news.poll(now_s)
    news.close()
    assert said == [attempt(TOLD)]


@pytest.mark.parametrize("polls", [1, 5])
def test_the_broker_is_not_asked_more_than_once_a_second(settings: Settings, polls: int) -> None:
    ensure_topics(settings)
    news = News(settings, lambda _: None)
    news.poll(10.0)
    for _ in range(polls):
        news.poll(10.0 + EVERY_S / 2)
    assert news._next_s == 10.0 + EVERY_S
    news.close()
