"""What a loss may hold beside the next event: item attributes, user profiles, the model before.

    loss = next event + a · attributes + p · profile + o · older

    attributes   which of a batch's items is the one that this text is of (InfoNCE, van den Oord et
                 al. 2018): rows come to say what texts say
    profile      which of a batch's users has these traits, the same for histories
    older        how the model before ranks a sample of its items, as ADER's (Mi et al. 2020)
                 distillation: what is new undoes little of what was learned

Each weight is what its measured lift earns (`python -m bench terms`): in every plan that is 0.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.batches import Examples
from models.sequence import Encoder, SequenceModel
from recaug.batch import FIRST_ROW, UNKNOWN_ROW

#: Of the two contrasts; items of a batch that are contrasted, and items ranked by the model before.
HEAT, CONTRASTED, RANKED = 0.1, 2_000, 4_096


@dataclass(frozen=True, slots=True)
class Share:
    """What each term counts beside the next event."""

    attributes: float = 0.0
    profile: float = 0.0
    older: float = 0.0


NO_TERMS = Share()


class Older:
    """A model as it was: its encoder and its table (n, d), of which no weight changes any more."""

    def __init__(self, model: SequenceModel) -> None:
        self.encoder: Encoder = copy.deepcopy(model.encoder).eval()
        self.table = model.unit().detach()  # (n, d)

    @torch.no_grad()
    def vectors(self, batch: Examples) -> Tensor:
        """What it would have said at each position, (B, L, d)."""
        known = batch.items.masked_fill(batch.items >= len(self.table), UNKNOWN_ROW)  # (B, L)
        found: Tensor = self.encoder(known, batch.kinds, batch.gaps, self.table)  # (B, L, d)
        return found


class Terms(nn.Module):
    """The terms that have a share and something to go by.

    text (N, q) has zero rows for items without any, traits (U, t) for users without any.
    """

    text: Tensor | None
    traits: Tensor | None

    def __init__(
        self, share: Share, width: int, text: Tensor | None = None, traits: Tensor | None = None,
        older: Older | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.share, self.older = share, older
        self.register_buffer("text", text if share.attributes else None, persistent=False)
        self.register_buffer("traits", traits if share.profile else None, persistent=False)
        self.attributes = _map(self.text, width)
        self.profile = _map(self.traits, width)

    def forward(self, batch: Examples, out: Tensor, table: Tensor, heat: float) -> Tensor:
        """batch of B windows, out (B, L, d) and table (N, d) of unit rows → what is added."""
        total = out.new_zeros(())
        if self.text is not None and self.attributes is not None:
            at = _some(batch, self.text)  # (M,)
            total = total + self.share.attributes * _contrast(
                table[at], self.text[at] @ self.attributes
            )
        if self.traits is not None and self.profile is not None:
            own = torch.from_numpy(batch.owner).to(out.device)  # (B,)
            told = own.ge(0) & self.traits[own.clamp(min=0)].ne(0).any(1)  # (B,)
            if told.any():
                total = total + self.share.profile * _contrast(
                    out[told, -1], self.traits[own[told]] @ self.profile
                )
        if self.older is not None and self.share.older:
            total = total + self.share.older * _ranked_alike(self.older, batch, out, table, heat)
        return total


def _map(of: Tensor | None, width: int) -> nn.Parameter | None:
    if of is None:
        return None
    return nn.Parameter(nn.init.orthogonal_(torch.empty(of.shape[1], width)))


def _some(batch: Examples, text: Tensor) -> Tensor:
    """Items of a batch that have a text, each once, (≤ CONTRASTED,)."""
    there = torch.cat([batch.items.flatten(), batch.wanted.flatten()])
    at: Tensor = torch.unique(there)  # (M,)
    at = at[at.ge(FIRST_ROW) & text[at].ne(0).any(1)]
    return at[torch.randperm(len(at), device=at.device)[:CONTRASTED]]


def _contrast(own: Tensor, other: Tensor) -> Tensor:
    """Cross-entropy of each of M unit vectors (M, d) finding its own among `other` (M, d)."""
    cosines = own @ F.normalize(other, dim=1).T / HEAT  # (M, M)
    loss: Tensor = F.cross_entropy(cosines, torch.arange(len(own), device=own.device))
    return loss


def _ranked_alike(older: Older, batch: Examples, out: Tensor, table: Tensor, heat: float) -> Tensor:
    """Cross-entropy between both rankings of the same items drawn from the older table."""
    at = batch.wanted.ge(FIRST_ROW)  # (B, L)
    drawn = torch.randint(FIRST_ROW, len(older.table), (RANKED,), device=out.device)  # (K,)
    taught = (older.vectors(batch)[at] @ older.table[drawn].T / heat).softmax(1)  # (M, K)
    said = (out[at] @ table[drawn].T / heat).log_softmax(1)  # (M, K)
    apart: Tensor = -(taught * said).sum(1).mean()
    return apart
