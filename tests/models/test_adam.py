import torch
from torch import nn

from models.adam import AdamW


def test_takes_the_steps_that_torch_takes() -> None:
    ours, theirs = nn.Linear(5, 3), nn.Linear(5, 3)
    theirs.load_state_dict(ours.state_dict())
    mine = AdamW(ours, decay=0.1)
    groups = [{"params": [theirs.weight], "weight_decay": 0.1},
              {"params": [theirs.bias], "weight_decay": 0.0}]  # fmt: skip
    reference = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.98))
    for _ in range(20):
        data = torch.randn(8, 5)
        for model in (ours, theirs):
            model(data).square().mean().backward()
        mine.step(1e-2)
        reference.step()
        reference.zero_grad()
    assert torch.allclose(ours.weight, theirs.weight, atol=1e-6)
    assert torch.allclose(ours.bias, theirs.bias, atol=1e-6)


def test_a_new_row_takes_its_first_step_as_the_others_did() -> None:
    model = nn.Linear(2, 2, bias=False)
    optimizer = AdamW(model, decay=0.0)
    optimizer.state["weight.steps"][0] = 1_000.0
    before = model.weight.detach().clone()
    model.weight.grad = torch.ones(2, 2)
    optimizer.step(1e-2)
    moved = (before - model.weight.detach()).abs()
    assert torch.allclose(moved[1], torch.full((2,), 1e-2), atol=1e-5)
    assert optimizer.state["weight.steps"].flatten().tolist() == [1_001.0, 1.0]
