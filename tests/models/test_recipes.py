"""Which recipe a log gets."""

from __future__ import annotations

import numpy as np
import pytest

from models.recipes import LONG, LONG_HISTORIES, SHORT_HISTORIES, recipe_for
from models.train import Recipe
from recaug.batch import sequences


@pytest.mark.parametrize(
    ("sizes", "recipe"),
    [
        ([LONG, LONG], LONG_HISTORIES),
        ([LONG - 1, LONG], SHORT_HISTORIES),
        ([1, 2, 10 * LONG], LONG_HISTORIES),
    ],
)
def test_it_goes_by_the_mean_length_of_histories(sizes: list[int], recipe: Recipe) -> None:
    users = np.repeat(np.arange(len(sizes)), sizes)
    nothing = np.zeros(len(users), np.int64)
    source = sequences(users, nothing, nothing, nothing)
    assert recipe_for(source, np.ones(len(users), np.bool_)) is recipe


def test_only_what_is_known_counts_and_nothing_known_is_short() -> None:
    users = np.repeat([0, 1], 10 * LONG)
    nothing = np.zeros(len(users), np.int64)
    source = sequences(users, nothing, nothing, nothing)
    assert recipe_for(source, np.arange(len(users)) < 5) is SHORT_HISTORIES
    assert recipe_for(source, np.zeros(len(users), np.bool_)) is SHORT_HISTORIES
