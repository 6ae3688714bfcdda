"""`recaug augment report` as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recaug.augment.registry import AUGMENTERS
from recaug.cli import main
from recaug.cli.augment import WIDTH, lines, picture
from tests.recaug.cli.test_evaluate import walks

__all__ = ["walks"]


def report(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "recaug", "augment", "report", *arguments],
        capture_output=True, text=True, env=environment, timeout=120, check=False,
    )  # fmt: skip


def test_an_augmenter_is_compared_with_none(walks: Path, tmp_path: Path) -> None:
    file = tmp_path / "lift.json"
    done = report(
        "--data", str(walks), "--seeds", "2", "--budget", "4", "--only", "fgm",
        "--json", str(file),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())
    assert (found["data"], found["split"], found["seeds"]) == (str(walks), "time", 2)
    assert list(found["augmenters"]) == ["fgm"]
    for name, one in found["augmenters"].items():
        assert list(one["mix"]) == [name]
        low, high = one["lift_ci"]
        assert low <= one["lift"] <= high and len(one["by_seed"]) == 2
        assert one["ndcg@10"] - found["none"]["ndcg@10"] == pytest.approx(one["lift"], abs=2e-6)
        assert one["verdict"] in ("lift", "no lift", "harm", "too short")
        assert 0 <= one["learned"] <= 2 and 0 <= one["finished"] <= 2
    assert "VERDICT" in done.stdout and "fgm" in done.stdout
    assert "runs of" in done.stderr and "Traceback" not in done.stderr


def arm(verdict: str, low: float, high: float) -> dict[str, object]:
    return {
        "ndcg@10": 0.2, "hr@10": 0.3, "cpu_s": 9.0, "lift": (low + high) / 2,
        "lift_ci": [low, high], "relative": 0.05, "by_seed": [0.1, -0.1],
        "verdict": verdict, "finished": 2,
    }  # fmt: skip


def shown(**arms: dict[str, object]) -> list[str]:
    return list(lines({
        "data": "x", "split": "loo", "filtered": True, "seconds": 9.0, "each_s": 3.0, "seeds": 2,
        "none": {"ndcg@10": 0.1, "hr@10": 0.2, "cpu_s": 3.0, "finished": 1}, "augmenters": arms,
    }))  # fmt: skip


def test_it_says_in_words_who_helps_who_hurts_and_when_nobody_does() -> None:
    good, bad, none = arm("lift", 0.1, 0.2), arm("harm", -0.2, -0.1), arm("no lift", -0.1, 0.1)
    assert shown(crop=good, mask=bad, vae=none)[-1] == "✓ lift: crop; harm: mask"
    assert shown(vae=none)[-1].startswith("▲ no lift")
    assert shown(crop=good)[-2].startswith("1 of 4 runs ended with their time")
    short = arm("too short", 0.0, 0.0)
    assert shown(crop=good, fgm=short)[-1].startswith("▲ too short to tell: fgm;")
    row = next(line for line in shown(crop=good) if line.startswith("crop"))
    assert row.split()[:5] == ["crop", "0.3000", "0.2000", "+5.0%", "+0.1000"]
    assert "1/2" in row


def test_the_list_names_every_augmenter(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["augment", "list"])
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said[1:]] == list(AUGMENTERS)
    assert said[1].split() == ["crop", "view", "0.2", "1", "Xie", "et", "al.", "2022"]


@pytest.mark.parametrize("interval", [(-1.0, 0.0, 1.0), (0.0, 0.0, 0.0), (-2.0, -1.9, -1.8)])
def test_a_picture_is_always_as_wide(interval: tuple[float, float, float]) -> None:
    drawn = picture(*interval, 2.0)
    assert len(drawn) == WIDTH and drawn.count("●") == 1


def test_without_any_difference_the_picture_is_a_point_in_the_middle() -> None:
    assert picture(0.0, 0.0, 0.0, 0.0).index("●") == WIDTH // 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--only", "crop,magic"), 64, "'magic' is none of crop"),
        (("--back-translation", "one"), 64, "takes two models"),
        (("--json", "nowhere/lift.json"), 2, "nowhere/lift.json cannot be written"),
        (("--seeds", "0"), 64, "--seeds"),
        (("--data", "gone.csv"), 2, "gone.csv is not there"),
    ],
)
def test_a_mistake_is_told_before_anything_runs(
    arguments: tuple[str, ...], code: int, words: str, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        main(["augment", "report", "--data", __file__, *arguments])
    assert ended.value.code == code and words in capsys.readouterr().err
