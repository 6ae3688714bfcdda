"""learn: folds the clean log into the training buffer and fine-tunes when there is enough new.

The agent folds; a task beside it watches the triggers, writes a checkpoint, trains in a child
process and announces the outcome on `recaug.models`, winner or not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from faust.types import TP

from recaug.collect import BUFFER, Collector, drop_older
from recaug.kafka import ensure_topics
from recaug.registry import ModelRecord
from recaug.settings import Settings
from streams.agent import die
from streams.app import add_agent, announce_ready, create_app, run_worker
from streams.egress import Egress, Record
from streams.trainer import Trainer
from streams.transport import Batch
from streams.vectors import Vectors

log = logging.getLogger(__name__)

#: Between two attempts to write to a disk that is full, seconds.
RETRY_S = 10.0

#: learn gives way to the services that somebody waits for.
NICE = 5


class Learn:
    """The handler and the training loop of one worker."""

    def __init__(self, settings: Settings, egress: Egress, vectors: Vectors) -> None:
        self._settings = settings
        self._egress = egress
        self._vectors = vectors
        self._trainer = Trainer(settings)
        self._checkpoints = settings.data_dir / "learn" / "checkpoints"
        self._collector = Collector.load(settings, self._checkpoints)
        self._trained_at = time.monotonic()
        self._trained_events = self._collector.events
        self._owed: set[str] = set()  # users whom files may still hold

    async def __call__(self, batch: Batch) -> None:
        users = self._settings.topics.clean_users.name
        self._owed |= self._collector.profiles(r for r in batch.records if r.topic == users)
        self._collector.fold(r for r in batch.records if r.topic != users)
        self._forget()

    def _forget(self) -> None:
        """Take people out of every file, before the batch that says so is acknowledged.

        A disk that is full is tried again; a crash meanwhile reads the same batch once more.
        """
        if not self._owed:
            return
        try:
            self._trainer.forget(self._owed)
        except OSError as error:
            log.error("users cannot be erased from the disk yet: %s", error)
            return
        if self.checkpoint() is not None:
            drop_older(self._checkpoints)
            log.info("no file holds events of %d users any more", len(self._owed))
            self._owed.clear()

    async def positions(self, committed: Mapping[TP, int | None]) -> Mapping[TP, int]:
        """Where the checkpoint goes on; what the group committed says nothing about the buffer."""
        users, held = self._settings.topics.clean_users.name, self._collector
        owned = {False: held.positions, True: held.profile_positions}
        return {tp: owned[tp.topic == users].get(tp.partition, 0) for tp in committed}

    # -- the training loop --------------------------------------------------------------------

    async def train_for_ever(self) -> None:
        """Fine-tune whenever it is due; ends the process when it cannot go on."""
        try:
            await self._announce_champion()
            while True:
                await asyncio.sleep(1.0)
                self._forget()
                if self._due():
                    await self._train()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.critical("the training loop failed", exc_info=True)
            die("no model would be learned any more")

    def _due(self) -> bool:
        wanted = self._settings
        new = self._collector.events - self._trained_events
        if self._trainer.champion() is None and not self._trained_events:
            return new >= wanted.train_first_events
        waited = time.monotonic() - self._trained_at
        enough = new >= wanted.train_every_events or waited >= wanted.train_every_s
        return enough and new >= wanted.train_min_events

    async def _train(self) -> None:
        healed = await asyncio.to_thread(self._trainer.healed)
        if healed is not None:
            await self._publish(healed, [healed.name])
        # Nothing is awaited until the job is written: no fold can come in between.
        job = self._job()
        if job is None:
            await asyncio.sleep(RETRY_S)
            return
        self._trained_events = self._collector.events
        await self._announce(await self._trainer.run(job))
        self._trained_at = time.monotonic()

    def _job(self) -> Path | None:
        place = self.checkpoint()
        if place is None:
            return None
        try:
            return self._trainer.prepare(
                place / BUFFER, self._collector.events, self._collector.positions,
                self._vectors.save(self._checkpoints / "vectors.npz"),
                self._collector.profile_positions,
            )  # fmt: skip
        except OSError as error:
            log.error("nothing is trained: %s; folding goes on", error)
            return None

    def checkpoint(self) -> Path | None:
        """Make what was folded so far survive a crash.

        None where the disk does not take it: the checkpoint before stays the current one, and after
        a crash the log is read again from there.
        """
        try:
            return self._collector.save(self._checkpoints)
        except OSError as error:
            log.error("no checkpoint can be written: %s; folding goes on", error)
            return None

    async def _announce(self, record: ModelRecord) -> None:
        """Every attempt under its own key, a promotion also under the model's: readers of the
        compacted topic find the newest champion there, and all that was tried beside it."""
        log.info("model %s promoted=%s: %s", record.version, record.promoted, record.reason)
        keys = [f"{record.name}/{record.version}", *([record.name] if record.promoted else [])]
        await self._publish(record, keys)

    async def _publish(self, record: ModelRecord, keys: Sequence[str]) -> None:
        topic, value = self._settings.topics.models.name, record.model_dump_json().encode()
        await self._egress.send(Record(topic, key.encode(), value) for key in keys)

    async def _announce_champion(self) -> None:
        """Say again who the champion is: the last run may have died between alias and topic."""
        record = await asyncio.to_thread(self._trainer.served)
        if record is not None:
            await self._publish(record, [record.name])


def main(settings: Settings) -> None:
    """Run the service until it is told to stop."""
    with contextlib.suppress(PermissionError):
        os.nice(NICE)
    ensure_topics(settings)
    egress = Egress(settings.broker)
    vectors = Vectors(settings, egress)
    learn = Learn(settings, egress, vectors)
    app = create_app("learn", settings)
    topics = [settings.topics.events.name, settings.topics.clean_users.name]
    add_agent(app, topics, learn, owner=learn.positions)
    announce_ready(app, "learn")
    app.task(learn.train_for_ever)
    app.task(vectors.encode_for_ever)
    vectors.start()
    try:
        run_worker(app, settings)
    finally:
        learn.checkpoint()
        vectors.close()
        egress.close()
