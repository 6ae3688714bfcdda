"""clean: everything producers write goes in; good events come out once, the rest as dead letters.

One batch: `recaug.clean.Cleaner` judges every record, all that follows from it is written in one
go, and only then is the batch acknowledged. A crash in between writes some of it again; the source
coordinates in the header `src` let every reader see that.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable

from recaug.clean import Accepted, Cleaner, Duplicate, Outcome, RawRecord, Rejected
from recaug.events import Rejection, dead_letter_headers
from recaug.kafka import ensure_topics
from recaug.settings import Settings
from streams.app import add_agent, announce_ready, create_app, run_worker
from streams.egress import Egress, Record
from streams.transport import Batch

log = logging.getLogger(__name__)

#: Seconds between two lines of totals in the log.
REPORT_S = 30.0


class Clean:
    """The handler of one worker: judges a batch, writes what follows."""

    def __init__(self, settings: Settings, egress: Egress) -> None:
        self._cleaner = Cleaner(settings)
        self._dead_letters = settings.topics.dead_letters.name
        self._egress = egress
        self._totals: Counter[str] = Counter()
        self._reported = time.monotonic()

    async def __call__(self, batch: Batch) -> None:
        records = [
            RawRecord(r.topic, r.partition, r.offset, r.key, r.value, r.headers, r.timestamp)
            for r in batch.records
        ]
        outcomes = self._cleaner.clean(records, int(time.time() * 1000))
        await self._egress.send(self._consequences(outcomes))
        self._count(outcomes)

    def _consequences(self, outcomes: Iterable[Outcome]) -> Iterable[Record]:
        for outcome in outcomes:
            if isinstance(outcome, Accepted):
                yield Record(outcome.topic.name, outcome.key, outcome.value, outcome.headers)
            elif isinstance(outcome, Rejected):
                yield self._dead_letter(outcome)

    def _dead_letter(self, rejected: Rejected) -> Record:
        raw = rejected.record
        why = Rejection(rejected.reason, rejected.message)
        headers = dead_letter_headers(why, raw.topic, raw.partition, raw.offset, raw.headers)
        return Record(self._dead_letters, raw.key, raw.value, headers)

    def _count(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Accepted):
                self._totals["accepted"] += 1
            elif isinstance(outcome, Duplicate):
                self._totals["duplicates"] += 1
            else:
                self._totals[outcome.reason] += 1
        if time.monotonic() - self._reported > REPORT_S:
            self._reported = time.monotonic()
            log.info("so far: %s", dict(self._totals))


def main(settings: Settings) -> None:
    """Run the service until it is told to stop."""
    ensure_topics(settings)
    egress = Egress(settings.kafka)
    app = create_app("clean", settings)
    add_agent(app, [topic.name for topic in settings.topics.inputs], Clean(settings, egress))
    announce_ready(app, "clean")
    try:
        run_worker(app, settings)
    finally:
        egress.close()
