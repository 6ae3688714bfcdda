"""Runs one fine-tune in a child process and takes in what it decided.

Training has a process of its own so that it cannot block the event loop, can be niced, and gives
all its memory back. The child writes the bundle; this side moves the alias and says what happened.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recaug import atomic
from recaug.registry import ModelRecord, Registry
from recaug.settings import Settings

log = logging.getLogger(__name__)

#: A child still running after its budget and this is killed, seconds.
GRACE_S = 120.0


class Trainer:
    """One fine-tune at a time, under `DATA_DIR/learn/jobs`; the newest few jobs are kept."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._jobs = settings.data_dir.absolute() / "learn" / "jobs"
        self.registry = Registry(settings.registry.absolute())

    def prepare(
        self, buffer: Path, events: int, positions: Mapping[int, int], vectors: Path | None
    ) -> Path:
        """Make a job directory: what to train on and under which bounds.

        `buffer` is what `RollingBuffer.save` wrote, on the same disk: the job shares the file.
        """
        job = self._jobs / f"{int(time.time() * 1000)}"
        job.mkdir(parents=True)
        os.link(buffer, job / "buffer.npz")
        if vectors is not None:
            shutil.copy(vectors, job / "vectors.npz")
        atomic.write_bytes(job / "job.json", json.dumps(self._terms(events, positions)).encode())
        _forget(self._jobs)
        return job

    def _terms(self, events: int, positions: Mapping[int, int]) -> dict[str, Any]:
        wanted = self._settings
        return {
            "registry": str(self.registry.root),
            "graphs": str(wanted.graphs),
            "name": wanted.model,
            "parent": self.registry.champion(wanted.model),
            "budget_s": wanted.train_budget_s,
            "threads": wanted.train_threads,
            "device": wanted.device,
            "seed": wanted.seed,
            "history": wanted.history,
            "half_life_s": wanted.popularity_half_life_s,
            "events": events,
            "offsets": {wanted.topics.events.name: {str(p): at for p, at in positions.items()}},
        }

    async def run(self, job: Path) -> ModelRecord:
        """Train; a winner is the champion of the registry afterwards. Never raises for a failed
        training: that is a record too, with the reason."""
        started, limit_s = time.monotonic(), self._settings.train_budget_s + GRACE_S
        try:
            code, last = await self._child(job, limit_s)
            why = f"training ended with exit code {code}: {last}"
        except TimeoutError:
            code, why = -1, f"training was not done after {limit_s:.0f} s: too little CPU is free"
        result = job / "result.json"
        if code != 0 or not result.exists():
            return self._failed(job, why, time.monotonic() - started)
        record = ModelRecord.model_validate_json(result.read_bytes())
        if record.promoted:
            self.registry.promote(record.name, record.version)
            self.registry.prune(record.name)
        return record

    async def _child(self, job: Path, limit_s: float) -> tuple[int, str]:
        command = [sys.executable, "-m", "models", "fine-tune", str(job)]
        with (job / "train.log").open("wb") as errors:
            child = await asyncio.create_subprocess_exec(
                *command, stdout=asyncio.subprocess.PIPE, stderr=errors
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
            parent=self.registry.champion(self._settings.model), events=0, metrics={},
            train_seconds=seconds, device=self._settings.device,
            created_at=datetime.now(UTC).isoformat(),
        )  # fmt: skip


async def _report(child: asyncio.subprocess.Process) -> None:
    assert child.stdout is not None
    async for line in child.stdout:
        log.info("fine-tune %s", line.decode(errors="replace").rstrip())


def _forget(jobs: Path, keep: int = 3) -> None:
    old: Sequence[Path] = sorted(path for path in jobs.iterdir() if path.is_dir())[:-keep]
    for job in old:
        shutil.rmtree(job, ignore_errors=True)
