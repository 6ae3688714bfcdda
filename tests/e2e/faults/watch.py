"""When the pipeline is well again: the broker's word, not the services'."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kafka.errors import KafkaError

from recaug.errors import Unreachable
from recaug.kafka import admin, end_offsets, lag, partitions_of
from recaug.settings import SERVICES, Settings
from tests.e2e.house import House

#: Longer than this without being well again is a stall, seconds. Recovery itself takes a session
#: timeout (10 s) and the start of a process.
PATIENCE_S = 150.0

#: Records a service that commits once a second may be behind while it keeps up.
KEEPS_UP = 1_000


Place = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """By service, topic and partition: the end of the log, and how much is not acknowledged."""

    ends: dict[Place, int]
    lags: dict[Place, int]

    def left(self, ends: dict[Place, int]) -> dict[Place, int]:
        """Where not everything before these ends is acknowledged, and how much is not."""
        behind = {at: end - self.ends[at] + self.lags[at] for at, end in ends.items()}
        return {at: count for at, count in behind.items() if count > 0}

    def goes_on(self, ends: dict[Place, int]) -> bool:
        """Whether every service has got beyond these ends, and is not far behind."""
        beyond = Counter[str]()
        for at, end in ends.items():
            beyond[at[0]] += self.ends[at] - self.lags[at] - end
        return all(count > 0 for count in beyond.values()) and sum(self.lags.values()) <= KEEPS_UP


def _reads(settings: Settings) -> dict[str, list[str]]:
    topics = settings.topics
    return {
        "clean": [topic.name for topic in topics.inputs],
        "learn": [topics.events.name],
        "recommend": [topics.events.name, topics.clean_users.name],
    }


def standing(settings: Settings) -> Standing:
    """Where every service is. Raises Unreachable and KafkaError while the broker is away."""
    found = Standing({}, {})
    with admin(settings.kafka) as client:
        for service, names in _reads(settings).items():
            # In this order: what is added in between must not look acknowledged.
            ends = end_offsets(settings.kafka, names)
            lags = lag(client, settings.group(service), names)
            found.lags.update({(service, *at): count for at, count in lags.items()})
            found.ends.update({(service, *at): ends[at] for at in lags})
    return found


def well(house: House, began_s: float | None = None) -> float:
    """Wait until all that is in the log now has been worked off and every service goes on.

    Returns the seconds since `began_s`, default now.
    """
    began_s = time.monotonic() if began_s is None else began_s
    deadline = time.monotonic() + PATIENCE_S
    settings, waiting = house.settings, dict[Place, int]()
    while True:
        try:
            now = standing(settings)
            waiting = waiting or now.ends
            if waiting and not now.left(waiting) and now.goes_on(waiting):
                return time.monotonic() - began_s
        except (Unreachable, KafkaError) as away:
            last = str(away)
        else:
            last = f"behind: {now.left(waiting)}"
        assert time.monotonic() < deadline, f"stalled, {last}\n{house._explain()}"
        time.sleep(0.4)


def nothing_lost(house: House) -> Mapping[str, Any]:
    """Stop it, read every topic: nothing missing, no effect twice, nothing left to do."""
    code = house.stop()
    report = house.report()
    assert code == 0, f"{report['failures']}\n{house._explain()}"
    assert report["missing"] == report["doubled"] == 0
    assert report["lag"] == dict.fromkeys(SERVICES, 0)
    return report


def acknowledged(settings: Settings) -> dict[Place, int]:
    """The offset each service has committed, by partition."""
    found = {}
    with admin(settings.kafka) as client:
        for service, names in _reads(settings).items():
            group = settings.group(service)
            told = client.list_group_offsets({group: partitions_of(client, names)})[group]
            found.update({(service, *at): position.offset for at, position in told.items()})
    return found
