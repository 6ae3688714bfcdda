"""`recaug evaluate` as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recaug.cli import main


def evaluate(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "recaug", "evaluate", *arguments],
        capture_output=True, text=True, env=environment, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighty shoppers who go from an item to the next, at times of their own."""
    rng = np.random.default_rng(0)
    lines = ["visitorid,productid,when,ts"]
    for user, at in enumerate(rng.integers(0, 15, 80).tolist()):
        begin = 1_500_000_000 + int(rng.integers(10**6))
        lines += [f"{user},p{(at + n) % 15},x,{begin + 600 * n}" for n in range(9)]
    file = tmp_path_factory.mktemp("data") / "walks.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_a_data_set_nobody_configured_for(walks: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = evaluate("--data", str(walks), "--budget", "10", "--seed", "3", "--json", str(report))
    assert done.returncode == 0, done.stderr
    assert "user ← visitorid, item ← productid, time ← ts" in done.stderr
    assert "by time, the data has times" in done.stderr
    found = json.loads(report.read_text())
    assert list(found) == ["data", "split", "filtered", "seconds", "models", "periods"]
    assert (found["data"], found["split"], found["filtered"]) == (str(walks), "time", True)
    assert list(found["models"]) == ["popular", "itemknn", "vsknn", "sasrec", "neural", "ours"]
    for model in found["models"].values():
        low, high = model["ndcg@10_ci"]
        assert 0 <= low <= model["ndcg@10"] <= high <= 1
        assert 0 <= model["unfiltered"]["hr@10"] <= 1 and model["seconds"] > 0
    tested = found["models"]["ours"]["unfiltered"]["targets"]
    assert 0 < tested <= 72, "of the newest tenth, those with something before them"
    assert sum(period["targets"] for period in found["periods"]) == tested
    for words in ("MODEL", "popular", "what the user has had left out", "ours"):
        assert words in done.stdout
    assert "Traceback" not in done.stderr


def test_what_is_wrong_is_said_in_three_lines_and_nothing_is_written(tmp_path: Path) -> None:
    report, empty = tmp_path / "report.json", tmp_path / "empty.csv"
    empty.write_text("user,item\n")
    done = evaluate("--data", str(empty), "--json", str(report))
    assert done.returncode == 2 and done.stdout == ""
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["error", "why", "try"]
    assert "empty.csv cannot be evaluated on" in done.stderr and not report.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--models", "popular,magic"), 64, "'magic' is none of popular, itemknn"),
        (("--json", "nowhere/report.json"), 2, "nowhere/report.json cannot be written"),
        (("--split", "random"), 64, "'random' is not one of"),
        (("--budget", "0"), 64, "--budget"),
        (("--map", "shop=a"), 2, "a part is role=COLUMN, a role one of user, item, time"),
        (("--data", "gone.csv"), 2, "gone.csv is not there"),
    ],
)
def test_a_mistake_is_told_before_anything_runs(
    arguments: tuple[str, ...], code: int, words: str, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "--data", __file__, *arguments])
    said = capsys.readouterr()
    assert ended.value.code == code and words in said.err


def test_the_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    assert "recaug evaluate --data ml-100k.inter.gz --budget 60" in capsys.readouterr().out
