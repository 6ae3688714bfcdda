"""What acts inside a step: adversaries and mixup."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from models.adam import AdamW
from models.augment.adversarial import RADIUS, ROUNDS, worst
from models.augment.mixup import correction, mixed
from models.sequence import SequenceModel
from models.train import Recipe, step
from recaug.augment.mix import NOTHING, Mix
from tests.models.test_train import SHAPE, example


def test_one_step_goes_straight_uphill_to_the_edge() -> None:
    table = torch.tensor([[3.0, 4.0], [0.0, 5.0], [1.0, 0.0]])  # mean length 11 / 3
    gradient = torch.tensor([[0.0, 2.0], [0.0, 0.0], [-1e-3, 0.0]])
    move = worst(lambda at: at.sum(), table, gradient, 1)
    edge = RADIUS * 11 / 3
    assert torch.allclose(move, torch.tensor([[0.0, edge], [0.0, 0.0], [-edge, 0.0]]))


def test_several_steps_find_a_worse_place_inside_the_same_ball() -> None:
    table = torch.ones(1, 2) / 2**0.5

    def loss(at: torch.Tensor) -> torch.Tensor:
        """A ridge to the right that bends upwards: where it leads cannot be seen from the start."""
        return at[:, 0].sum() + 40 * (at[:, 0] - table[0, 0]).mul(at[:, 1] - table[0, 1]).sum()

    gradient = torch.tensor([[1.0, 0.0]])
    once, often = (worst(loss, table, gradient, rounds) for rounds in (1, 3))
    assert loss(table + often) > loss(table + once) > loss(table)
    assert float(often.norm()) <= RADIUS + 1e-6


def test_mixup_is_the_mean_of_both_losses_by_their_shares() -> None:
    generator = torch.Generator().manual_seed(1)
    vectors = F.normalize(torch.randn(9, 5), dim=1)
    table, wanted = F.normalize(torch.randn(30, 5), dim=1), torch.randint(0, 30, (9,))
    blend, partner, share = mixed(vectors, generator)
    assert 0.5 <= share <= 1 and torch.allclose(blend.norm(dim=1), torch.ones(9))
    scores = blend @ table.T / 0.1
    both = share * F.cross_entropy(scores, wanted)
    both = both + (1 - share) * F.cross_entropy(scores, wanted[partner])
    quick = F.cross_entropy(scores, wanted)
    quick = quick + correction(blend, table, wanted, partner, share, 0.1)
    assert torch.allclose(quick, both, atol=1e-5)


@pytest.mark.parametrize("name", [*ROUNDS, "mixup"])
def test_a_step_with_it_learns_something_else_and_the_same_each_time(name: str) -> None:
    def after(mix: Mix) -> torch.Tensor:
        torch.manual_seed(0)
        model = SequenceModel(SHAPE, 22)
        batch, generator = example(22), torch.Generator().manual_seed(3)
        recipe = replace(Recipe(), mix=mix)
        step(model, AdamW(model), batch, recipe, 1e-2, generator)
        assert all(parameter.grad is None for parameter in model.parameters())
        return model.table.detach().clone()

    plain, acting = after(NOTHING), after(Mix.of({name: 1.0}))
    assert not torch.equal(plain, acting)
    assert torch.equal(acting, after(Mix.of({name: 1.0})))
    assert torch.equal(plain, after(NOTHING))
