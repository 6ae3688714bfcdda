import numpy as np

from recaug.augment.lift import HARM, LIFT, NONE, lift

USERS = np.arange(200)


def told(gains: list[float], noise: float = 0.01) -> dict:
    """Runs of so many seeds, each better by its gain on every target, give or take noise."""
    rng = np.random.default_rng(0)
    without = [rng.uniform(0.1, 0.3, 200) for _ in gains]
    with_it = [a + gain + rng.normal(0, noise, 200) for a, gain in zip(without, gains, strict=True)]
    return lift(with_it, without, USERS)


def test_a_lift_is_above_chance_and_every_seed_agrees() -> None:
    found = told([0.01, 0.02, 0.03])
    assert found["verdict"] == LIFT
    low, high = found["lift_ci"]
    assert 0 < low < found["lift"] < high
    # 0.02 on a mean of 0.2; the noise of 600 draws has a deviation of 0.0004.
    assert abs(found["relative"] - 0.1) < 0.01
    assert [round(gain, 2) for gain in found["by_seed"]] == [0.01, 0.02, 0.03]


def test_without_agreement_or_beyond_chance_there_is_none() -> None:
    assert told([0.03, 0.03, -0.01])["verdict"] == NONE
    assert told([0.0, 0.0, 0.0])["verdict"] == NONE
    assert told([0.01, 0.01], noise=1.0)["verdict"] == NONE


def test_what_hurts_is_told_too() -> None:
    found = told([-0.02, -0.01])
    assert found["verdict"] == HARM and found["lift_ci"][1] < 0
