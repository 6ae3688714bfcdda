"""Dead letters by source: 9 bytes each."""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt

from recaug.audit.rows import Int64

Codes = npt.NDArray[np.int16]

#: Reasons told apart; the list is closed, a foreign writer's inventions are counted as one.
REASONS = 200
OTHER = "other"


class Refused:
    """Which input records are among the dead letters, and why; `add` all, then `seal`."""

    def __init__(self) -> None:
        self._offsets: dict[str, array[int]] = {}
        self._codes: dict[str, array[int]] = {}
        self._sealed: dict[str, tuple[Int64, npt.NDArray[np.uint8]]] = {}
        self.names: list[str] = [OTHER]
        self._numbers = {OTHER: 0}

    def add(self, source: str, offset: int, reason: str) -> None:
        """Note a dead letter of `topic:partition` at an offset."""
        if source not in self._offsets:
            self._offsets[source], self._codes[source] = array("q"), array("B")
        self._offsets[source].append(offset)
        self._codes[source].append(self._number(reason))

    def _number(self, reason: str) -> int:
        number = self._numbers.get(reason)
        if number is None:
            if len(self.names) == REASONS:
                return 0
            number = self._numbers[reason] = len(self.names)
            self.names.append(reason)
        return number

    def seal(self) -> None:
        """The last of several letters about one record counts."""
        for source, offsets in self._offsets.items():
            newest_first = np.frombuffer(offsets, np.int64)[::-1]
            known, at = np.unique(newest_first, return_index=True)
            codes = np.frombuffer(self._codes[source], np.uint8)[::-1]
            self._sealed[source] = known, codes[at]
        self._offsets, self._codes = {}, {}

    def codes(self, source: str, offsets: Int64) -> Codes:
        """Index in `names` for each offset; -1 for one that was not refused."""
        found = np.full(len(offsets), -1, np.int16)
        known, codes = self._sealed.get(source, (None, None))
        if known is None or codes is None:
            return found
        at = np.minimum(np.searchsorted(known, offsets), len(known) - 1)
        same = known[at] == offsets
        found[same] = codes[at[same]]
        return found
