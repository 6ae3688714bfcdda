"""New items to the judge: what came with the validation, and what nobody has touched yet."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.job import Job, Terms
from models.newcomers import newcomers
from models.sequence import SequenceModel, Shape
from models.split import split
from models.train import scorer
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
    vectors = {f"i{n}": vector for n, vector in enumerate(ring)}
    vectors |= {"told": ring[0], "untouched": ring[3], "unreadable": np.ones(3, np.float32)}
    terms = Terms(registry=tmp_path, name="main", history=HISTORY)
    job = Job(tmp_path, terms, late("told", "untold").snapshot(), vectors)
    data = split(job.snapshot, [], HISTORY, 1_000)
    model = SequenceModel(Shape(width=16, history=HISTORY), data.rows)

    early = newcomers(job, data, model, data.fold().known)
    names = ["", "", *data.vocabulary, "untouched", "unreadable"]
    new = {name for name, is_new in zip(names, early.new, strict=True) if is_new}
    assert new == {"told", "untold", "untouched", "unreadable"}
    own = scorer(model, data.source)(data.validation) / model.encoder.shape.temperature
    found = early.score(data.validation)
    silent = np.isin(names, ["untold", "unreadable"])
    assert np.isneginf(found[:, silent]).all()
    assert np.isfinite(found[:, ~silent]).all()
    old = ~early.new[: data.rows]
    np.testing.assert_allclose(found[:, : data.rows][:, old], own[:, old], rtol=1e-4, atol=1e-4)
    told = names.index("told")
    assert not np.allclose(found[:, told], own[:, told])


def test_what_the_parent_knew_is_never_new(tmp_path: Path) -> None:
    terms = Terms(registry=tmp_path, name="main", history=HISTORY)
    job = Job(tmp_path, terms, late("told", "untold").snapshot(), {})
    data = split(job.snapshot, ["gone", "told"], HISTORY, 1_000)
    model = SequenceModel(Shape(width=16, history=HISTORY), data.rows)
    new = newcomers(job, data, model, data.fold().known).new
    assert [data.vocabulary[row - 2] for row in np.flatnonzero(new)] == ["untold"]
