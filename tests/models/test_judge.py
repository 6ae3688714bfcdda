"""The judge's eye for new items: what came with the validation is what a new item is in service."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.job import Job, Terms
from models.judge import _earlier, _log_odds, _untouched
from models.sequence import SequenceModel, Shape
from models.split import Split, split
from recaug.buffer import RollingBuffer
from tests.models.conftest import HISTORY, ITEMS, walks

USERS, STEPS = 60, 20


def late(told: str, untold: str) -> RollingBuffer:
    """Walks, and in the validation, a twentieth before the newest fifth, two items that are new."""
    buffer = RollingBuffer(USERS * STEPS, 10**12)
    known = walks(USERS, STEPS, seed=1).snapshot()
    items = np.array(known.item_ids, dtype=object)[known.items]
    first = USERS * (STEPS - STEPS // 5 - 1)
    items[first : first + USERS] = [told, untold] * (USERS // 2)
    users = [known.user_ids[user] for user in known.users]
    buffer.extend(users, list(items), known.kinds.tolist(), known.times_ms.tolist())
    return buffer


def test_what_came_with_the_validation_is_where_its_text_says_or_unknown(tmp_path: Path) -> None:
    turn = np.arange(ITEMS) * 2 * np.pi / ITEMS
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    vectors = {f"i{n}": vector for n, vector in enumerate(ring)} | {"told": ring[0]}
    terms = Terms(registry=tmp_path, name="main", history=HISTORY)
    job = Job(tmp_path, terms, late("told", "untold").snapshot(), vectors)
    data = split(job.snapshot, [], HISTORY, 1_000)
    model = SequenceModel(Shape(width=16, history=HISTORY), data.rows, 0.0)

    new = _untouched(data, data.fold().known)
    assert {data.vocabulary[row - 2] for row in np.flatnonzero(new)} == {"told", "untold"}
    told, untold = (data.vocabulary.index(name) + 2 for name in ("told", "untold"))
    own = _log_odds(model, data)(data.validation)
    found = _earlier(job, data, model, new)(data.validation)
    assert np.isneginf(found[:, untold]).all()
    assert np.isfinite(np.delete(found, untold, axis=1)).all()
    np.testing.assert_allclose(found[:, ~new], own[:, ~new], rtol=1e-4, atol=1e-4)
    assert not np.allclose(found[:, told], own[:, told])


def test_what_the_parent_knew_is_never_new(tmp_path: Path) -> None:
    snapshot = late("told", "untold").snapshot()
    data: Split = split(snapshot, ["gone", "told"], HISTORY, 1_000)
    new = _untouched(data, data.fold().known)
    assert [data.vocabulary[row - 2] for row in np.flatnonzero(new)] == ["untold"]
