from pathlib import Path

import pytest

from recaug import atomic


def test_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    atomic.write_bytes(path, b"old")
    atomic.write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    atomic.write_bytes(path, b"old")
    with pytest.raises(TypeError):
        atomic.write_bytes(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_directory_is_there_once_it_is_filled(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a"
    with atomic.directory(path) as aside:
        (aside / "file").write_bytes(b"x")
        assert not path.exists()
    assert (path / "file").read_bytes() == b"x"
    assert [p.name for p in path.parent.iterdir()] == ["a"]


def test_nothing_is_left_of_a_directory_that_could_not_be_filled(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic.directory(tmp_path / "a") as aside:
        (aside / "file").write_bytes(b"x")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_a_directory_that_holds_something_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.mkdir()
    (path / "file").write_bytes(b"old")
    with pytest.raises(OSError, match="not empty"), atomic.directory(path):
        pass
    assert (path / "file").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_what_is_hidden_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    for name in ("a", ".b.1.aside"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"x")
    (tmp_path / ".c.1.aside").write_bytes(b"half")
    atomic.hide(tmp_path / "a")
    assert not (tmp_path / "a").exists()
    atomic.sweep(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]
