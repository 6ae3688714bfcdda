"""What is tried on a data set, and what cannot be."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from models.__main__ import main
from models.augment.report import AS_IT_IS, UNDROPPED, WITHOUT, _figures, _recipes
from models.recipes import RATINGS
from models.trial import Run
from recaug.augment.lift import LIFT, SHORT
from recaug.augment.mix import NOTHING, Mix
from tests.models.test_evaluation import ring


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("words", "the data says nothing of its items"),
        ("paraphrase", "the data says nothing of its items"),
    ],
)
def test_what_cannot_be_tried_is_said_before_anything_is_trained(
    name: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["augment-report", "--data", str(ring(tmp_path)), "--budget", "9", "--only", name]
    assert main(told) == 2
    said = capsys.readouterr()
    assert said.out == "" and f"{name} cannot be tried" in said.err and why in said.err


def test_each_differs_from_none_in_one_thing() -> None:
    recipes = _recipes(["crop", "gan"], RATINGS.recipe, alone=False)
    assert list(recipes) == [WITHOUT, AS_IT_IS, UNDROPPED, "crop", "gan"]
    assert recipes[AS_IT_IS] == RATINGS.recipe and recipes[WITHOUT].mix == NOTHING
    assert recipes[UNDROPPED].dropout == 0 < recipes[WITHOUT].dropout
    assert [list(recipes[name].mix.plain()) for name in ("crop", "gan")] == [["crop"], ["gan"]]
    assert list(_recipes(["crop"], RATINGS.recipe, alone=True)) == [WITHOUT, "crop"]


@pytest.mark.parametrize(("learned", "verdict"), [(True, LIFT), (False, SHORT)])
def test_a_run_that_kept_its_start_says_nothing(learned: bool, verdict: str) -> None:
    bare = Run(np.full(50, 0.1), np.full(50, 0.2), 1.0, learned=True, finished=True)
    better = Run(np.full(50, 0.2), np.full(50, 0.3), 1.0, learned=learned, finished=True)
    trial = SimpleNamespace(users=np.arange(50))
    told = _figures([better], {WITHOUT: [bare]}, Mix.of({"crop": 0.2}), trial)
    assert told["verdict"] == verdict and told["learned"] == learned
