"""The sequence model: a causal transformer over a user's events that scores every item.

SASRec's shape (Kang & McAuley 2018) with what was measured to matter since: a softmax over the
catalogue instead of one negative, tied item vectors compared by cosine, event kinds, and time. Each
head weighs the past by log time and by distance, so a request knows how long ago things happened.
The answer is a mean of the rows of what was had, weighed by what the blocks made of it, as in CORE
(Hou et al., SIGIR 2022), and a learned way off it.

Shapes: B requests, L events each, N rows of the item table, d its width, H heads.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.text_rows import TextRows

#: Added to what must not be attended to or shown. Finite: −inf makes NaN of an empty history.
MASKED = -1e4
#: A time bucket spans a factor of 1.35 in seconds; 63 of them reach four years.
BUCKET, BUCKETS = 0.301, 64
#: Kinds 1 … 11 of `recaug.events.KINDS`, 0 for no event, and room to add some.
KINDS = 16
#: Spread of new rows of the table. Small: they are normalised, so it sets how fast they turn.
SPREAD = 0.02


@dataclass(frozen=True, slots=True)
class Shape:
    """What the weights look like; a warm start needs the same."""

    width: int = 64
    blocks: int = 1
    heads: int = 2
    history: int = 50
    temperature: float = 0.07
    pooled: bool = False  # else what the blocks made of it is the answer, as in SASRec

    def plain(self) -> dict[str, Any]:
        return asdict(self)


class Encoder(nn.Module):
    """Events to one unit vector per position: what the user wants next, asked just then."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.kinds = nn.Embedding(KINDS, shape.width)
        self.gaps = nn.Embedding(BUCKETS, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.norm = nn.LayerNorm(shape.width)
        self.pool = Pool(shape) if shape.pooled else None
        self.dropout = nn.Dropout(0.0)
        for table in (self.kinds, self.gaps):
            nn.init.normal_(table.weight, std=0.1)

    def drop(self, dropout: float, stray: float) -> None:
        """The shares dropped in training: inside, and of what leads away from the pooled mean."""
        for layer in self.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = dropout
        if self.pool is not None:
            self.pool.dropout.p = stray

    def forward(
        self, items: Tensor, kinds: Tensor, gaps: Tensor, table: Tensor,
        asked: Tensor | None = None, newest: bool = False,
    ) -> Tensor:  # fmt: skip
        """items, kinds (B, L) int64 and gaps (B, L) seconds → (B, L, d), each of length 1.

        `table` (N, d) has unit rows. `asked` (B, L) is the gap a position is asked after where that
        is not `gaps` itself: training hides it at random, since most requests come at once.
        With `newest` the result is that of the last position alone, (B, 1, d): nothing reads the
        others of the last block, which is then a third of the work.
        """
        asked = gaps if asked is None else asked
        real = items.ne(0)  # (B, L)
        own = F.embedding(items, table)  # (B, L, d)
        x = own * self.shape.width**0.5 + self.kinds(kinds) + self.waited(asked)  # (B, L, d)
        x = self.dropout(x)  # (B, L, d)
        past = self.past(real, gaps, asked)  # (B, L, L), (L, L), (B, L, L)
        last = tuple(part[..., -1:, :] for part in past) if newest else past
        for block in self.blocks[:-1]:
            x = block(x, *past)  # (B, L, d)
        asking = self.norm(self.blocks[-1](x, *last))  # (B, Q, d)
        if self.pool is not None:
            asking = self.pool(asking, x, self.dropout(own), *last)  # (B, Q, d)
        length = torch.rsqrt(asking.square().sum(-1, keepdim=True) + 1e-12)  # (B, Q, 1)
        unit: Tensor = asking * length  # (B, Q, d)
        return unit

    def waited(self, gaps: Tensor) -> Tensor:
        """(B, L) seconds → (B, L, d), between the vectors of the two nearest buckets."""
        # Interpolated: with hard buckets a rounding error at a border would move the score.
        at = buckets(gaps).clamp(max=BUCKETS - 1)  # (B, L)
        low = at.floor().clamp(max=BUCKETS - 2)  # (B, L)
        share = (at - low).unsqueeze(-1)  # (B, L, 1)
        below = self.gaps(low.long())  # (B, L, d)
        above = self.gaps(low.long() + 1)  # (B, L, d)
        mixed: Tensor = below + share * (above - below)  # (B, L, d)
        return mixed

    def past(self, real: Tensor, gaps: Tensor, asked: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log time from event j until i is asked (B, L, L), distance (L, L), mask (B, L, L)."""
        age = gaps.flip(1).cumsum(1).flip(1)  # (B, L) seconds from event j to the request
        since = age.unsqueeze(1) - age.unsqueeze(2)  # (B, L, L) from event j to event i
        since = since.clamp(min=0) + asked.unsqueeze(2)  # (B, L, L)
        place = torch.arange(real.shape[1], device=real.device)  # (L,)
        behind = place.unsqueeze(1) - place.unsqueeze(0)  # (L, L) events between, negative ahead
        seen = behind.ge(0) & real.unsqueeze(1)  # (B, L, L)
        mask = (~seen).to(gaps.dtype) * MASKED  # (B, L, L)
        return buckets(since), behind.clamp(0, self.shape.history - 1), mask


def _bias(fading: Tensor, distance: Tensor, since: Tensor, behind: Tensor, mask: Tensor) -> Tensor:
    """What each head adds to its scores for time and distance, (B, H, Q, L).

    fading (H,), distance (H, history), since (B, Q, L), behind (Q, L), mask (B, Q, L).
    """
    fade = fading.view(-1, 1, 1) * since.unsqueeze(1)  # (B, H, Q, L)
    return distance[:, behind] - fade + mask.unsqueeze(1)


class Block(nn.Module):
    """Pre-norm attention, biased by time and distance, and SwiGLU."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.norms = nn.ModuleList(nn.LayerNorm(shape.width) for _ in range(2))
        self.query = nn.Linear(shape.width, shape.width)
        self.key_value = nn.Linear(shape.width, 2 * shape.width)
        self.mix = nn.Linear(shape.width, shape.width)
        self.fading = nn.Parameter(torch.linspace(0.0, 0.2, shape.heads))
        self.distance = nn.Parameter(torch.zeros(shape.heads, shape.history))
        self.widen = nn.Linear(shape.width, 4 * shape.width)
        self.narrow = nn.Linear(2 * shape.width, shape.width)
        self.dropout = nn.Dropout(0.0)

    def forward(self, x: Tensor, since: Tensor, behind: Tensor, mask: Tensor) -> Tensor:
        """x (B, L, d), since (B, Q, L), behind (Q, L), mask (B, Q, L) → the newest Q, (B, Q, d)."""
        bias = _bias(self.fading, self.distance, since, behind, mask)  # (B, H, Q, L)
        asked = behind.shape[0]
        x = x[:, -asked:] + self.dropout(self.attend(self.norms[0](x), bias))  # (B, Q, d)
        gate, value = self.widen(self.norms[1](x)).unflatten(-1, (2, -1)).unbind(-2)  # (B, Q, 2d)
        out: Tensor = x + self.dropout(self.narrow(F.silu(gate) * value))  # (B, Q, d)
        return out

    def attend(self, x: Tensor, bias: Tensor) -> Tensor:
        """x (B, L, d), bias (B, H, Q, L) → what the Q newest positions take of all, (B, Q, d)."""
        batch, length, width = x.shape
        asked, size = bias.shape[2], width // self.heads
        query = self.query(x[:, -asked:]).view(batch, asked, self.heads, size)  # (B, Q, H, d/H)
        both = self.key_value(x).view(batch, length, 2, self.heads, size)  # (B, L, 2, H, d/H)
        key, value = both.permute(2, 0, 3, 1, 4).unbind(0)  # (B, H, L, d/H) each
        score = query.transpose(1, 2) @ key.transpose(-1, -2) * size**-0.5  # (B, H, Q, L)
        weight = (score + bias).softmax(-1)  # (B, H, Q, L)
        mixed = (weight @ value).transpose(1, 2).reshape(batch, asked, width)  # (B, Q, d)
        out: Tensor = self.mix(mixed)  # (B, Q, d)
        return out


class Pool(nn.Module):
    """The mean of what was had, and a way off it.

    One more attention, biased alike, whose values are the rows of the items as they are: at first
    it alone answers, among rows that already lie by the company they keep (`models.company`). What
    leads away from there is learned from nothing; dropped, it leaves the mean.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(shape.width, bias=False)
        self.query = nn.Linear(shape.width, shape.width)
        self.key = nn.Linear(shape.width, shape.width, bias=False)
        self.away = nn.Linear(shape.width, shape.width, bias=False)
        self.fading = nn.Parameter(torch.full((1,), 0.1))
        self.distance = nn.Parameter(torch.zeros(1, shape.history))
        self.dropout = nn.Dropout(0.0)
        nn.init.zeros_(self.away.weight)

    def forward(
        self, asking: Tensor, x: Tensor, own: Tensor, since: Tensor, behind: Tensor, mask: Tensor
    ) -> Tensor:
        """asking (B, Q, d), x, own (B, L, d), bias as in `Block.forward` → (B, Q, d).

        Keys are of `x`, what the last block reads: of what it makes, the newest alone is needed.
        """
        key = self.key(self.norm(x)).transpose(1, 2) * x.shape[-1] ** -0.5  # (B, d, L)
        score = self.query(asking) @ key  # (B, Q, L)
        bias = _bias(self.fading, self.distance, since, behind, mask)  # (B, 1, Q, L)
        mean = (score + bias.squeeze(1)).softmax(-1) @ own  # (B, Q, d)
        wanted: Tensor = mean + self.away(self.dropout(asking))  # (B, Q, d)
        return wanted


class SequenceModel(nn.Module):
    """What is trained: the encoder and one free vector per row of the item table."""

    def __init__(self, shape: Shape, rows: int) -> None:
        super().__init__()
        self.encoder = Encoder(shape)
        self.table = nn.Parameter(torch.randn(rows, shape.width) * SPREAD)  # (N, d)
        self.texts: TextRows | None = None
        self.terms: nn.Module | None = None  # of the loss (`models.terms`), in training

    def unit(self) -> Tensor:
        """The table as it is read, compared and exported: rows of length 1, row 0 all zero."""
        rows = self.table if self.texts is None else self.table + self.texts()  # (N, d)
        real = torch.arange(len(rows), device=rows.device).ne(0)  # (N,)
        return F.normalize(rows, dim=1) * real.unsqueeze(1)  # (N, d)

    @torch.no_grad()
    def settle(self) -> None:
        """Make the texts' part of the rows their own; `unit` stays what it is. No more terms."""
        self.terms = None
        if self.texts is not None:
            self.table.add_(self.texts())
            self.texts = None


class Ranker(nn.Module):
    """What is exported: the encoder at the newest event, all scores, the filter and the top k."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(
        self,
        items: Tensor,
        kinds: Tensor,
        gaps: Tensor,
        table: Tensor,
        bias: Tensor,
        seen: Tensor,
        k: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """table (N, d), bias (N,), seen (B, S) rows to leave out, k (1,) → scores, rows (B, k)."""
        scores = self.scores(items, kinds, gaps, table, bias, seen)  # (B, N)
        top = scores.topk(cast(int, k.squeeze(0).item()), dim=1)
        return top.values, top.indices  # (B, k), (B, k)

    def scores(
        self, items: Tensor, kinds: Tensor, gaps: Tensor, table: Tensor, bias: Tensor, seen: Tensor
    ) -> Tensor:
        wanted = self.encoder(items, kinds, gaps, table, newest=True)[:, 0]  # (B, d)
        scores = wanted @ table.T / self.encoder.shape.temperature + bias  # (B, N)
        allowed: Tensor = scores.scatter(1, seen, MASKED)  # (B, N)
        return allowed


def buckets(seconds: Tensor) -> Tensor:
    """ln(1 + s) / 0.301, the time scale of HSTU's buckets, without the rounding. Any shape."""
    return torch.log1p(seconds) / BUCKET
