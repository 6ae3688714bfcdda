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

from recaug.collect import BUFFER, Collector
from recaug.kafka import ensure_topics
from recaug.registry import CorruptBundle, ModelRecord
from recaug.settings import Settings
from streams.agent import die
from streams.app import add_agent, announce_ready, create_app, run_worker
from streams.egress import Egress, Record
from streams.trainer import Trainer
from streams.transport import Batch
from streams.vectors import Vectors

log = logging.getLogger(__name__)

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

    async def __call__(self, batch: Batch) -> None:
        self._collector.fold(batch.records)

    async def positions(self, committed: Mapping[TP, int | None]) -> Mapping[TP, int]:
        """Where the checkpoint goes on; what the group committed says nothing about the buffer."""
        owned = self._collector.positions
        return {tp: owned.get(tp.partition, 0) for tp in committed}

    # -- the training loop --------------------------------------------------------------------

    async def train_for_ever(self) -> None:
        """Fine-tune whenever it is due; ends the process when it cannot go on."""
        try:
            await self._announce_champion()
            while True:
                await asyncio.sleep(1.0)
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
        if self._trainer.registry.champion(wanted.model) is None and not self._trained_events:
            return new >= wanted.train_first_events
        waited = time.monotonic() - self._trained_at
        enough = new >= wanted.train_every_events or waited >= wanted.train_every_s
        return enough and new >= wanted.train_min_events

    async def _train(self) -> None:
        # Nothing is awaited until the job is written: no fold can come in between.
        buffer = self.checkpoint() / BUFFER
        self._trained_events = self._collector.events
        job = self._trainer.prepare(
            buffer, self._collector.events, self._collector.positions,
            self._vectors.save(self._checkpoints / "vectors.npz"),
        )  # fmt: skip
        await self._announce(await self._trainer.run(job))
        self._trained_at = time.monotonic()

    def checkpoint(self) -> Path:
        """Make what was folded so far survive a crash."""
        return self._collector.save(self._checkpoints)

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
        name, registry = self._settings.model, self._trainer.registry
        try:
            champion = registry.champion(name)
            if champion is None:
                return
            bundle = registry.open(name, champion)
        except CorruptBundle as damaged:
            log.error("%s; %s", damaged, damaged.mend)
            return
        about = bundle.manifest.model_dump()
        await self._publish(ModelRecord(**about, manifest_sha256=bundle.manifest_sha256), [name])


def main(settings: Settings) -> None:
    """Run the service until it is told to stop."""
    with contextlib.suppress(PermissionError):
        os.nice(NICE)
    ensure_topics(settings)
    egress = Egress(settings.kafka)
    vectors = Vectors(settings, egress)
    learn = Learn(settings, egress, vectors)
    app = create_app("learn", settings)
    add_agent(app, [settings.topics.events.name], learn, owner=learn.positions)
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
