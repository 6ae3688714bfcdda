"""First rows of items, from the company they keep: what is had together begins near each other.

Random rows are added up over the items next to each item in the log, a few times over, so that two
items have like rows where they have like company (FastRP: Chen et al., CIKM 2019). A model that
begins with them knows in a second what it would else learn in its first epochs; a new item begins
among those it was seen with.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.batches import Log
from models.sequence import SequenceModel
from recaug.batch import FIRST_ROW, Int64

#: Pairs added up at once: 50 MB at a width of 128.
PAIRS = 100_000
#: Events apart that still are company, and times that rows are added up.
REACH, ROUNDS = 3, 5


@torch.no_grad()
def place(model: SequenceModel, log: Log, first: int) -> None:
    """Give the rows of the table from `first` on their places; those before have learned theirs."""
    table = model.table
    if first >= len(table):
        return
    # A new row is half as long as an old one, and so quicker to turn.
    length = table[FIRST_ROW:first].norm(dim=1).median() / 2 if first > FIRST_ROW else 1.0
    table[first:] = placed(log, table.cpu(), first)[first:].to(table.device) * length


def placed(log: Log, rows: Tensor, first: int) -> Tensor:
    """`rows` (N, d) of length 1; those from `first` on where their company is, or as they are.

    Known events of `log` count. A neighbour counts by nearness and, by the root of its events,
    less where it is everybody's.
    """
    one, other, weight = _pairs(log, len(rows), first)
    given = F.normalize(rows, dim=1)  # (N, d)
    for _ in range(ROUNDS):
        summed = torch.zeros_like(given)  # (N, d)
        for at in range(0, len(one), PAIRS):
            part = slice(at, at + PAIRS)
            summed.index_add_(0, one[part], given[other[part]] * weight[part].unsqueeze(1))
        given = F.normalize(given + F.normalize(summed, dim=1), dim=1)
        given[:first] = F.normalize(rows[:first], dim=1)
    return given


def _pairs(log: Log, size: int, first: int) -> tuple[Tensor, Tensor, Tensor]:
    """Rows from `first` on, what is near them, and how much it counts, (P,) each."""
    source, owners = log.source, log.source.owners()
    counts = np.bincount(source.rows[log.known], minlength=size)
    found: list[tuple[Int64, Int64, float]] = []
    for step in range(1, REACH + 1):
        near = log.known[step:] & log.known[:-step] & (owners[step:] == owners[:-step])
        one, other = source.rows[step:][near], source.rows[:-step][near]
        found += [(one, other, 1 / step), (other, one, 1 / step)]
    one, other = (np.concatenate([pair[side] for pair in found]) for side in (0, 1))
    weight = np.concatenate([np.full(len(pair[0]), pair[2]) for pair in found])
    kept = (one >= first) & (one != other)
    one, other, weight = one[kept], other[kept], weight[kept] / np.sqrt(counts[other[kept]])
    return torch.from_numpy(one), torch.from_numpy(other), torch.from_numpy(weight).float()
