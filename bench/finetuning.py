"""A fine-tune that runs beside what is measured, as learn runs it: a niced child, one thread."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from bench.stage import environment
from recaug.buffer import RollingBuffer
from recaug.errors import Failure
from recaug.local.process import spawn, stop
from recaug.settings import Settings

EVENTS, USERS, ITEMS = 300_000, 5_000, 10_000
#: Longer than any measurement it runs beside.
BUDGET_S = 600.0


@contextmanager
def fine_tuning(settings: Settings) -> Iterator[None]:
    """Train on a made-up log of 10,000 items; entered when the first step has been taken."""
    job = settings.data_dir / "bench-job"
    job.mkdir()
    _buffer().save(job / "buffer.npz")
    terms = {
        "registry": str(settings.data_dir / "bench-registry"),
        "name": "bench", "budget_s": BUDGET_S, "threads": settings.train_threads, "device": "cpu",
    }  # fmt: skip
    (job / "job.json").write_text(json.dumps(terms))
    command = [sys.executable, "-m", "models", "fine-tune", str(job)]
    child = spawn(
        command, job / "train.log", env=environment(settings), cwd=job, stdout=subprocess.PIPE
    )
    try:
        _wait_for_training(child)
        yield
        if child.poll() is not None:
            why = (job / "train.log").read_text(errors="replace")[-500:]
            raise Failure("the fine-tune ended before the measurement", why, "look at models/")
    finally:
        stop(child, 1.0)


def _wait_for_training(child: subprocess.Popen[bytes]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if json.loads(line)["stage"] == "train":
            return


def _buffer() -> RollingBuffer:
    chance = np.random.default_rng(0)
    users = chance.integers(0, USERS, EVENTS)
    items = (chance.zipf(1.3, EVENTS) - 1) % ITEMS
    now_ms = int(time.time() * 1000)
    times = np.linspace(now_ms - 3_600_000, now_ms, EVENTS).astype(np.int64)
    buffer = RollingBuffer(EVENTS, 30 * 86_400_000)
    buffer.extend([f"u{n}" for n in users], [f"i{n}" for n in items], [1] * EVENTS, times.tolist())
    return buffer
