"""When a curve has arrived, and a shop whose tastes change, small enough to run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.goals import verdict
from bench.shift import CHANGES, QUICK, Adapted, Size, adapted, results, settled, simulated

SMALL = Size(
    people=40, goods=60, before=1_200, watched=300, steps=(0, 200, 600), judged=200, group=100,
    trained_s=0.2,
)  # fmt: skip


@pytest.mark.parametrize(
    ("curve", "step"),
    [([5.0, 9.0, 10.0], 1), ([9.0, 8.0, 10.0], 2), ([9.5, 12.0, 10.0], 0), ([0.0, 0.0], 0)],
)
def test_arrived_is_at_nine_tenths_for_good(curve: list[float], step: int) -> None:
    assert settled(np.array(curve)) == step


def test_results_are_of_means_over_seeds() -> None:
    flat = [0.4, 0.4, 0.4]
    each = [
        Adapted({"model": model, "neighbours": flat}, tunes, alarms, served)
        for model, tunes, alarms, served in (
            ([0.2, 0.2, 0.4], [0, 1, 2], [-50, 150], (0.5, 0.3)),
            ([0.2, 0.4, 0.4], [0, 1, 3], [], (0.4, 0.2)),
        )
    ]
    model, neighbours, alarm = results(SMALL, "taste", each)
    assert (model.ours, model.config["by_seed"], model.config["fine_tunes"]) == (600, "600/200", 3)
    assert (model.config["kept"], model.config["early"]) == pytest.approx((50, 75))
    assert verdict(model) == "fine_tunes ≤ 1 MISSED: 3.00"
    assert neighbours.ours == 0 and verdict(neighbours) == "≤ 200 events met"
    assert (alarm.ours, alarm.config["by_seed"], alarm.config["before"]) == (1, "150/–", 1)
    served = alarm.config["served_before"], alarm.config["served_after"]
    assert served == pytest.approx((45, 25))


def test_everybody_wants_something_else_after_the_change() -> None:
    """What was popular is less of a guide, or none; how alike chance leaves it, two halves show."""
    size = replace(QUICK, before=3_000, steps=(0, 3_000), judged=0)
    alike = {}
    for change in CHANGES:
        source = simulated(size, 0, change)
        after, odd = source.times_ms >= size.at_ms(size.before), source.order % 2 == 1
        parts = (~after & odd, ~after & ~odd, after)
        counts = [np.bincount(source.rows[part], minlength=302) for part in parts]
        alike[change] = np.corrcoef(counts)[0]
    assert alike["taste"][1] > alike["taste"][2] + 0.1
    assert alike["nothing"][2] > alike["taste"][2] + 0.1
    assert abs(alike["everything"][2]) < 0.1 < alike["taste"][2], "the goods themselves stay"


def test_learning_goes_on_after_the_change() -> None:
    found = adapted(simulated(SMALL, 0, "everything"), SMALL, seed=0)
    assert set(found.curves) == {"popularity", "neighbours", "model", "list"}
    assert all(len(curve) == len(SMALL.steps) for curve in found.curves.values())
    assert found.curves["neighbours"][-1] > found.curves["neighbours"][0]
    assert found.curves["model"][-1] == found.curves["model"][0]
    assert found.fine_tunes == [0, 0, 0], "so few events are no reason to train"
    assert found.served[0] > found.served[1]
