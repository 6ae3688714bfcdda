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

    def __init__(self, model: SequenceModel, device: torch.device) -> None:
        self.encoder: Encoder = copy.deepcopy(model.encoder).to(device).eval()
        self.table = model.unit().detach().to(device)  # (n, d)

    @torch.no_grad()
    def vectors(self, batch: Examples) -> Tensor:
        """What it would have said at each position, (B, L, d)."""
        known = batch.items.masked_fill(batch.items >= len(self.table), UNKNOWN_ROW)  # (B, L)
        found: Tensor = self.encoder(known, batch.kinds, batch.gaps, self.table)  # (B, L, d)
        return found


class Contrast(nn.Module):
    """Whose vector goes with what is said (S, q) of items, or of users; 0 where nothing is."""

    said: Tensor

    def __init__(self, said: Tensor, width: int) -> None:
        super().__init__()
        self.register_buffer("said", said, persistent=False)
        self.map = nn.Parameter(nn.init.orthogonal_(torch.empty(said.shape[1], width)))  # (q, d)

    def speaks(self, at: Tensor) -> Tensor:
        """Whether anything is said of each, (M,) → (M,)."""
        return self.said[at].ne(0).any(1)

    def forward(self, vectors: Tensor, at: Tensor) -> Tensor:
        """Mean cross-entropy of each of unit vectors (M, d) finding what is said of `at` (M,)."""
        told = F.normalize(self.said[at] @ self.map, dim=1)  # (M, d)
        own = torch.arange(len(at), device=at.device)  # (M,)
        loss: Tensor = F.cross_entropy(vectors @ told.T / HEAT, own)
        return loss


class Terms(nn.Module):
    """The terms that have a share and something to go by: text (N, q), traits (U, t), a model."""

    def __init__(
        self, share: Share, width: int, text: Tensor | None = None, traits: Tensor | None = None,
        older: Older | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.share = share
        self.attributes = Contrast(text, width) if share.attributes and text is not None else None
        self.profile = Contrast(traits, width) if share.profile and traits is not None else None
        self.older = older if share.older else None

    def forward(self, batch: Examples, out: Tensor, table: Tensor, heat: float) -> Tensor:
        """batch of B windows, out (B, L, d) and table (N, d) of unit rows → what is added."""
        total = out.new_zeros(())
        if self.attributes is not None:
            at = _items(batch)  # (M,)
            at = _some(at[self.attributes.speaks(at)])  # (M,)
            total = total + self.share.attributes * self.attributes(table[at], at)
        if self.profile is not None:
            own = torch.from_numpy(batch.owner).to(out.device)  # (B,)
            told = own.ge(0) & self.profile.speaks(own.clamp(min=0))  # (B,)
            if told.any():
                total = total + self.share.profile * self.profile(out[told, -1], own[told])
        if self.older is not None:
            total = total + self.share.older * _ranked_alike(self.older, batch, out, table, heat)
        return total


def _items(batch: Examples) -> Tensor:
    """Each item of a batch once, (M,)."""
    there: Tensor = torch.unique(torch.cat([batch.items.flatten(), batch.wanted.flatten()]))
    return there[there.ge(FIRST_ROW)]


def _some(at: Tensor) -> Tensor:
    return at[torch.randperm(len(at), device=at.device)[:CONTRASTED]]


def _ranked_alike(older: Older, batch: Examples, out: Tensor, table: Tensor, heat: float) -> Tensor:
    """Cross-entropy between both rankings of the same items drawn from the older table."""
    at = batch.wanted.ge(FIRST_ROW)  # (B, L)
    drawn = torch.randint(FIRST_ROW, len(older.table), (RANKED,), device=out.device)  # (K,)
    taught = (older.vectors(batch)[at] @ older.table[drawn].T / heat).softmax(1)  # (M, K)
    said = (out[at] @ table[drawn].T / heat).log_softmax(1)  # (M, K)
    apart: Tensor = -(taught * said).sum(1).mean()
    return apart
