"""Checkpoints and bundles survive a crash at every call that touches the disk, and every error."""

from __future__ import annotations

import logging
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from recaug.checkpoint import CURRENT
from recaug.collect import Collector
from recaug.registry import Registry
from tests.e2e.faults.points import ABOUT, AFTER, BEFORE, CONFIG, FILES, LOG
from tests.e2e.house import ROOT

pytestmark = pytest.mark.e2e

HARMS = ["kill", "ENOSPC", "EROFS", "EIO"]


def strike(operation: str, harm: str, base: Path, out: Path) -> list[tuple[str, Path]]:
    """Every copy with what hit it, and the last with `nothing`."""
    command = [
        sys.executable,
        "-m",
        "tests.e2e.faults.points",
        operation,
        harm,
        str(base),
        str(out),
    ]
    out.mkdir()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return list(zip([*done.stdout.splitlines(), "nothing"], sorted(out.iterdir()), strict=True))


def folded(collector: Collector) -> tuple[int, dict[int, int], list[tuple[str, str, int]]]:
    """All there is to know of what has been learned from."""
    held = collector.buffer.snapshot()
    users = [held.user_ids[number] for number in held.users]
    items = [held.item_ids[number] for number in held.items]
    rows = list(zip(users, items, held.times_ms.tolist(), strict=True))
    return collector.events, collector.positions, rows


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A checkpoint of the first `BEFORE` events."""
    collector = Collector(CONFIG)
    collector.fold(LOG[:BEFORE])
    collector.save(tmp_path / "base")
    return tmp_path / "base"


@pytest.mark.parametrize("harm", HARMS)
def test_every_event_counts_once_whatever_a_checkpoint_met(
    base: Path, tmp_path: Path, harm: str
) -> None:
    """F13, F15: what is left loads, and reading on from there ends where no fault would have."""
    unharmed = Collector(CONFIG)
    unharmed.fold(LOG)
    struck = strike("checkpoint", harm, base, tmp_path / "out")
    calls = [call.split()[0] for call, _ in struck]
    assert {"fsync", "rename", "replace", "mkdir"} <= {*calls}
    assert len(calls) >= 8
    for call, place in struck:
        left = Collector.load(CONFIG, place)
        assert left.events == (AFTER if call == "nothing" else left.events), call
        assert left.events in (BEFORE, AFTER), call
        left.fold(LOG)
        assert folded(left) == folded(unharmed), call
        left.save(place)
        assert folded(Collector.load(CONFIG, place)) == folded(unharmed), call


@pytest.mark.parametrize("harm", HARMS)
def test_the_champion_is_whole_whatever_publishing_met(tmp_path: Path, harm: str) -> None:
    """F13, F15: one of the two is served, whole; the next model can be published."""
    first = Registry(tmp_path / "base")
    first.write("main", "v1", FILES, ABOUT)
    first.promote("main", "v1")
    struck = strike("publish", harm, tmp_path / "base", tmp_path / "out")
    assert len(struck) >= 8
    for call, place in struck:
        registry = Registry(place)
        champion = registry.champion("main")
        assert champion == "v2" if call == "nothing" else champion in ("v1", "v2"), call
        assert champion is not None
        assert registry.open("main", champion).manifest.version == champion, call
        registry.write("main", "v3", FILES, ABOUT)
        registry.promote("main", "v3")
        registry.prune("main", keep=1)
        assert registry.champion("main") == "v3", call
        assert not [path for path in (place / "main").iterdir() if path.name.startswith(".")], call


def test_a_checkpoint_cut_off_in_the_middle_of_a_file_is_as_if_it_never_began(base: Path) -> None:
    """F13: a file cannot grow beyond 512 bytes, and the kernel kills who tries."""
    call = f"from tests.e2e.faults.points import Path, cut; cut(Path({str(base)!r}))"
    done = subprocess.run([sys.executable, "-c", call], cwd=ROOT, capture_output=True)
    assert done.returncode == -signal.SIGXFSZ, done.stderr
    assert Collector.load(CONFIG, base).events == BEFORE


@pytest.mark.parametrize("harm", HARMS)
def test_writing_the_same_checkpoint_again_never_leaves_none(
    base: Path, tmp_path: Path, harm: str
) -> None:
    """F13: a stop with nothing new since the last checkpoint."""
    for call, place in strike("again", harm, base, tmp_path / "out"):
        assert Collector.load(CONFIG, place).events == BEFORE, call


Corrupt = Callable[[Path], object]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


DAMAGE: dict[str, Corrupt] = {
    "a bit is flipped": flip,
    "half is gone": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "it is empty": lambda path: path.write_bytes(b""),
    "it is gone": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_checkpoint_is_passed_over_and_said(
    base: Path, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """F14: whichever file it is, the one before is taken, and what came since is read again."""
    collector = Collector.load(CONFIG, base)
    collector.fold(LOG)
    newest = collector.save(base)
    for file in sorted(path for path in newest.iterdir() if path.stat().st_size):
        place = tmp_path / f"damaged-{file.name}"
        shutil.copytree(base, place)
        DAMAGE[damage](place / newest.name / file.name)
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            left = Collector.load(CONFIG, place)
        assert left.events == BEFORE, file.name
        assert caplog.records, file.name
        left.fold(LOG)
        assert folded(left) == folded(collector), file.name


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_pointer_to_the_checkpoint_costs_at_most_reading_again(
    base: Path, damage: str
) -> None:
    """F14: `CURRENT` itself."""
    DAMAGE[damage](base / CURRENT)
    left = Collector.load(CONFIG, base)
    left.fold(LOG)
    unharmed = Collector(CONFIG)
    unharmed.fold(LOG)
    assert folded(left) == folded(unharmed)
