"""Runs one fine-tune in a child process and takes in what it decided.

Training has a process of its own so that it cannot block the event loop, can be niced, and gives
all its memory back. The child writes the bundle; this side moves the alias and says what happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from recaug import atomic
from recaug.bounds import Bound, hit
from recaug.buffer import RollingBuffer
from recaug.errors import Failure
from recaug.local.process import tied
from recaug.registry import CorruptBundle, ModelRecord, Registry
from recaug.settings import Settings
from recaug.signing import Keys
from streams.logs import logger

log = logger(__name__)

#: A child still running after its budget and this is killed, seconds.
GRACE_S = 120.0
#: Jobs whose files stay on the disk.
KEPT = 3
#: The rows to train on, in a job's directory until it has run.
BUFFER = "buffer.npz"


class Trainer:
    """One fine-tune at a time, under `DATA_DIR/learn/jobs`; the newest few jobs are kept.

    Ask `served` at the start and `healed` before each job: they find the model to go on from.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._jobs = settings.data_dir.absolute() / "learn" / "jobs"
        self._keys = Keys.of(settings)
        try:
            for leftover in self._jobs.glob(f"*/{BUFFER}"):  # of a run that was killed
                leftover.unlink()
            self._keys.ensure()
        except OSError as error:
            mend = "make it writable, free some room, or name another: RECAUG_DATA_DIR"
            raise Failure(f"learn cannot write to {settings.data_dir}", str(error), mend) from error
        self.registry = Registry(settings.registry.absolute(), self._keys)
        #: What the next fine-tune goes on from: the champion, once it has been found whole.
        self.parent: str | None = None
        self._prepared = 0  # jobs, since the start
        self._parents: dict[str, str | None] = {}  # of the champion

    def champion(self) -> str | None:
        """The version served; None where there is none or the alias is damaged."""
        with contextlib.suppress(CorruptBundle):
            return self.registry.champion(self._settings.model)
        return None

    def served(self) -> ModelRecord | None:
        """What to announce as served. None where there is nothing.

        Where alias or bundle of the champion are damaged, that is the newest bundle that is whole,
        promoted in its place: going back is an act of its own, which the workers can check.
        """
        try:
            return self._champion()
        except CorruptBundle as damaged:
            log.error("%s", damaged)
            return self._go_back()

    def healed(self) -> ModelRecord | None:
        """What `served` put in the place of a damaged champion; None where none is damaged."""
        with contextlib.suppress(CorruptBundle):
            self._champion()
            return None
        return self.served()

    def _champion(self) -> ModelRecord | None:
        self.parent = None
        promotion = self.registry.promotion(self._settings.model)
        if promotion is None:
            return None
        bundle = self.registry.open(promotion.name, promotion.version, promotion.manifest_sha256)
        self.parent = promotion.version
        return ModelRecord.about(bundle).of(promotion)

    def predecessor(self) -> tuple[str, str] | None:
        """The champion and the version it was trained from; None where it had none."""
        version = self.champion()
        if version is None:
            return None
        if version not in self._parents:  # to open a bundle is to hash all of it
            self._parents = {version: self._parent_of(version)}
        before = self._parents[version]
        return None if before is None else (version, before)

    def _parent_of(self, version: str) -> str | None:
        with contextlib.suppress(CorruptBundle):
            return self.registry.open(self._settings.model, version).manifest.parent
        return None

    def roll_back(self, to: str) -> ModelRecord | None:
        """Serve an older version again and go on from it; None where it cannot be had any more."""
        name = self._settings.model
        try:
            bundle = self.registry.open(name, to)
            promotion = self.registry.promote(name, to)
        except (OSError, CorruptBundle) as error:
            log.error("%s cannot be served again: %s", to, error)
            return None
        self.parent = to
        return ModelRecord.about(bundle).of(promotion)

    def _go_back(self) -> ModelRecord | None:
        name = self._settings.model
        bundle = self.registry.newest_intact(name, up_to=self.champion() or "")
        if bundle is None:
            log.error("no bundle on disk is whole: the next model starts from nothing")
            return None
        try:
            promotion = self.registry.promote(name, bundle.manifest.version)
        except OSError as error:
            log.error("%s cannot be promoted in its place: %s", bundle.manifest.version, error)
            return None
        log.error("serving %s in its place", promotion.version)
        self.parent = promotion.version
        return ModelRecord.about(bundle).of(promotion)

    def prepare(
        self,
        buffer: Path,
        events: int,
        positions: Mapping[int, int],
        vectors: Path | None,
        erased: Mapping[int, int] | None = None,
        trigger: str = "",
    ) -> Path:
        """Make a job directory: what to train on, under which bounds and why now.

        `buffer` is what `RollingBuffer.save` wrote, on the same disk: the job shares the file.
        Every null on `recaug.users` before the offsets in `erased` was honoured in it.
        """
        job = self._jobs / f"{int(time.time() * 1000)}"
        job.mkdir(parents=True)
        os.link(buffer, job / BUFFER)
        if vectors is not None:
            shutil.copy(vectors, job / "vectors.npz")
        topics = self._settings.topics
        read = {topics.events.name: positions, topics.clean_users.name: erased or {}}
        offsets = {topic: {str(p): at for p, at in own.items()} for topic, own in read.items()}
        terms = {**self._terms(events, offsets), "trigger": trigger, "afresh": self._is_audit()}
        atomic.write_bytes(job / "job.json", json.dumps(terms).encode())
        _forget(self._jobs)
        return job

    def _is_audit(self) -> bool:
        """Whether to begin from nothing this time: a warm start that went stale loses to that."""
        self._prepared += 1
        return self.parent is not None and self._prepared % self._settings.train_audit_every == 0

    def forget(self, users: Collection[str]) -> None:
        """Take these users' rows out of what jobs on the disk are to train on.

        A child that has read its rows goes on with them: what counts is when it began.
        """
        for held in self._jobs.glob(f"*/{BUFFER}"):
            buffer = RollingBuffer.load(held)
            if buffer.forget(users):
                buffer.save(held)

    def _terms(self, events: int, offsets: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
        wanted = self._settings
        return {
            "registry": str(self.registry.root),
            "signing_key": str(self._keys.signing),
            "trusted_keys": str(self._keys.trusted),
            "name": wanted.model,
            "parent": self.parent,
            "budget_s": wanted.train_budget_s,
            "threads": wanted.train_threads,
            "device": wanted.device,
            "seed": wanted.seed,
            "history": wanted.history,
            "half_life_s": wanted.popularity_half_life_s,
            "item_age_s": wanted.buffer_age_s,
            "events": events,
            "offsets": offsets,
        }

    async def run(self, job: Path) -> ModelRecord:
        """Train; a winner is the champion of the registry afterwards. Never raises for a failed
        training: that is a record too, with the reason."""
        started, limit_s = time.monotonic(), self._settings.train_budget_s + GRACE_S
        try:
            code, last = await self._child(job, limit_s)
            if code == 0:
                return self._outcome(job)
            why = f"training ended with exit code {code}: {last}"
        except TimeoutError:
            why = f"training was not done after {limit_s:.0f} s: too little CPU is free"
        except (OSError, ValidationError, Failure) as error:
            why = f"what was trained cannot be used: {str(error).splitlines()[0]}"
        finally:
            _drop_rows(job)
        return self._failed(job, why, time.monotonic() - started)

    def _outcome(self, job: Path) -> ModelRecord:
        """Raises OSError, ValidationError, Failure: then the old model serves on."""
        record = ModelRecord.model_validate_json((job / "result.json").read_bytes())
        if not record.promoted:
            return record
        promotion = self.registry.promote(record.name, record.version)
        try:
            self.registry.prune(record.name)
        except OSError as error:
            log.warning("old models cannot be deleted: %s", error)
        return record.of(promotion)

    async def _child(self, job: Path, limit_s: float) -> tuple[int, str]:
        command = tied([sys.executable, "-m", "models", "fine-tune", str(job)])
        with (job / "train.log").open("wb") as errors:
            child = await asyncio.create_subprocess_exec(
                *command, stdout=asyncio.subprocess.PIPE, stderr=errors, start_new_session=True
            )
            try:
                async with asyncio.timeout(limit_s):
                    await _report(child)
                    await child.wait()
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        lines = (job / "train.log").read_text(errors="replace").strip().splitlines()
        return child.returncode or 0, lines[-1] if lines else "it said nothing"

    def _failed(self, job: Path, reason: str, seconds: float) -> ModelRecord:
        log.error("%s (see %s)", reason, job / "train.log")
        return ModelRecord(
            name=self._settings.model, version=f"failed-{job.name}", promoted=False, reason=reason,
            parent=self.champion(), events=0, metrics={},
            train_seconds=seconds, device=self._settings.device,
            created_at=datetime.now(UTC).isoformat(),
        )  # fmt: skip


async def _report(child: asyncio.subprocess.Process) -> None:
    assert child.stdout is not None
    async for line in child.stdout:
        log.info("fine-tune %s", line.decode(errors="replace").rstrip())


def _drop_rows(job: Path) -> None:
    """Nobody's events stay longer than needed; where they have to, the next start tries again."""
    try:
        (job / BUFFER).unlink(missing_ok=True)
    except OSError as error:
        log.error("the rows of a job cannot be deleted: %s", error)


def _forget(jobs: Path, keep: int = KEPT) -> None:
    old: Sequence[Path] = sorted(path for path in jobs.iterdir() if path.is_dir())[:-keep]
    for job in old:
        hit(Bound.JOBS)
        shutil.rmtree(job, ignore_errors=True)
