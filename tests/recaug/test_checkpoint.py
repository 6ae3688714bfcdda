"""A checkpoint is whole or passed over; what is lost with it the log still holds."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from recaug import checkpoint


def write(content: bytes) -> Callable[[Path], None]:
    """What puts two files into a checkpoint, one of them this."""

    def put(place: Path) -> None:
        (place / "a").write_bytes(content)
        (place / "empty").write_bytes(b"")

    return put


def read(place: Path) -> bytes:
    return (place / "a").read_bytes()


def test_the_newest_is_the_current_one_and_one_before_it_is_kept(tmp_path: Path) -> None:
    assert checkpoint.load(tmp_path, read) is None
    for number in range(5):
        checkpoint.save(tmp_path, write(b"%d" % number))
    assert checkpoint.load(tmp_path, read) == b"4"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["000000000004", "000000000005", "CURRENT"]


def test_sha256sum_agrees(tmp_path: Path) -> None:
    place = checkpoint.save(tmp_path, write(b"x"))
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=place, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("harm", "left"),
    [
        (lambda place: (place / "a").write_bytes(b"X"), b"old"),
        (lambda place: (place / "a").write_bytes(b""), b"old"),
        (lambda place: (place / "a").unlink(), b"old"),
        (lambda place: (place / "more").write_bytes(b""), b"old"),
        (lambda place: (place / "SHA256SUMS").unlink(), b"old"),
        (lambda place: (place / "SHA256SUMS").write_bytes(b""), b"old"),
        (lambda place: (place / "SHA256SUMS").write_bytes(b"\xff" * 100), b"old"),
        (shutil.rmtree, b"old"),
        (lambda place: (place.parent / "CURRENT").write_bytes(b""), b"new"),
        (lambda place: (place.parent / "CURRENT").write_bytes(b"../../etc"), b"new"),
        (lambda place: (place.parent / "CURRENT").unlink(), b"new"),
    ],
)
def test_damage_is_passed_over_said_and_gone(
    tmp_path: Path, harm: Callable[[Path], object], left: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint.save(tmp_path, write(b"old"))
    harm(checkpoint.save(tmp_path, write(b"new")))
    assert checkpoint.load(tmp_path, read) == left
    assert "going on from checkpoint" in caplog.text
    caplog.clear()
    assert checkpoint.load(tmp_path, read) == left
    assert caplog.text == ""  # it is settled: the next start has nothing to complain of
    checkpoint.save(tmp_path, write(b"newer"))
    assert checkpoint.load(tmp_path, read) == b"newer"


def test_where_none_is_whole_the_log_is_read_from_its_beginning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for content in (b"old", b"new"):
        (checkpoint.save(tmp_path, write(content)) / "a").write_bytes(b"")
    assert checkpoint.load(tmp_path, read) is None
    assert "from its beginning" in caplog.text


def test_a_write_that_fails_leaves_the_one_before_and_no_litter(tmp_path: Path) -> None:
    def fail(place: Path) -> None:
        (place / "a").write_bytes(b"half")
        raise OSError("disk full")

    checkpoint.save(tmp_path, write(b"old"))
    with pytest.raises(OSError, match="disk full"):
        checkpoint.save(tmp_path, fail)
    assert checkpoint.load(tmp_path, read) == b"old"
    assert not list(tmp_path.glob(".*"))


def test_what_a_killed_process_left_is_swept_up(tmp_path: Path) -> None:
    (tmp_path / ".000000000001.aside").mkdir()
    (tmp_path / ".CURRENT.123.aside").write_bytes(b"half")
    checkpoint.save(tmp_path, write(b"x"))
    assert not list(tmp_path.glob(".*"))
