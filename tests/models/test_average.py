"""The mean of the weights over the last part of a run."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.average import PART, Average


def set_to(model: nn.Linear, value: float) -> None:
    with torch.no_grad():
        model.weight.fill_(value)


def mean_of(values: list[float]) -> float:
    model = nn.Linear(1, 1, bias=False)
    average = Average(model)
    for value in values:
        set_to(model, value)
        average.take()
    with average.in_place():
        return model.weight.item()


def test_the_first_step_counts_alone_whatever_was_before() -> None:
    assert mean_of([3.0]) == 3.0


def test_what_stays_is_its_own_mean_and_a_slope_is_followed_a_part_behind() -> None:
    assert mean_of([2.0] * 50) == pytest.approx(2.0)
    # Weights fall as (t / n)^(PART - 1), so the mean of 1 … n is n PART / (PART + 1), and a little.
    assert mean_of([float(t) for t in range(1, 1_001)]) == pytest.approx(
        1_000 * PART / (PART + 1), rel=0.01
    )


def test_training_goes_on_from_where_it_was() -> None:
    model = nn.Linear(1, 1, bias=False)
    average = Average(model)
    for value in (1.0, 2.0):
        set_to(model, value)
        average.take()
    with average.in_place():
        assert 1.0 < model.weight.item() < 2.0
    assert model.weight.item() == 2.0
