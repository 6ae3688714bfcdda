"""The clicks that all benches send: `users` people, `items` things, some of them in fashion."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import orjson

from bench.topics import producer
from recaug.settings import Settings

#: Its multiples are spread evenly over the unit interval, in an order that looks like chance.
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who clicks on what: every user in turn, and half of the clicks on a quarter of the items.

    People so have things in common, and neighbours something to say.
    """

    users: int
    items: int

    def click(self, n: int, name: str, at_ms: int) -> tuple[bytes, bytes]:
        """Key and value of the n-th click of the run called `name`."""
        user = f"u{n * 7_919 % self.users}"
        event = {
            "event": "click",
            "event_id": f"{name}-{n}",
            "timestamp": at_ms,
            "user_id": user,
            "item_id": f"i{int(self.items * (n * GOLDEN % 1) ** 2)}",
        }
        return user.encode(), orjson.dumps(event)


def backlog(settings: Settings, crowd: Crowd, events: int, name: str = "e") -> None:
    """Publish clicks as fast as it goes; returns when all are stored."""
    client, topic = producer(settings, linger_ms=20), settings.topics.clickstream.name
    at_ms = int(time.time() * 1000)
    for n in range(events):
        key, value = crowd.click(n, name, at_ms)
        client.produce(topic, value, key)
        if n % 1_000 == 0:
            client.poll(0)
    client.flush()
