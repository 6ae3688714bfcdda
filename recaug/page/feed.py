"""Reads the topics for the page, in threads of their own: one follows records, one measures lag.

Partitions are assigned by hand and nothing is committed, so watching changes nothing. A page is a
view and no ledger: where it cannot follow a flood it jumps ahead, and counts what it jumped over.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from kafka import TopicPartition

from recaug.bounds import Bound, hit
from recaug.kafka import Record, consumer, to_record
from recaug.lag import SPACING_S, Sample, compare
from recaug.lag.causes import Hint
from recaug.lag.hint import hints
from recaug.lag.probe import LagProbe
from recaug.lag.pulses import Pulses
from recaug.page.board import Board, Message, Post
from recaug.page.live import Live
from recaug.page.meters import POINTS
from recaug.page.strip import strips
from recaug.persist import RETRY_S, persist
from recaug.settings import Settings
from recaug.topics import Topics

log = logging.getLogger(__name__)

PUBLISH_S = 0.25

#: Pause between two polls: each costs about the same, however many records it brings.
POLL_GAP_S = 0.025

LAG_S = 2.0

#: Further behind in a partition than this, the reader jumps to its last records.
FAR_BEHIND = 2_000

#: Records of the past that a fresh page shows, per partition.
TAIL = 40
#: And of what is drawn over hours: a record is ten seconds of a worker.
METRICS = 1_500


class Feed:
    """Everything the page knows; `start` and `stop` it with the web server."""

    def __init__(self, settings: Settings) -> None:
        self.board, self.post = Board(), Post()
        self.live = Live(settings.topics, self.board, self.post.deliver, now_ms())
        self._settings = settings
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(
                target=persist, args=(work, self._stopping, self._away), name=name, daemon=True
            )
            for name, work in (("page-records", self._records), ("page-lag", self._lag))
        ]

    def start(self) -> None:
        self.board.put("kafka", {"up": None, "address": self._settings.kafka})
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def _away(self, error: Exception) -> None:
        self._report(False)
        log.warning("kafka: %s", error)

    def _report(self, up: bool) -> None:
        self.board.put("kafka", {"up": up, "address": self._settings.kafka})

    def _records(self) -> None:
        reader = Reader(self._settings, self.live)
        try:
            while not self._stopping.is_set():
                due = time.monotonic() + PUBLISH_S
                while time.monotonic() < due and not self._stopping.is_set():
                    reader.poll(due - time.monotonic())
                    self._stopping.wait(POLL_GAP_S)
                self.live.publish(now_ms())
        finally:
            reader.close()

    def _lag(self) -> None:
        samples: deque[Sample] = deque(maxlen=1 + round(SPACING_S / LAG_S))
        behind: deque[float] = deque(maxlen=POINTS)
        with LagProbe(self._settings) as probe, Pulses(self._settings) as pulses:
            while not self._stopping.is_set():
                samples.append(probe.sample(int(now_ms())))
                self._report(True)
                if len(samples) > 1:
                    rows = compare(samples[0], samples[-1])
                    behind.append(max((row.time_lag_s or 0.0 for row in rows), default=0.0))
                    self.board.put("lag", [row.as_json() for row in rows])
                    self.board.put("behind", list(behind))
                    self.board.put("strips", strips(rows))
                    self.board.put("hints", [*map(_hint, hints(rows, pulses.fresh(int(now_ms()))))])
                self._stopping.wait(LAG_S)


class View(Protocol):
    """Whoever wants to see records: of these topics, one by one, and how many there were."""

    @property
    def topics(self) -> Sequence[str]: ...

    def fold(self, record: Record, now_ms: float) -> None: ...

    def count(self, topic: str, number: int, topics: Topics) -> None: ...


class Reader:
    """A consumer that stands in every partition that is wanted."""

    def __init__(self, settings: Settings, live: View) -> None:
        self._topics, self._live = settings.topics, live
        self._client = consumer(settings.broker, max_poll_records=1_000, fetch_max_wait_ms=100)
        self._whole = {settings.topics.clean_items.name, settings.topics.models.name}
        self._places: dict[TopicPartition, int] = {}
        self._counted: dict[TopicPartition, int] = {}
        self._look_s = 0.0

    def close(self) -> None:
        self._client.close()

    def poll(self, wait_s: float) -> None:
        """Fold what there is, waiting for at most `wait_s`."""
        if len({at.topic for at in self._places}) < len(self._live.topics):
            self._look_for_topics()
        if not self._places:
            time.sleep(min(wait_s, PUBLISH_S))
            return
        polled = self._client.poll(timeout_ms=max(1, int(wait_s * 1_000)))
        # By the broker's clock: an answer comes after the events it answers, whatever topic's
        # records were fetched first.
        every = (record for records in polled.values() for record in records)
        for record in sorted(every, key=lambda record: int(record.timestamp)):
            self._live.fold(to_record(record), now_ms())
        for at, records in polled.items():
            self._advance(at, records[-1].offset + 1)

    def _look_for_topics(self) -> None:
        """Assign the partitions that exist; on a fresh broker the services make them later."""
        if time.monotonic() < self._look_s:
            return
        self._look_s = time.monotonic() + RETRY_S
        self._client.topics()
        found = [
            TopicPartition(topic, number)
            for topic in self._live.topics
            for number in sorted(self._client.partitions_for_topic(topic) or ())
        ]
        new = [at for at in found if at not in self._places]
        if not new:
            return
        ends = self._client.end_offsets(new)
        begins = self._client.beginning_offsets(new)
        self._client.assign(found)
        for at, place in self._places.items():
            self._client.seek(at, place)
        for at in new:
            self._places[at] = self._first(at, begins[at], ends[at])
            self._client.seek(at, self._places[at])
            # Records of the past are shown but are no part of a rate.
            self._counted[at] = ends[at]

    def _first(self, at: TopicPartition, begin: int, end: int) -> int:
        if at.topic in self._whole:
            return begin
        tail = METRICS if at.topic == self._topics.metrics.name else TAIL
        return max(begin, end - tail)

    def _advance(self, at: TopicPartition, place: int) -> None:
        end = self._client.highwater(at) or place
        if at.topic not in self._whole and end - place > FAR_BEHIND:
            hit(Bound.PAGE_BEHIND)
            place = end - TAIL
            self._client.seek(at, place)
        self._places[at] = place
        new = place - self._counted[at]
        if new > 0:
            self._live.count(at.topic, new, self._topics)
            self._counted[at] = place


def _hint(hint: Hint) -> Message:
    return {
        "service": hint.service,
        "cause": hint.cause.value,
        "words": hint.words,
        "more_workers": hint.more_workers,
        "mend": hint.mend,
    }


def now_ms() -> float:
    return time.time() * 1_000
