from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models.sequence import Encoder, Ranker, SequenceModel, Shape

SHAPE = Shape(width=16, blocks=2, heads=2, history=12)
POOLED = replace(SHAPE, pooled=True)
ROWS = 30


@pytest.fixture(params=[SHAPE, POOLED], ids=["free", "pooled"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    made = Encoder(request.param).eval()
    for layer in (*made.blocks, *([made.pool] if made.pool else [])):
        torch.nn.init.normal_(layer.distance)
    return made


@pytest.fixture
def table() -> Tensor:
    rows = F.normalize(torch.randn(ROWS, 16), dim=1)
    rows[0] = 0.0
    return rows


def inputs(batch: int, length: int) -> tuple[Tensor, Tensor, Tensor]:
    items = torch.randint(2, ROWS, (batch, length))
    return items, torch.randint(1, 12, (batch, length)), torch.rand(batch, length) * 1e5


def test_vectors_have_length_one(encoder: Encoder, table: Tensor) -> None:
    out = encoder(*inputs(3, 7), table)
    assert out.shape == (3, 7, 16)
    assert torch.allclose(out.norm(dim=-1), torch.ones(3, 7), atol=1e-5)


def test_no_position_sees_what_came_after(encoder: Encoder, table: Tensor) -> None:
    items, kinds, gaps = inputs(2, 8)
    before = encoder(items, kinds, gaps, table)
    items[:, 5:], kinds[:, 5:], gaps[:, 5:] = 2, 1, 3.0
    after = encoder(items, kinds, gaps, table)
    assert torch.allclose(before[:, :5], after[:, :5], atol=1e-5)
    assert not torch.allclose(before[:, 5:], after[:, 5:], atol=1e-2)


def test_padding_changes_nothing(encoder: Encoder, table: Tensor) -> None:
    parts = inputs(2, 5)
    padded = tuple(F.pad(part, (4, 0)) for part in parts)
    alone, among = encoder(*parts, table), encoder(*padded, table)
    assert torch.allclose(alone, among[:, 4:], atol=1e-5)


def test_an_empty_history_gives_numbers(encoder: Encoder, table: Tensor) -> None:
    zeros = torch.zeros(2, 3, dtype=torch.long)
    assert encoder(zeros, zeros, torch.zeros(2, 3), table).isfinite().all()


def test_time_kind_and_order_matter(encoder: Encoder, table: Tensor) -> None:
    items, kinds, gaps = inputs(1, 6)
    base = encoder(items, kinds, gaps, table)[:, -1]
    later = gaps.clone()
    later[:, -1] += 1e6
    for changed in (
        (items, kinds, later), (items, kinds % 11 + 1, gaps), (items.flip(1), kinds, gaps),
    ):  # fmt: skip
        assert not torch.allclose(base, encoder(*changed, table)[:, -1], atol=1e-3)


def test_time_has_no_steps(encoder: Encoder, table: Tensor) -> None:
    """A rounding error in a gap may not move a score, wherever it falls."""
    items, kinds, _ = inputs(1, 6)
    for bucket in (1, 2, 10, 40, 63):
        edge = torch.full((1, 6), float(torch.tensor(0.301 * bucket).exp() - 1))
        below, above = (encoder(items, kinds, edge * (1 + e), table) for e in (-1e-6, 1e-6))
        assert torch.allclose(below, above, atol=1e-4)


def test_hidden_gaps_leave_the_past_known(encoder: Encoder, table: Tensor) -> None:
    items, kinds, gaps = inputs(1, 6)
    asked = gaps.clone()
    asked[:, -1] = 0.0
    at_once = gaps.clone()
    at_once[:, -1] = 0.0
    hidden = encoder(items, kinds, gaps, table, asked)[:, -1]
    assert torch.allclose(hidden, encoder(items, kinds, at_once, table)[:, -1], atol=1e-4)


def test_ranker_shows_neither_seen_nor_hidden_rows(encoder: Encoder, table: Tensor) -> None:
    bias = torch.zeros(ROWS)
    bias[[0, 1, 9]] = -1e4
    seen = torch.tensor([[5, 6, 0], [0, 0, 0]])
    ranker = Ranker(encoder)
    scores, rows = ranker(*inputs(2, 4), table, bias, seen, torch.tensor([ROWS - 3]))
    assert scores.shape == rows.shape == (2, ROWS - 3)
    shown = [set(line[value > -1e3].tolist()) for line, value in zip(rows, scores, strict=True)]
    everything = set(range(ROWS)) - {0, 1, 9}
    assert shown == [everything - {5, 6}, everything]
    assert (scores.diff(dim=1) <= 0).all()


@pytest.mark.parametrize("encoder", [POOLED], indirect=True)
def test_what_is_pooled_are_the_rows_of_what_was_had(encoder: Encoder, table: Tensor) -> None:
    items, kinds, gaps = inputs(3, 6)
    one = encoder(items[:, :1], kinds[:, :1], gaps[:, :1], table)[:, 0]
    assert torch.allclose(one, table[items[:, 0]], atol=1e-5)
    mixed = encoder(items, kinds, gaps, table)[:, -1]  # (3, d)
    for wanted, had in zip(mixed, table[items], strict=True):
        shares = torch.linalg.lstsq(had.T, wanted.unsqueeze(1)).solution
        assert torch.allclose(had.T @ shares, wanted.unsqueeze(1), atol=1e-4)
        assert (shares > 0).all()


@pytest.mark.parametrize("encoder", [POOLED], indirect=True)
def test_where_all_that_leads_away_is_dropped_the_mean_is_left(
    encoder: Encoder, table: Tensor
) -> None:
    given = inputs(3, 6)
    mean = encoder(*given, table)
    torch.nn.init.normal_(encoder.get_parameter("pool.away.weight"))
    assert not torch.allclose(encoder(*given, table), mean, atol=1e-2)
    encoder.drop(0.0, 1.0)
    assert torch.allclose(encoder.train()(*given, table), mean, atol=1e-5)


def test_the_newest_alone_is_the_last_of_all(encoder: Encoder, table: Tensor) -> None:
    given = inputs(2, 7)
    assert torch.allclose(
        encoder(*given, table, newest=True), encoder(*given, table)[:, -1:], atol=1e-5
    )


def test_the_table_is_read_at_length_one() -> None:
    unit = SequenceModel(SHAPE, ROWS).unit()
    assert unit[0].abs().sum() == 0.0
    assert torch.allclose(unit[1:].norm(dim=1), torch.ones(ROWS - 1), atol=1e-6)
