"""Whatever becomes of the child that trains, there is a record of it and the service goes on."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from models.__main__ import AUTOGROUP
from recaug.buffer import RollingBuffer
from recaug.registry import Registry
from recaug.settings import Settings
from streams import trainer
from streams.trainer import Trainer
from tests.recaug.test_registry import ABOUT


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
    job = made.prepare(buffer, 100, {0: 60, 1: 40}, None, {1: 7})
    terms = json.loads((job / "job.json").read_bytes())
    assert terms["offsets"] == {"recaug.events": {"0": 60, "1": 40}, "recaug.users": {"1": 7}}
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
    ours = AUTOGROUP.read_text() if AUTOGROUP.exists() else ""
    record = await made.run(job)
    if ours:  # the child gives way; whoever started it does not
        assert AUTOGROUP.read_text() == ours
    assert not record.promoted
    assert "exit code 2" in record.reason
    assert not (job / "buffer.npz").exists()  # nobody's events are kept for a failure
    assert made.registry.champion("main") is None


async def test_a_child_that_is_not_done_in_time_is_ended(
    tmp_path: Path, buffer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "GRACE_S", 0.0)
    made = Trainer(Settings(data_dir=tmp_path, train_budget_s=0.3))
    record = await made.run(made.prepare(buffer, 100, {}, None))
    assert not record.promoted
    assert "not done after 0 s" in record.reason


@pytest.mark.parametrize(
    "result", [None, b"", b"{", b"[]", b'{"name": "main", "version": "v1"}', b"\xff" * 50]
)
async def test_a_result_that_is_none_is_a_failed_attempt(
    tmp_path: Path, buffer: Path, result: bytes | None
) -> None:
    made = Trainer(Settings(data_dir=tmp_path))
    job = made.prepare(buffer, 100, {}, None)
    if result is not None:
        (job / "result.json").write_bytes(result)
    with pytest.raises((OSError, ValidationError)):
        made._outcome(job)


def bundles(made: Trainer, *versions: str) -> None:
    """Write these and promote each in turn."""
    for version in versions:
        made.registry.write("main", version, {"x": b"x"}, ABOUT)
        made.registry.promote("main", version)


def test_a_damaged_champion_is_replaced_by_the_newest_that_is_whole(tmp_path: Path) -> None:
    made = Trainer(Settings(data_dir=tmp_path))
    bundles(made, "v1", "v2", "v3")
    before = made.registry.promotion("main")
    assert made.healed() is None
    assert made.parent == "v3"
    (made.registry.root / "main" / "v3" / "x").write_bytes(b"y")
    healed = made.healed()
    assert made.parent == "v2"
    assert healed is not None and before is not None
    assert (healed.version, made.champion()) == ("v2", "v2")
    # An act of its own: later than what the workers have, and signed.
    assert healed.promotion == made.registry.promotion("main")
    assert healed.promotion.sequence > before.sequence
    assert made.healed() is None


def test_after_a_rollback_the_way_back_is_further_back(tmp_path: Path) -> None:
    """v3 was rolled back from by hand: damage to v2 is no reason to serve it again."""
    made = Trainer(Settings(data_dir=tmp_path))
    bundles(made, "v1", "v2", "v3")
    made.registry.promote("main", "v2")
    (made.registry.root / "main" / "v2" / "x").write_bytes(b"y")
    healed = made.healed()
    assert healed is not None
    assert healed.version == "v1"


def test_one_job_in_so_many_begins_from_nothing(tmp_path: Path, buffer: Path) -> None:
    made = Trainer(Settings(data_dir=tmp_path, train_audit_every=2))
    bundles(made, "v1")
    made.healed()
    terms = []
    for _ in range(4):
        job = made.prepare(buffer, 100, {}, None, trigger="drift")
        terms.append(json.loads((job / "job.json").read_bytes()))
        time.sleep(0.002)  # a job is named by its millisecond
    assert [one["afresh"] for one in terms] == [False, True, False, True]
    assert {(one["trigger"], one["parent"]) for one in terms} == {("drift", "v1")}


def test_the_way_back_is_to_what_a_model_was_trained_from(tmp_path: Path) -> None:
    made = Trainer(Settings(data_dir=tmp_path))
    assert made.predecessor() is None
    bundles(made, "v1")
    assert made.predecessor() is None
    made.registry.write("main", "v2", {"x": b"x"}, {**ABOUT, "parent": "v1"})
    late = made.registry.promote("main", "v2")
    assert made.predecessor() == ("v2", "v1")
    back = made.roll_back("v1")
    assert back is not None
    assert back.promotion == made.registry.promotion("main")
    assert back.promotion.sequence > late.sequence
    assert (made.champion(), made.parent, made.predecessor()) == ("v1", "v1", None)
    assert made.roll_back("v0") is None
    assert made.champion() == "v1"


@pytest.mark.parametrize("alias", [b"", b"v2\n", b"{}", b"\xff"])
def test_a_damaged_alias_is_written_anew(tmp_path: Path, alias: bytes) -> None:
    made = Trainer(Settings(data_dir=tmp_path))
    bundles(made, "v1", "v2")
    before = made.registry.promotion("main")
    (made.registry.root / "main" / "champion").write_bytes(alias)
    assert made.champion() is None
    served = made.served()
    assert served is not None and before is not None
    assert (served.version, made.champion()) == ("v2", "v2")
    assert served.promotion.sequence >= before.sequence


def test_where_nothing_is_whole_training_starts_from_nothing(
    tmp_path: Path, buffer: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = Trainer(Settings(data_dir=tmp_path))
    bundles(made, "v1")
    assert made.served() is not None
    (made.registry.root / "main" / "v1" / "x").write_bytes(b"y")
    assert made.healed() is None
    assert "starts from nothing" in caplog.text
    terms = json.loads((made.prepare(buffer, 100, {}, None) / "job.json").read_bytes())
    assert terms["parent"] is None


def test_a_bundle_of_before_there_were_signatures_is_not_served(tmp_path: Path) -> None:
    made = Trainer(Settings(data_dir=tmp_path))
    Registry(made.registry.root).write("main", "v1", {"x": b"x"}, ABOUT)
    (made.registry.root / "main" / "champion").write_bytes(b"v1\n")
    assert made.served() is None
    assert made.champion() is None
