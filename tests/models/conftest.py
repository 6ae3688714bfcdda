"""A log whose right answers are known, made once."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from models.text import export_encoder, prepared
from recaug.buffer import RollingBuffer
from recaug.settings import Settings

#: Short, so that tests are quick.
HISTORY = 8
ITEMS = 40
#: Ids of users begin so, unmistakably: no file of a model may hold one.
WALKER = "walker-7f3a91c2-"


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def data() -> Path:
    """The data sets: RECAUG_DATA, else `shared/data` beside the checkout."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    place = Path(os.environ.get("RECAUG_DATA", beside))
    if not place.is_dir():
        pytest.fail(f"no data sets in {place}: set RECAUG_DATA to the directory of ml-100k")
    return place


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default text encoder as ONNX, written by this run."""
    place = tmp_path_factory.mktemp("encoders") / "minilm"
    export_encoder("", place)
    return place


@pytest.fixture(scope="session")
def encoder() -> Path:
    """The default text encoder as `make setup` has written it, which takes seconds."""
    return prepared(Settings())


def walks(users: int, events: int, seed: int, sure: float = 0.9) -> RollingBuffer:
    """Users who go around a ring of items: after i comes i + 1, or anything with 1 − `sure`.

    Every item is as popular as the next, so only the order can be learned from.
    """
    rng = np.random.default_rng(seed)
    at = rng.integers(0, ITEMS, users)
    buffer = RollingBuffer(users * events, 10**12)
    for step in range(events):
        jump = rng.random(users) > sure
        at = np.where(jump, rng.integers(0, ITEMS, users), (at + 1) % ITEMS)
        # Milliseconds apart, so that the order of the log is the order of time.
        times = step * 30_000 + np.arange(users)
        names = [f"{WALKER}{user}" for user in range(users)]
        buffer.extend(names, [f"i{item}" for item in at], [1] * users, times.tolist())
    return buffer
