"""learn on a disk that is full or read-only: it says so, folds on, and keeps what it had."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from recaug.buffer import RollingBuffer
from recaug.collect import Collector
from recaug.errors import Failure
from recaug.quality import Quality
from recaug.settings import Settings
from streams.egress import Egress
from streams.learn import Learn
from streams.trainer import Trainer
from streams.vectors import Vectors
from tests.streams.test_erased import BOB, NOW_MS, batch, click

#: Enough for two checkpoints of these tests, not for a third with the ballast beside them.
SIZE = 1 << 20


class Disk:
    """A file system of its own, so that full is full and read-only is read-only, root or not."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._ballast = place / "ballast"

    def fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
            while True:
                file.write(bytes(4_096))

    def free(self) -> None:
        self._ballast.unlink()

    def freeze(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", str(self.place)], check=True)

    def thaw(self) -> None:
        subprocess.run(["mount", "-o", "remount,rw", str(self.place)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a file system of its own takes the right to mount one")
    yield Disk(place)
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def config(disk: Disk) -> Settings:
    return Settings(kafka="127.0.0.1:1", data_dir=disk.place, resend_window=100, buffer_events=100)


@pytest.fixture
def learn(config: Settings) -> Iterator[Learn]:
    egress = Egress(config.broker)
    yield Learn(config, egress, Vectors(config, egress), Quality())
    egress.close()


def events(config: Settings, first: int, count: int) -> object:
    topic = config.topics.events.name
    return batch(*(click(topic, n, BOB, NOW_MS + n) for n in range(first, first + count)))


def kept(config: Settings) -> int:
    """Events a restart finds in the checkpoint."""
    return Collector.load(config, config.data_dir / "learn" / "checkpoints").events


@pytest.mark.parametrize(
    ("break_it", "mend_it", "said"),
    [(Disk.fill, Disk.free, "No space left"), (Disk.freeze, Disk.thaw, "Read-only file system")],
)
async def test_folding_goes_on_and_nothing_is_lost(
    disk: Disk, config: Settings, learn: Learn, caplog: pytest.LogCaptureFixture,
    break_it: object, mend_it: object, said: str,
) -> None:  # fmt: skip
    await learn(events(config, 0, 5))  # type: ignore[arg-type]
    learn.checkpoint()
    break_it(disk)  # type: ignore[operator]
    await learn(events(config, 5, 5))  # type: ignore[arg-type]
    assert learn.checkpoint() is None
    assert learn._job("time") is None
    assert said in caplog.text and "folding goes on" in caplog.text
    assert kept(config) == 5  # the checkpoint before is whole, and still the current one
    await learn(events(config, 10, 5))  # type: ignore[arg-type]
    mend_it(disk)  # type: ignore[operator]
    assert learn.checkpoint() is not None
    assert kept(config) == 15
    assert not list((disk.place / "learn" / "checkpoints").glob(".*"))


async def test_a_job_for_which_there_is_no_room_is_none(
    disk: Disk, config: Settings, learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint was written with the last of the room."""
    await learn(events(config, 0, 5))  # type: ignore[arg-type]
    place = learn.checkpoint()
    monkeypatch.setattr(learn, "checkpoint", lambda: place)
    disk.freeze()
    assert learn._job("time") is None
    disk.thaw()
    assert learn._job("time") is not None


def test_a_start_on_a_disk_that_takes_nothing_says_what_to_do(disk: Disk, config: Settings) -> None:
    disk.freeze()
    with pytest.raises(Failure, match="learn cannot write to"):
        Trainer(config)
    disk.thaw()
    assert Trainer(config).champion() is None


async def test_a_winner_that_cannot_be_promoted_is_a_failed_attempt(
    disk: Disk, config: Settings, tmp_path: Path
) -> None:
    """The child has no room for its log, its bundle or its result: the old model serves on."""
    made = Trainer(config)
    held = RollingBuffer(1_000, 10**12)
    held.extend(["u"] * 50, ["i"] * 50, [1] * 50, list(range(50)))
    held.save(disk.place / "buffer.npz")
    job = made.prepare(disk.place / "buffer.npz", 50, {}, None)
    disk.freeze()
    record = await made.run(job)
    disk.thaw()
    assert not record.promoted
    assert record.version.startswith("failed-")
    assert "Read-only file system" in record.reason
