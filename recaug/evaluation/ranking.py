"""The place of every target among the full catalogue, never among samples.

Ties are broken by the lower row, so that the same scores give the same places on any machine. One
pass over the scores gives both places that are reported: among everything, and among what the user
has not had yet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recaug.batch import FIRST_ROW, Int64, Sequences
from recaug.evaluation.targets import Bool, Targets

Scores = npt.NDArray[np.floating]

#: Scores of every row for each of some targets, (b, N).
Score = Callable[[Targets], Scores]

#: Place of a target that cannot be shown: no list is long enough.
MISS = int(np.iinfo(np.int64).max)
#: Events before a target that count as seen, most.
SEEN = 10_000
#: Targets whose lists are kept, evenly spread, and the length of a list.
LISTS, LIST = 2_000, 20


@dataclass(frozen=True, slots=True)
class Ranked:
    """What one scorer did with some targets; places begin at 0, `MISS` where it is not shown."""

    places: Int64  # (T,) among all items
    unseen: Int64  # (T,) among the target and the items the user has not had
    repeated: Bool  # (T,) whether the user has had the target itself
    lists: Int64  # (M, LIST) what M of the users would be shown, unseen only; 0 behind a short list


def rank(
    score: Score, source: Sequences, wanted: Targets, size: int, length: int = SEEN, lists: int = 0
) -> Ranked:
    """Rank each target among rows 2 … `size` − 1; the `length` events before it have been seen.

    A row that is scored −inf is never shown. `lists` many of the lists are kept.
    Raises ValueError where a score is not a number.
    """
    count, at = len(wanted), 0
    found = np.full((2, count), MISS, np.int64)
    repeated = np.zeros(count, np.bool_)
    listed = set(np.linspace(0, count - 1, min(lists, count)).astype(np.int64).tolist())
    kept: list[Int64] = []
    for part in wanted.blocks(size):
        scores = np.array(score(part), copy=True, order="C")
        if np.isnan(scores).any():
            raise ValueError("a score is not a number")
        scores[:, :FIRST_ROW] = -np.inf
        for i, line in enumerate(scores):
            row, seen = int(part.rows[i]), _seen(source, part, i, length, size)
            repeated[at] = row in seen
            found[:, at] = _places(line, row, seen)
            if at in listed:
                kept.append(top(line, seen))
            at += 1
    return Ranked(found[0], found[1], repeated, np.array(kept, np.int64).reshape(-1, LIST))


def ranks(score: Score, source: Sequences, wanted: Targets, length: int, size: int) -> Int64:
    """The place of each target among what its user has not seen, (T,); for the gate."""
    return rank(score, source, wanted, size, length).unseen


def top(line: Scores, seen: Int64, k: int = LIST) -> Int64:
    """The best `k` rows outside `seen`, best first, (k,); 0 behind a short list."""
    line = line.copy()
    line[seen] = -np.inf
    least = np.partition(line, -k)[-k] if len(line) > k else -np.inf
    able = np.flatnonzero((line >= least) & (line > -np.inf))
    best = able[np.argsort(-line[able], kind="stable")[:k]]
    return np.pad(best, (0, k - len(best)))


def _seen(source: Sequences, part: Targets, i: int, length: int, size: int) -> Int64:
    at = int(part.at[i])
    rows = np.unique(source.rows[max(int(part.starts[i]), at - length) : at])
    return rows[rows < size]


def _places(line: Scores, row: int, seen: Int64) -> tuple[int, int]:
    if not FIRST_ROW <= row < len(line) or line[row] == -np.inf:
        return MISS, MISS
    own = line[row]
    ahead = int(np.count_nonzero(line > own) + np.count_nonzero(line[:row] == own))
    theirs = line[seen]
    hidden = int(np.count_nonzero((theirs > own) | ((theirs == own) & (seen < row))))
    return ahead, ahead - hidden
