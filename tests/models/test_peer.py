"""A peer under a Python of its own."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from models.evaluation import evaluate
from models.peer import RecTools, interpreter
from recaug.errors import Failure
from recaug.evaluation.dataset import read
from recaug.evaluation.splits import split
from tests.models.test_evaluation import quiet, ring, terms


def test_where_it_is_not_installed_it_is_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECAUG_CACHE_DIR", str(tmp_path / "none"))
    assert interpreter() is None
    heard: list[str] = []
    found = evaluate(
        terms(ring(tmp_path, users=60), split="loo", models=("popular", "rectools")),
        time.monotonic(), quiet, heard.append,
    )  # fmt: skip
    assert list(found["models"]) == ["popular"]
    assert [line for line in heard if "rectools is left out" in line]


def test_the_newest_environment_that_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECAUG_CACHE_DIR", str(tmp_path))
    for name in ("rectools-a", "rectools-b", "quix-c"):
        (tmp_path / "peers" / name).mkdir(parents=True)
    (tmp_path / "peers/quix-c/complete").touch()
    assert interpreter() is None
    (tmp_path / "peers/rectools-b/complete").touch()
    assert interpreter() == tmp_path / "peers/rectools-b/bin/python"


def test_what_it_says_when_it_fails_is_told(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such module >&2\nexit 1\n")
    python.chmod(0o755)
    (fold,) = split(read(ring(tmp_path, users=20)), "loo").folds
    with pytest.raises(Failure, match="RecTools cannot be trained") as caught:
        RecTools(python, lambda: 1.0, seed=0).fit(fold)
    assert "no such module" in caught.value.explain()


def test_its_vectors_are_scores_of_the_targets_they_were_made_for(tmp_path: Path) -> None:
    """A stand-in that answers as the peer does: each history is the vector of its last item."""
    python = tmp_path / "python"
    code = tmp_path / "peer.py"
    code.write_text(
        "import sys, pathlib, numpy as np\n"
        "place = pathlib.Path(sys.argv[3])\n"
        "log = np.load(place / 'log.npz')\n"
        "size = int(log['size'])\n"
        "items = np.eye(size, dtype=np.float32)\n"
        "known = np.arange(size) != 3\n"
        "vectors = items[log['test'][:, -1]]\n"
        "np.savez(place / 'made.npz', items=items, known=known, vectors=vectors)\n"
    )
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {code} "$@"\n')
    python.chmod(0o755)
    (fold,) = split(read(ring(tmp_path, users=20)), "loo").folds
    peer = RecTools(python, lambda: 1.0, seed=0)
    peer.fit(fold)
    scores = peer.score(fold.test.part(slice(3, 7)))
    assert scores.shape == (4, fold.size)
    last = fold.source.rows[fold.test.at[3:7] - 1]
    assert (np.isneginf(scores) == (np.arange(fold.size) == 3)).all()
    assert all(line.argmax() == row for line, row in zip(scores, last, strict=True) if row != 3)
