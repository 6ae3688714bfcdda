"""What a search is for: items whose texts are like its words, as one more scorer's say.

    matches       queries to items and what each gains
    joined        those beside what neighbours and favourites say

The texts themselves are compared. Through the text map of a model and the rows that it learned from
clicks, which is how an item without a click gets its row, far fewer are found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recaug.batch import PAD_ROW, Float32
from recaug.table import ItemTable
from recaug.told import Told, Votes

#: A query as the text encoder has it: (t,), of length 1.
Words = NDArray[np.floating]
#: Queries (n, t) and a number k to the k items at most that are most like each, with cosines.
Near = Callable[[Float32, int], Sequence[Votes]]

#: Items that a search may be for, most.
MOST = 100
#: Cosine from which a text is like a query. The best of 20,000 items has .2 to .32 for what makes
#: no sense in a shop, and .55 or more for nearly all that does.
ALIKE = 0.3
#: What a cosine that is higher by 1 is worth, in the model's log-odds.
WORTH = 50.0


def matches(words: Sequence[Words | None], near: Near) -> list[Votes | None]:
    """What each query is for, best first; None where there is none, or nothing is like it."""
    found: list[Votes | None] = [None] * len(words)
    asked = {place: query for place, query in enumerate(words) if query is not None}
    if not asked:
        return found
    queries = np.stack(list(asked.values())).astype(np.float32)  # (n, t)
    for place, (items, cosines) in zip(asked, near(queries, MOST), strict=True):
        alike = int((cosines > ALIKE).sum())
        if alike:
            found[place] = items[:alike], WORTH * (cosines[:alike] - ALIKE)
    return found


def joined(said: Told, table: ItemTable, found: Sequence[Votes | None]) -> Told:
    """What others say of B histories, and behind it what the search of each is for."""
    most = max((len(one[0]) for one in found if one), default=0)
    if not most:
        return said
    rows = np.full((len(found), most), PAD_ROW, np.int64)
    gains = np.zeros(rows.shape, np.float32)
    for line, one in enumerate(found):
        if one:
            items, worth = one
            rows[line, : len(items)] = [table.rows.get(item, PAD_ROW) for item in items]
            gains[line, : len(items)] = worth
    return replace(
        said,
        rows=np.concatenate([said.rows, rows], axis=1),
        gains=np.concatenate([said.gains, gains], axis=1),
        matches=most,
    )
