"""clean: everything producers write goes in; good events come out once, the rest as dead letters.

One batch: `recaug.clean.Cleaner` judges every record, all that follows from it is written in one
go, and only then is the batch acknowledged. A crash in between writes some of it again; the source
coordinates in the header `src` let every reader see that.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from aiokafka.structs import ConsumerRecord

from recaug import worker_metrics as m
from recaug.clean import Accepted, Cleaner, Duplicate, Outcome, RawRecord, Rejected, erased
from recaug.erase import MOST, Erasures
from recaug.events import Rejection, dead_letter
from recaug.kafka import ensure_topics
from recaug.settings import Settings
from streams import traceparent
from streams.app import add_agent, announce_ready, create_app, run_worker
from streams.egress import Egress, Headers, Record
from streams.follower import Followed, Follower, Source
from streams.moved import Moved
from streams.reporting import known, report
from streams.telemetry import Telemetry, unheard
from streams.totals import Totals
from streams.transport import Batch

#: Records judged before what follows from them is given to the producer.
CHUNK = 250

_FATES = {Accepted: "accepted", Duplicate: "duplicates"}


class Clean:
    """The handler of one worker: judges a batch, writes what follows."""

    def __init__(
        self,
        settings: Settings,
        egress: Egress,
        erasures: Erasures | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._cleaner = Cleaner(settings)
        self._topics = settings.topics
        self._erasures = Erasures() if erasures is None else erasures
        self._dead_letters = settings.topics.dead_letters.name
        self._egress = egress
        self._totals = Totals()
        telemetry = unheard("clean") if telemetry is None else telemetry
        self._effort, self._traces = telemetry.effort, telemetry.traces
        self._metrics = telemetry.metrics

    async def __call__(self, batch: Batch) -> None:
        now_ms, rest = int(time.time() * 1000), batch.records
        profiles = self._topics.users.name
        if nulls := [r for r in rest if r.value is None and r.topic == profiles]:
            for record in nulls:
                erased.note(self._erasures, record.key, record.timestamp)
            # Before the rest, so that what their users do afterwards is appended afterwards.
            first = [r for r in rest if r.topic == profiles]
            rest = [r for r in rest if r.topic != profiles]
            await self._send(first, now_ms)
        await self._send(rest, now_ms)
        self._totals.report()

    async def _send(self, records: Sequence[ConsumerRecord], now_ms: int) -> None:
        with self._effort.stage("produce"):
            await self._egress.send(self._consequences(records, now_ms))

    def _consequences(self, records: Sequence[ConsumerRecord], now_ms: int) -> Iterator[Record]:
        """What to write, as it is found: the producer's thread sends while the rest is judged."""
        for first in range(0, len(records), CHUNK):
            with self._effort.stage("decode"):
                outcomes = self._judged(records[first : first + CHUNK], now_ms)
            for outcome in outcomes:
                if isinstance(outcome, Accepted):
                    record, topic, key, value, headers = outcome
                    yield Record(topic.name, key, value, self._traced(record, headers))
                elif isinstance(outcome, Rejected):
                    yield self._dead_letter(outcome)
                else:
                    self._metrics[m.DEDUPLICATED].labels(outcome.record.topic).inc()

    def _traced(self, record: RawRecord, headers: list[tuple[str, bytes]]) -> Headers:
        """With the context that whoever reads the event goes on from, where there is one."""
        parent = traceparent.found(record.headers) if record.headers else None
        if self._traces is not None:
            parent = self._traces.process(record, parent)
        return headers if parent is None else [*headers, (traceparent.NAME, parent)]

    def _judged(self, records: Sequence[ConsumerRecord], now_ms: int) -> list[Outcome]:
        raw = [
            RawRecord(r.topic, r.partition, r.offset, r.key, r.value, r.headers, r.timestamp)
            for r in records
        ]
        outcomes = self._cleaner.clean(raw, now_ms)
        if len(self._erasures):
            outcomes = erased.withhold(outcomes, self._topics, self._erasures)
        self._totals.count(map(_fate, outcomes))
        return outcomes

    def _dead_letter(self, rejected: Rejected) -> Record:
        raw = rejected.record
        self._metrics[m.REJECTED].labels(raw.topic, rejected.reason.value).inc()
        if self._traces is not None:
            parent = traceparent.found(raw.headers)
            self._traces.process(raw, parent, error=rejected.reason.value)
        why = Rejection(rejected.reason, rejected.message)
        place = raw.topic, raw.partition, raw.offset
        letter = dead_letter(why, place, raw.key, raw.value, raw.headers)
        return Record(self._dead_letters, letter.key, letter.value, letter.headers)


def _fate(outcome: Outcome) -> str:
    return outcome.reason if isinstance(outcome, Rejected) else _FATES[type(outcome)]


def main(settings: Settings) -> None:
    """Run the service until it is told to stop."""
    ensure_topics(settings)
    egress, erasures = Egress(settings.broker), Erasures()
    follower = Follower(settings.broker, {settings.topics.users.name: _nulls(erasures)})
    follower.start()
    app = create_app("clean", settings)
    clean = Clean(settings, egress, erasures, app.telemetry)
    moved = Moved(settings, "clean", settings.topics.from_clean)
    add_agent(app, [topic.name for topic in settings.topics.inputs], clean, owner=moved.positions)
    announce_ready(app, "clean")
    report(app, "clean", settings, {"erasures": known("erasures", lambda: follower.caught_up)})
    try:
        run_worker(app, "clean", settings)
    finally:
        follower.close()
        egress.close()


def _nulls(erasures: Erasures) -> Source:
    """Who was erased before this worker started, for it may be behind with what they did."""

    def handle(found: Followed) -> None:
        if found.value is None:
            erased.note(erasures, found.key.encode(), found.appended_ms)

    return Source(handle, tail=MOST)
