"""One instance per data directory, and what others can read about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recaug.errors import Failure
from recaug.local.instance import Child, Instance, Running, read, write
from recaug.local.process import identity


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    )


def test_run_json_is_what_the_commands_expect(tmp_path: Path) -> None:
    write(tmp_path, Running("k:1", "unix:///r", "http://p", 7, (Child("clean", 8, "s"),)))
    document = json.loads((tmp_path / "run.json").read_text())
    assert (document["kafka"], document["redis"]) == ("k:1", "unix:///r")
    assert document["page"] == "http://p"
    assert document["children"] == [{"name": "clean", "pid": 8, "started": "s"}]
    assert read(tmp_path) == Running("k:1", "unix:///r", "http://p", 7, (Child("clean", 8, "s"),))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"children": 3}', '{"children": [1]}'])
def test_a_damaged_run_json_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    assert read(tmp_path) is None


def test_a_second_instance_is_refused_and_told_how_to_stop_the_first(tmp_path: Path) -> None:
    with Instance(tmp_path), pytest.raises(Failure) as refused, Instance(tmp_path):
        pass
    assert str(os.getpid()) in refused.value.why
    assert f"kill -INT {os.getpid()}" in refused.value.mend


def test_after_a_normal_end_the_directory_is_free_and_says_nothing_runs(tmp_path: Path) -> None:
    with Instance(tmp_path) as instance:
        instance.update(Running(kafka="k:1", pid=os.getpid()))
        told = read(tmp_path)
        assert told is not None and told.alive
    assert read(tmp_path) is None
    with Instance(tmp_path):
        pass


def test_children_of_a_killed_run_are_ended(tmp_path: Path) -> None:
    left = sleeper()
    write(tmp_path, Running(pid=1, children=(Child("clean", left.pid, identity(left.pid)),)))
    with Instance(tmp_path) as instance:
        assert [child.name for child in instance.recovered] == ["clean"]
        assert left.wait(20) < 0
        assert read(tmp_path) is None


def test_a_stranger_that_got_the_pid_is_left_alone(tmp_path: Path) -> None:
    stranger = sleeper()
    try:
        write(tmp_path, Running(pid=1, children=(Child("clean", stranger.pid, "long ago"),)))
        with Instance(tmp_path) as instance:
            assert instance.recovered == ()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_fresh_deletes_what_is_ours_and_keeps_the_lock(tmp_path: Path) -> None:
    (tmp_path / "kafka" / "logs").mkdir(parents=True)
    (tmp_path / "faust-clean").mkdir()
    (tmp_path / ".run.json.7.aside").write_text('{"kafka": "127.')  # of a run killed as it wrote
    with Instance(tmp_path) as instance:
        instance.clear()
        assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_fresh_never_deletes_what_recaug_did_not_write(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    (tmp_path / "kafka").mkdir()
    with Instance(tmp_path) as instance, pytest.raises(Failure, match=r"not cleared.*thesis\.tex"):
        instance.clear()
    assert (tmp_path / "kafka").exists()


def test_a_directory_that_cannot_be_made_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match="cannot be used"), Instance(tmp_path / "file" / "data"):
        pass
