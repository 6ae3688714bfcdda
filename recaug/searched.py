"""What a search asks for, as a vector of the text encoder: made once, kept while it is asked for.

    query         what a search says, in the form that is encoded
    Queries       use · vectors

The query is part of the event that is answered. Nothing of it is kept under anybody's name.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recaug.batch import Float32
from recaug.bounds import Bound, hit

#: Queries whose vectors are kept, about 1 KiB each.
KEPT = 10_000
#: Characters of a query that are encoded, most; hardly anybody types more.
CHARS = 64
#: Characters of queries that are encoded for one batch of events, most: some 16 queries, 40 ms, or
#: 90 ms where each character is a word.
AT_ONCE = 320

#: Texts to vectors of length 1, (n, t).
Encode = Callable[[Sequence[str]], Float32]


def query(event: Mapping[str, Any]) -> str:
    """What a search says: one case, one space, at most `CHARS` characters.

    Empty where the event is no search, or says nothing that has a letter or a digit in it.
    """
    if event["event"] != "search":
        return ""
    said = " ".join(event["search_term"].casefold().split())
    if len(said) > CHARS:
        hit(Bound.QUERY)
    said = said[:CHARS].rstrip()
    return said if any(map(str.isalnum, said)) else ""


class Queries:
    """The vectors of what was searched for lately. One thread at a time, but for `use`."""

    def __init__(self, kept: int = KEPT, at_once: int = AT_ONCE) -> None:
        self._kept, self._at_once = kept, at_once
        self._encode: Encode | None = None
        self._found = OrderedDict[str, NDArray[np.float16]]()

    def use(self, encode: Encode) -> None:
        """Encode with this from now on; until then no query has a vector."""
        self._encode = encode

    def vectors(self, events: Sequence[Mapping[str, Any]]) -> list[NDArray[np.float16] | None]:
        """The vector (t,) of each event's query; None where it has none, or none is left for it."""
        if self._encode is None:
            return [None] * len(events)
        asked = list(map(query, events))
        self._add([said for said in dict.fromkeys(asked) if said and said not in self._found])
        found = [self._find(said) for said in asked]
        self._trim()
        return found

    def _add(self, new: Sequence[str]) -> None:
        sizes = accumulate(map(len, new))
        some = [said for said, size in zip(new, sizes, strict=True) if size <= self._at_once]
        if over := len(new) - len(some):
            hit(Bound.QUERIES_ENCODED, over)
        if some:
            assert self._encode is not None
            vectors = self._encode(some)
            self._found.update(
                (n, v.astype(np.float16)) for n, v in zip(some, vectors, strict=True)
            )

    def _find(self, said: str) -> NDArray[np.float16] | None:
        vector = self._found.get(said)
        if vector is not None:
            self._found.move_to_end(said)
        return vector

    def _trim(self) -> None:
        while len(self._found) > self._kept:
            hit(Bound.QUERY_VECTORS)
            self._found.popitem(last=False)
