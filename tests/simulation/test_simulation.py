"""Ten thousand histories of the whole pipeline: crashes, zombies, wipes and resends at every await.

The handlers are the real ones; log, store and clock are in memory. `RECAUG_SIMULATION` replays one
seed: `RECAUG_SIMULATION=4711 pytest tests/simulation`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from faust.types import TP

import streams.recommend
from recaug.settings import Settings
from recaug.state.memory import MemoryStore
from streams.egress import Record
from tests.simulation import ledger
from tests.simulation.scheduler import Process, Scheduler
from tests.simulation.services import SERVICES
from tests.simulation.world import WINDOW, World, ends

SETTINGS = [
    Settings(
        history=5, resend_window=WINDOW, buffer_events=1_000, item_capacity=64, coalesce=coalesce
    )
    for coalesce in ("never", "always")
]  # fmt: skip

SEEDS, BLOCK = 10_000, 250
EVENTS = 16
#: Points in which faults happen; afterwards all is worked off.
TROUBLED = 80
#: Points after which something must have gone wrong with the pipeline itself.
MOST = 6_000


class History:
    """One seed: what is sent, what breaks, and when."""

    def __init__(self, seed: int, directory: Path) -> None:
        self.random = Random(seed)
        settings = self.random.choice(SETTINGS)
        self.world = World(settings, self.random, Scheduler(self.random))
        self._directory = directory
        self._left = EVENTS
        self._points = 0
        self._sent: list[Record] = []

    async def run(self) -> None:
        for service in SERVICES:
            self._start(service)
        try:
            await self.world.scheduler.run(self._worked_off, self._step, MOST)
            await self._check()
        finally:
            for process in [*self.world.owners.values(), *self.world.collectors]:
                process.crash()
            await asyncio.sleep(0)

    # -- what happens -------------------------------------------------------------------------

    def _step(self) -> None:
        self._points += 1
        for service, process in self.world.owners.items():
            if process.ended:  # a batch that fails ends the process; it is started again
                error = process.error()
                assert self._points < TROUBLED or error is None, error
                self._start(service)
        if self._points >= TROUBLED:
            self.world.store_away = False
        elif self.random.random() < 0.15:
            self._trouble()
        if self._left and self.random.random() < 0.4:
            self._left -= 1
            self._send()
        elif self._points > TROUBLED and not self._points % 100:
            self._send()  # a store that came back is noticed with the next event

    def _trouble(self) -> None:
        service = self.random.choice([*SERVICES])
        what = self.random.random()
        if what < 0.45:
            self.world.owners[service].crash()
            self._start(service)
        elif what < 0.65:
            self._start(service)  # a rebalance: the old one still does what it is at
        elif what < 0.9:
            self.world.store_away = not self.world.store_away
        else:
            self.world.store = MemoryStore(ids=WINDOW)

    def _start(self, service: str) -> None:
        process = Process(service)
        self.world.owners[service] = process
        checkpoints = self._directory / "checkpoints"
        process.start(SERVICES[service](self.world, process, checkpoints))  # type: ignore[arg-type]

    def _send(self) -> None:
        """A click, mostly; a client's resend; bytes that are no event."""
        chance, topic = self.random.random(), self.world.settings.topics.clickstream.name
        if chance < 0.1:
            record = Record(topic, b"u1", b"no event")
        elif chance < 0.25 and self._sent:
            record = self.random.choice(self._sent)
        else:
            user = f"u{self.random.randrange(3)}"
            record = Record(topic, user.encode(), json.dumps(self._click(user)).encode())
            self._sent.append(record)
        self.world.append(record)

    def _click(self, user: str) -> dict[str, Any]:
        return {
            "event": "click", "event_id": f"e{self.world.now_ms}", "user_id": user,
            "timestamp": self.world.now_ms - self.random.randrange(3),
            "item_id": f"i{self.random.randrange(6)}",
        }  # fmt: skip

    # -- what must hold -----------------------------------------------------------------------

    def _worked_off(self) -> bool:
        if self._left or self._points < TROUBLED:
            return False
        topics, committed = self.world.settings.topics, self.world.committed
        inputs = ends(self.world, [topic.name for topic in topics.behaviour])
        if not _reached(committed["clean"], inputs):
            return False
        events = ends(self.world, [topics.events.name])
        return (
            _reached(committed["recommend"], events)
            and _reached(self._learned(), events)
            and self._stored(events)
        )

    def _learned(self) -> Mapping[TP, int]:
        """What learn committed is for the eye; its buffer begins at its checkpoint again."""
        held = self.world.collectors.get(self.world.owners["learn"])
        name = self.world.settings.topics.events.name
        return {TP(name, n): at for n, at in held.positions.items()} if held else {}

    def _stored(self, ends: Mapping[TP, int]) -> bool:
        kept = self.world.store._partitions
        return all(
            end == 0 or (tp.partition in kept and kept[tp.partition].next_offset == end)
            for tp, end in ends.items()
        )

    async def _check(self) -> None:
        events = ledger.counted(self.world)
        ledger.check_fates(self.world)
        ledger.check_answers(self.world, events)
        ledger.check_order(self.world, events)
        await ledger.check_state(self.world, events)
        learner = self.world.owners["learn"]
        ledger.check_buffer(self.world.collectors[learner], self.world, events)


def _reached(positions: Mapping[TP, int], ends: Mapping[TP, int]) -> bool:
    return all(positions.get(tp, 0) >= end for tp, end in ends.items())


@pytest.fixture(autouse=True)
def _quick_and_quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No waiting for the store, no log lines about the trouble that is made here."""
    monkeypatch.setattr(streams.recommend, "RETRY_S", 0.0)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def seeds(block: int) -> range:
    asked = os.environ.get("RECAUG_SIMULATION")
    first = block * BLOCK
    return range(first, first + BLOCK) if asked is None else range(int(asked), int(asked) + 1)


@pytest.mark.parametrize("block", range(SEEDS // BLOCK))
def test_whatever_happens_every_event_has_its_effect_once(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody pulls a plug here (tests/recaug/test_power_loss.py does): a disk takes a tenth of it.
    monkeypatch.setattr(os, "fsync", lambda _: None)

    async def all_of_them() -> None:
        for seed in seeds(block):
            try:
                await History(seed, tmp_path / str(seed)).run()
            except BaseException as failed:
                failed.add_note(f"replay it: RECAUG_SIMULATION={seed} pytest tests/simulation")
                raise

    asyncio.run(all_of_them())
