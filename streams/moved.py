"""Where to read from when somebody else has moved a service's group: by what it has written.

clean goes by its group's committed offsets, and recommend by them for what it has answered. Our own
commits carry a mark; offsets without it were set, or deleted, by an operator's hand. Then the
coordinates in the newest records of a service's outputs tell how far it had come, and nothing is
skipped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from faust.types import TP
from kafka import TopicPartition

from recaug.audit.bulk import read_range
from recaug.kafka import Record, admin, end_offsets, start_offsets
from recaug.settings import Settings
from recaug.topics import Topic
from streams.fetching import MARK
from streams.logs import logger

log = logger(__name__)

#: Newest records of each output partition that are looked at. An input that none of them names has
#: been idle for long: it is read from its beginning.
TAIL = 2_000


class Moved:
    """An owner of positions: names those partitions whose group was moved by others."""

    def __init__(self, settings: Settings, service: str, outputs: Sequence[Topic]) -> None:
        self._broker, self._group = settings.broker, settings.group(service)
        self._outputs = [topic.name for topic in outputs]
        self._looked = False

    async def positions(self, committed: Mapping[TP, int | None]) -> Mapping[TP, int]:
        """Nothing when all is as it was left. Looked at once a start: a group with a living member
        cannot be moved."""
        if self._looked:
            return {}
        self._looked = True
        return await asyncio.to_thread(self._corrected, committed)

    def _corrected(self, committed: Mapping[TP, int | None]) -> Mapping[TP, int]:
        foreign = self._foreign(committed)
        handled = self._handled() if foreign else {}
        return {tp: at for tp in foreign if (at := _start(tp, committed[tp], handled)) is not None}

    def _foreign(self, committed: Mapping[TP, int | None]) -> list[TP]:
        """Partitions whose committed offset is not one of ours, or gone."""
        asked = [TopicPartition(*tp) for tp in committed]
        with admin(self._broker) as client:
            told = client.list_group_offsets({self._group: asked}).get(self._group, {})
        ours = {TP(*tp) for tp, at in told.items() if at.metadata == MARK}
        return [tp for tp in committed if tp not in ours]

    def _handled(self) -> dict[TP, int]:
        """By input partition: behind the newest record that an output names."""
        names = self._outputs
        starts = start_offsets(self._broker, names)
        ends = end_offsets(self._broker, names)
        begin = {at: max(starts[at], end - TAIL) for at, end in ends.items()}
        return _newest(read_range(self._broker, begin, ends))


def _newest(records: Iterable[Record]) -> dict[TP, int]:
    newest: dict[TP, int] = {}
    for record in records:
        tp, offset = _source(record)
        newest[tp] = max(newest.get(tp, 0), offset + 1)
    return newest


def _source(record: Record) -> tuple[TP, int]:
    """What an event, a document, a dead letter or a recommendation was made from."""
    source = record.header("src")
    if source is not None:
        topic, partition, offset = source.decode().rsplit(":", 2)
    elif (letter := record.header("__streams.errors.topic")) is not None:
        topic, partition, offset = (
            letter.decode(),
            *(
                (record.header(f"__streams.errors.{name}") or b"").decode()
                for name in ("partition", "offset")
            ),
        )
    else:
        event = orjson.loads(record.value or b"{}")["source_event"]
        topic, partition, offset = event["topic"], event["partition"], event["offset"]
    return TP(topic, int(partition)), int(offset)


def _start(tp: TP, committed: int | None, handled: Mapping[TP, int]) -> int | None:
    """Where to read from; None: where the group says."""
    done = handled.get(tp, 0)
    if committed is None:
        if done:
            log.error("%s: the group's position was deleted; it is read again", tp, **_place(tp))
        return None
    if committed <= done:
        log.warning("%s: the group was moved back to %d", tp, committed, **_place(tp))
        return None
    skipped = committed - done
    log.error(
        "%s: the group was moved past %d records; reading from %d", tp, skipped, done,
        records=skipped, offset=done, **_place(tp),
    )  # fmt: skip
    return done


def _place(tp: TP) -> dict[str, Any]:
    return {"topic": tp.topic, "partition": tp.partition}
