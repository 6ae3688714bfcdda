"""The fast loss says what the textbook says, however it is cut into pieces."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from models import softmax
from models.softmax import catalogue_loss

HEAT = 0.07


def unit(rows: int, width: int, seed: int) -> Tensor:
    made = torch.randn(rows, width, generator=torch.Generator().manual_seed(seed))
    return F.normalize(made, dim=1).requires_grad_()


def textbook(vectors: Tensor, table: Tensor, wanted: Tensor) -> Tensor:
    return F.cross_entropy(vectors @ table.T / HEAT, wanted)


def gradients(loss: Tensor, *of: Tensor) -> tuple[Tensor, ...]:
    return (loss.detach(), *torch.autograd.grad(loss, of))


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(softmax, "fast_type", lambda _: torch.float32)


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("piece", [1, 40, 100, 10_000])
def test_in_float32_it_is_the_textbooks_loss(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(softmax, "PIECE", piece)
    vectors, table = unit(13, 8, 1), unit(40, 8, 2)
    wanted = torch.arange(13) * 3
    ours = gradients(catalogue_loss(vectors, table, wanted, HEAT), vectors, table)
    theirs = gradients(textbook(vectors, table, wanted), vectors, table)
    for own, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-6)


@given(st.integers(1, 60), st.integers(1, 300), st.integers(0, 1_000))
def test_in_the_fast_type_it_is_close(positions: int, items: int, seed: int) -> None:
    vectors, table = unit(positions, 16, seed), unit(items, 16, seed + 1)
    wanted = torch.randint(items, (positions,), generator=torch.Generator().manual_seed(seed))
    ours = gradients(catalogue_loss(vectors, table, wanted, HEAT), vectors, table)
    theirs = gradients(textbook(vectors, table, wanted), vectors, table)
    # bfloat16 keeps eight bits, so a score of at most 1 / HEAT is off by at most 0.4 % of that.
    torch.testing.assert_close(ours[0], theirs[0], rtol=0, atol=0.005 / HEAT)
    for own, other in zip(ours[1:], theirs[1:], strict=True):
        assert float((own - other).norm()) <= 0.05 * float(other.norm()) + 1e-4


@pytest.mark.usefixtures("exact")
def test_by_hand() -> None:
    """Two opposite items, the right one wanted: ln(1 + e^(−2 / T)); the wrong one: 2 / T more."""
    table = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    vector = torch.tensor([[1.0, 0.0]])
    least = math.log1p(math.exp(-2.0))
    right = catalogue_loss(vector, table, torch.tensor([0]), 1.0)
    wrong = catalogue_loss(vector, table, torch.tensor([1]), 1.0)
    assert float(right) == pytest.approx(least)
    assert float(wrong) == pytest.approx(2.0 + least)


def test_a_factor_on_the_loss_is_one_on_the_gradients() -> None:
    vectors, table = unit(5, 8, 1), unit(9, 8, 2)
    once = gradients(catalogue_loss(vectors, table, torch.arange(5), HEAT), vectors, table)
    twice = gradients(2 * catalogue_loss(vectors, table, torch.arange(5), HEAT), vectors, table)
    for own, other in zip(once[1:], twice[1:], strict=True):
        torch.testing.assert_close(2 * own, other)
