from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from recaug.errors import Failure
from recaug.replay import in_time_order, open_source
from recaug.replay.periods import period_files


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "period_0.txt").write_text("s1 a\ns1 b\ns2 a\n")
    (tmp_path / "period_10.txt").write_text("s1 d\nwithout\n")
    (tmp_path / "period_2.txt.gz").write_bytes(gzip.compress(b"s1 c\n"))
    (tmp_path / "README.md").write_text("not a period")
    return tmp_path


def test_periods_follow_each_other_and_sessions_stay_whole(directory: Path) -> None:
    source = open_source(directory)
    assert (source.form, source.timed) == ("directory", False)
    count, found = in_time_order(source.happenings)
    clicks = [(one.number, one.event["user_id"], one.event["item_id"]) for one in found]
    assert clicks == [
        (1, "0-s1", "a"), (2, "0-s1", "b"), (3, "0-s2", "a"), (4, "1-s1", "c"), (5, "2-s1", "d"),
    ]  # fmt: skip
    assert (count, source.tally.lines, source.tally.used) == (5, 6, 5)
    assert source.tally.unusable == {"without a user and an item": 1}


def test_one_period_is_no_directory_of_them(tmp_path: Path) -> None:
    (tmp_path / "period_0.txt").write_text("s a\n")
    with pytest.raises(Failure, match="no directory of periods"):
        period_files(tmp_path)
    with pytest.raises(Failure, match="no directory of periods"):
        open_source(tmp_path)
