"""learn: folds the clean log into the training buffer and fine-tunes when there is enough new.

The agent folds; a task beside it watches the triggers, writes a checkpoint, trains in a child
process and announces the outcome on `recaug.models`, winner or not. It follows what the lists that
were served turned out to be worth: a change of taste is a reason to train, and a model that serves
worse than the one before it is rolled back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from faust.types import TP

from recaug import worker_metrics as m
from recaug.collect import BUFFER, Collector, drop_older
from recaug.kafka import ensure_topics
from recaug.prequential.record import Record
from recaug.quality import SUMS, Quality, Served
from recaug.registry import ModelRecord
from recaug.settings import Settings
from recaug.triggers import Trigger, due
from streams.agent import die
from streams.app import add_agent, announce_ready, create_app, run_worker
from streams.egress import Egress
from streams.egress import Record as Output
from streams.follower import Followed, Follower, Source
from streams.logs import logger
from streams.reporting import known, report
from streams.telemetry import Telemetry, unheard
from streams.trainer import Trainer
from streams.transport import Batch
from streams.vectors import Vectors

log = logger(__name__)

#: Between two attempts to write to a disk that is full, seconds.
RETRY_S = 10.0

#: learn gives way to the services that somebody waits for.
NICE = 5


class Learn:
    """The handler and the training loop of one worker."""

    def __init__(
        self,
        settings: Settings,
        egress: Egress,
        vectors: Vectors,
        quality: Quality,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._vectors = vectors
        self._quality = quality
        telemetry = unheard("learn") if telemetry is None else telemetry
        self._effort, self._metrics = telemetry.effort, telemetry.metrics
        self._trainer = Trainer(settings)
        self._checkpoints = settings.data_dir / "learn" / "checkpoints"
        self._collector = Collector.load(settings, self._checkpoints)
        self._trained_at = time.monotonic()
        self._trained_events = self._collector.events
        self._owed: set[str] = set()  # users whom files may still hold

    async def __call__(self, batch: Batch) -> None:
        users = self._settings.topics.clean_users.name
        with self._effort.stage("decode"):
            self._owed |= self._collector.profiles(r for r in batch.records if r.topic == users)
            self._collector.fold(r for r in batch.records if r.topic != users)
        self._metrics[m.BUFFER].set(len(self._collector.buffer))
        with self._effort.stage("state"):
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
            log.info("no file holds events of %d users any more", len(self._owed),
                     users=len(self._owed))  # fmt: skip
            self._owed.clear()

    @property
    def version(self) -> str:
        """Of the model that the next one goes on from; empty where there is none."""
        return self._trainer.parent or ""

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
                await self._keep_the_better()
                trigger = self._due()
                if trigger is not None:
                    await self._train(trigger)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.critical("the training loop failed", exc_info=True)
            die("no model would be learned any more")

    async def _keep_the_better(self) -> None:
        """Roll back a model that serves worse than the one it was trained from."""
        pair = await asyncio.to_thread(self._trainer.predecessor)
        why = None if pair is None else self._quality.regressed(*pair)
        if pair is None or why is None:
            return
        record = await asyncio.to_thread(self._trainer.roll_back, pair[1])
        if record is not None:
            log.error("model %s is rolled back: %s", pair[0], why, model=pair[0], reason=why)
            await self._publish(record, [record.name])

    def _due(self) -> Trigger | None:
        new = self._collector.events - self._trained_events
        first = self._trainer.champion() is None and not self._trained_events
        waited_s = time.monotonic() - self._trained_at
        # Only asked for when it can be acted upon: it is told once.
        able = not first and new >= self._settings.train_min_events
        drifted = able and self._quality.drifted()
        return due(self._settings, new, waited_s, first=first, drifted=drifted)

    async def _train(self, trigger: Trigger) -> None:
        healed = await asyncio.to_thread(self._trainer.healed)
        if healed is not None:
            await self._publish(healed, [healed.name])
        # Nothing is awaited until the job is written: no fold can come in between.
        job = self._job(trigger)
        if job is None:
            await asyncio.sleep(RETRY_S)
            return
        self._trained_events = self._collector.events
        running, took = self._metrics[m.TRAINING], self._metrics[m.TRAINING_TIME]
        with self._effort.training(), running.track_inprogress(), took.time():
            record = await self._trainer.run(job)
        outcome = "promoted" if record.promoted else "refused"
        self._metrics[m.TRAININGS_DONE].labels(outcome).inc()
        await self._announce(record)
        self._trained_at = time.monotonic()

    def _job(self, trigger: Trigger) -> Path | None:
        place = self.checkpoint()
        if place is None:
            return None
        try:
            return self._trainer.prepare(
                place / BUFFER, self._collector.events, self._collector.positions,
                self._vectors.save(self._checkpoints / "vectors.npz"),
                self._collector.profile_positions, trigger,
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
        log.info(
            "model %s promoted=%s: %s", record.version, record.promoted, record.reason,
            model=record.version, outcome="promoted" if record.promoted else "refused",
            reason=record.reason, seconds=round(record.train_seconds, 1), records=record.events,
        )  # fmt: skip
        keys = [f"{record.name}/{record.version}", *([record.name] if record.promoted else [])]
        await self._publish(record, keys)

    async def _publish(self, record: ModelRecord, keys: Sequence[str]) -> None:
        topic, value = self._settings.topics.models.name, record.model_dump_json().encode()
        await self._egress.send(Output(topic, key.encode(), value) for key in keys)

    async def _announce_champion(self) -> None:
        """Say again who the champion is: the last run may have died between alias and topic."""
        record = await asyncio.to_thread(self._trainer.served)
        if record is not None:
            await self._publish(record, [record.name])


def told(settings: Settings, quality: Quality) -> Source:
    """What recommend says of the lists that it served, for `quality`."""

    def handle(found: Followed) -> None:
        if found.key != settings.model or found.value is None:
            return
        try:
            record = Record.parse(found.value)
        except ValueError as error:
            log.warning("a record of %s is passed over: %s", settings.topics.metrics.name, error)
            return
        cell = record.total()
        sums = Served(cell.targets, cell.served.ndcg, cell.gain, cell.gain_squares)
        quality.add(record.version, sums)

    return Source(handle, tail=SUMS)


def main(settings: Settings) -> None:
    """Run the service until it is told to stop."""
    with contextlib.suppress(PermissionError):
        os.nice(NICE)
    ensure_topics(settings)
    egress = Egress(settings.broker)
    vectors = Vectors(settings, egress)
    quality = Quality()
    follower = Follower(settings.broker, {settings.topics.metrics.name: told(settings, quality)})
    app = create_app("learn", settings)
    learn = Learn(settings, egress, vectors, quality, app.telemetry)
    topics = [settings.topics.events.name, settings.topics.clean_users.name]
    add_agent(app, topics, learn, owner=learn.positions)
    announce_ready(app, "learn")
    checks = {
        "items": known("items", lambda: vectors.caught_up),
        "quality": known("figures of quality", lambda: follower.caught_up),
    }
    report(app, "learn", settings, checks, lambda: learn.version)
    app.task(learn.train_for_ever)
    app.task(vectors.encode_for_ever)
    vectors.start()
    follower.start()
    try:
        run_worker(app, "learn", settings)
    finally:
        learn.checkpoint()
        vectors.close()
        follower.close()
        egress.close()
