"""The bandit in worlds whose right answers are known."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from recaug.augment.bandit import KEPT, LEAST, MOST, TOGGLES, Bandit, Tally, off
from recaug.augment.mix import NOTHING, Mix

FIVE = Mix.of({"crop": 0.04, "mask": 0.04})


def played(bandit: Bandit, gain: Callable[[Mix], float], rounds: int) -> Bandit:
    """After so many fine-tunes, each of which a restart follows."""
    for _ in range(rounds):
        mix, name = bandit.choose()
        assert mix == (bandit.mix.toggled(name) if name else bandit.mix)
        bandit = bandit.learned(name, gain(mix))
        bandit = Bandit.read(json.loads(json.dumps(bandit.plain())))
    return bandit


def noisy(worth: dict[str, float], spread: float = 0.01) -> Callable[[Mix], float]:
    """A world in which each augmenter is worth something, and nothing is seen clearly."""
    rng = np.random.default_rng(1)
    return lambda mix: sum(worth.get(n, 0.0) for n in mix.plain()) + rng.normal(0, spread)


def test_every_other_round_is_as_it_is_and_all_toggles_get_their_turn() -> None:
    bandit, names = Bandit(FIVE), list[str | None]()
    for _ in range(2 * len(TOGGLES)):
        _, name = bandit.choose()
        names.append(name)
        bandit = bandit.learned(name, 0.0)
    assert names[::2] == [None] * len(TOGGLES)
    assert sorted(filter(None, names[1::2])) == sorted(TOGGLES)


def test_nothing_is_settled_before_there_are_enough_rounds_of_it() -> None:
    def gain(mix: Mix) -> float:
        return -0.3 if mix.share("delete") else 0.0

    bandit = played(Bandit(FIVE), gain, 2 * len(TOGGLES) * (LEAST - 1))
    assert bandit.settled == () and bandit.mix == FIVE
    bandit = played(bandit, gain, 2 * len(TOGGLES))
    assert "delete" in bandit.settled and bandit.mix.share("delete") == 0


def test_what_hurts_is_turned_off_and_what_helps_is_turned_on() -> None:
    gain = noisy({"crop": -0.1, "reorder": -0.1, "subset": 0.1})
    bandit = played(Bandit(FIVE), gain, 2 * len(TOGGLES) * (LEAST + 2))
    assert bandit.mix.plain().keys() == {"mask", "subset"}
    assert {"crop", "reorder"} <= set(off(bandit.mix)) and "mask" not in off(bandit.mix)


def test_where_nothing_matters_nothing_changes_but_now_and_then_by_chance() -> None:
    bandit = played(Bandit(FIVE), noisy({}), 2 * len(TOGGLES) * MOST)
    assert len(bandit.mix.plain().keys() ^ FIVE.plain().keys()) <= 2


def test_when_all_is_settled_all_begins_anew_and_tastes_may_have_moved() -> None:
    bandit = played(Bandit(NOTHING), noisy({"insert": -0.2}, 0.001), 2 * len(TOGGLES) * (MOST + 2))
    assert bandit.mix.share("insert") == 0
    bandit = played(bandit, noisy({"insert": 0.2}, 0.001), 6 * len(TOGGLES) * MOST)
    assert bandit.mix.share("insert") > 0


def test_one_wild_round_counts_no_more_than_a_large_one() -> None:
    name = TOGGLES[0]
    wild, large = (Bandit(NOTHING).learned(name, gain) for gain in (1e9, 0.5))
    assert wild == large


def test_a_tally_is_the_weighted_mean_and_deviation() -> None:
    gains, tally = [0.1, -0.2, 0.3, 0.0], Tally()
    for gain in gains:
        tally = tally.and_(gain)
    weights = KEPT ** np.arange(3, -1, -1)
    mean = np.average(gains, weights=weights)
    assert tally.rounds == pytest.approx(weights.sum())
    assert tally.mean == pytest.approx(mean)
    assert tally.squares == pytest.approx((weights * (np.array(gains) - mean) ** 2).sum())


@pytest.mark.parametrize("told", [{}, {"mix": 3}, {**Bandit(FIVE).plain(), "settled": ["magic"]},
                                  {**Bandit(FIVE).plain(), "mix": {"magic": 1}}])  # fmt: skip
def test_what_is_no_state_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no state|magic"):
        Bandit.read(told)
