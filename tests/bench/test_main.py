"""The command: what it accepts, prints and writes, with benches that take no time."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

import bench.__main__ as command
from bench.result import Result


def test_every_bench_is_there_and_says_what_it_measures() -> None:
    for name in command.BENCHES:
        module = importlib.import_module(f"bench.{name}")
        assert callable(module.run)
        assert module.__doc__


def test_an_unknown_bench_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["speed"])
    assert "is none of ingest, latency" in capsys.readouterr().err


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    for n in range(2):
        command.show(Result.alone("state", [float(n)], "ms"), as_json=True)
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["ours"] for line in lines] == [0.0, 1.0]


def test_a_line_to_read_ends_with_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result.alone("freshness", [3.0], "s", what="item to list")
    command.show(result, as_json=False)
    assert capsys.readouterr().out.endswith("[≤ 2 s MISSED: 3.00]\n")


def test_the_page_is_written_from_what_was_measured(tmp_path: Path) -> None:
    text = command.page([Result.alone("state", [1.0], "ms")], {}, quick=False)
    assert "## state\n\nUser state: writing a batch" in text
    assert "| mode | full |" in text
