"""Steps of a fine-tune: events learned for a second of processor time, one thread.

Both sides train on MovieLens 100k with the same width, blocks, heads, length, dropout and a softmax
over the whole catalogue, and are stopped after some seconds of processor time. An event is one
position whose successor is asked; reading data and starting up are not counted. Ours also reads
event kinds and time gaps, pools, and makes augmented views of a fifth of its windows, as it does
when it is deployed. *RecTools* is its `SASRecModel` under Lightning, with its own batch size of
128; ours has 32.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench import environment
from bench.datasets import dataset
from bench.progress import say
from bench.result import Result, shown
from recaug.errors import Failure
from recaug.local.programs import checkout

#: What both sides have in common.
SHAPE = {"width": 64, "blocks": 1, "heads": 2, "length": 50, "dropout": 0.2}
PATIENCE_S = 300.0


def run(quick: bool) -> Iterator[Result]:
    """Rounds in turn, each in a process of its own."""
    rounds, budget_s = (1, 3.0) if quick else (5, 15.0)
    log = dataset("ml-100k/ml-100k.inter.gz")
    theirs_python = environment.python("rectools")
    rates: dict[str, list[float]] = {"ours": [], "rectools": []}
    for number in range(rounds):
        rates["ours"].append(_rate(Path(sys.executable), "bench.steps", log, budget_s))
        rates["rectools"].append(_rate(theirs_python, "bench.peers.rectools", log, budget_s))
        said = ", ".join(f"{name} {shown(found[-1])}" for name, found in rates.items())
        say(f"train round {number + 1}: {said} events/cpu s")
    yield Result.of_rates(
        "train", rates["ours"], "RecTools 0.19 SASRec", rates["rectools"], "events/cpu s",
        data=log.parent.name, loss="softmax", threads=1, **SHAPE, rounds=rounds,
        budget_s=budget_s,
    )  # fmt: skip


def _rate(python: Path, module: str, log: Path, budget_s: float) -> float:
    env = {**os.environ, "PYTHONPATH": str(checkout()), "OMP_NUM_THREADS": "1"}
    command = [str(python), "-m", module, str(log), json.dumps({**SHAPE, "budget_s": budget_s})]
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode != 0:
        raise Failure(f"{module} failed", done.stderr[-1_500:], "see the lines above")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return float(found["events"] / found["cpu_s"])
