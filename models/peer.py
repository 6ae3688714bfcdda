"""RecTools' SASRec as a contender, trained in a child under the Python that has it.

It pins another numpy than ours and so lives in an environment of its own, the one that the benches
make (`python -m bench train`) under RECAUG_CACHE_DIR.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from recaug.batch import Float32, Int64, windows
from recaug.errors import Failure
from recaug.evaluation import Bool, Scores, Targets
from recaug.evaluation.splits import Fold
from recaug.settings import Settings

#: Newest events of a history that it reads, by its own default.
LENGTH = 100
#: Of its time, what is kept for ranking.
RESERVE = 0.15


def interpreter() -> Path | None:
    """A Python that has RecTools, ours or one of its own; None where there is none."""
    if importlib.util.find_spec("rectools"):
        return Path(sys.executable)
    made = Settings().cache / "peers"
    ready = sorted(made.glob("rectools-*/complete"), key=lambda file: file.stat().st_mtime)
    return ready[-1].with_name("bin") / "python" if ready else None


class RecTools:
    """Learns each fold from nothing: it has no way to take in new items."""

    name = "rectools"

    def __init__(self, python: Path, time_s: Callable[[], float], seed: int) -> None:
        """`time_s` tells how long the next fold may take."""
        self._python, self._time_s, self._seed = python, time_s, seed
        self._at: Int64 = np.zeros(0, np.int64)
        self._vectors: Float32 = np.zeros((0, 0), np.float32)
        self._items: Float32 = np.zeros((0, 0), np.float32)
        self._known: Bool = np.zeros(0, np.bool_)

    def fit(self, fold: Fold) -> None:
        until_s = time.time() + self._time_s() * (1 - RESERVE)
        with tempfile.TemporaryDirectory() as place:
            told: dict[str, Any] = {**_told(fold), "until_s": until_s, "seed": self._seed}
            np.savez(Path(place) / "log.npz", **told)
            self._train(Path(place))
            with np.load(Path(place) / "made.npz") as made:
                vectors, self._items, self._known = made["vectors"], made["items"], made["known"]
        order = np.argsort(fold.test.at)
        self._at, self._vectors = fold.test.at[order], vectors[order]

    def score(self, part: Targets) -> Scores:
        vectors = self._vectors[np.searchsorted(self._at, part.at)]  # (b, d)
        return np.where(self._known, vectors @ self._items.T, -np.inf)

    def _train(self, place: Path) -> None:
        root = Path(__file__).resolve().parents[1]
        done = subprocess.run(
            [str(self._python), "-m", "models.peers.rectools", str(place)],
            env={**os.environ, "PYTHONPATH": str(root)}, cwd=root, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise Failure(
                "RecTools cannot be trained", done.stderr.strip()[-1_500:],
                "leave it out: recaug evaluate --models without rectools",
            )  # fmt: skip


def _told(fold: Fold) -> dict[str, Int64]:
    """What `models.peers.rectools` reads."""
    source = fold.source
    at = np.flatnonzero(fold.known)
    at = at[np.lexsort((source.order[at], source.times_ms[at]))]
    return {
        "users": source.owners()[at], "items": source.rows[at],
        "valid": _histories(fold, fold.validation), "wanted": _shown(fold, fold.validation.rows),
        "test": _histories(fold, fold.test), "size": np.array(fold.size),
        "hides": np.array(not fold.repeats),
    }  # fmt: skip


def _histories(fold: Fold, part: Targets) -> Int64:
    rows = windows(fold.source, part.starts, part.at, part.asked_ms, LENGTH).items
    return _shown(fold, rows)


def _shown(fold: Fold, rows: Int64) -> Int64:
    """Rows of the fold; 0 for those of later ones."""
    return np.where(rows < fold.size, rows, 0)
