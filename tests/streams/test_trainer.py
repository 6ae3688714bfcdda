"""Whatever becomes of the child that trains, there is a record of it and the service goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recaug.buffer import RollingBuffer
from recaug.settings import Settings
from streams import trainer
from streams.trainer import Trainer


@pytest.fixture
def buffer(tmp_path: Path) -> Path:
    held = RollingBuffer(1_000, 10**12)
    users = [f"u{n % 10}" for n in range(100)]
    items = [f"i{n % 7}" for n in range(100)]
    held.extend(users, items, [1] * 100, list(range(100)))
    held.save(tmp_path / "buffer.npz")
    return tmp_path / "buffer.npz"


def test_a_job_says_what_to_train_on_and_where_it_came_from(tmp_path: Path, buffer: Path) -> None:
    made = Trainer(Settings(data_dir=tmp_path, train_budget_s=3))
    job = made.prepare(buffer, 100, {0: 60, 1: 40}, None)
    terms = json.loads((job / "job.json").read_bytes())
    assert terms["offsets"] == {"recaug.events": {"0": 60, "1": 40}}
    assert (terms["parent"], terms["events"], terms["budget_s"]) == (None, 100, 3)
    assert len(RollingBuffer.load(job / "buffer.npz")) == 100


def test_only_the_newest_jobs_are_kept(tmp_path: Path, buffer: Path) -> None:
    made = Trainer(Settings(data_dir=tmp_path))
    old = [f"{1_700_000_000_000 + number}" for number in range(5)]
    for name in old:
        (tmp_path / "learn" / "jobs" / name).mkdir(parents=True)
    newest = made.prepare(buffer, 100, {}, None)
    kept = sorted(path.name for path in newest.parent.iterdir())
    assert kept == [*old[-2:], newest.name]


async def test_a_child_that_fails_is_a_failed_attempt(tmp_path: Path, buffer: Path) -> None:
    made = Trainer(Settings(data_dir=tmp_path))
    job = made.prepare(buffer, 100, {}, None)
    (job / "buffer.npz").write_bytes(b"not an archive")
    record = await made.run(job)
    assert not record.promoted
    assert "exit code 2" in record.reason
    assert made.registry.champion("main") is None


async def test_a_child_that_is_not_done_in_time_is_ended(
    tmp_path: Path, buffer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "GRACE_S", 0.0)
    made = Trainer(Settings(data_dir=tmp_path, train_budget_s=0.3))
    record = await made.run(made.prepare(buffer, 100, {}, None))
    assert not record.promoted
    assert "not done after 0 s" in record.reason
