"""Who was erased, and when: nothing they did before that has an effect again, whatever is replayed.

    Erasures      erase · covers · reaches · snapshot · restore

An event is compared by the time the broker appended it to the time it appended the null that
erased its user: whoever comes back afterwards is a new person. Ids are kept as digests.
"""

from __future__ import annotations

import struct
from threading import Lock

from recaug.bounds import Bound, hit
from recaug.windows import DIGEST_BYTES, digest

#: Erasures remembered, most; the oldest go first. Replays older than that many are not recognised.
MOST = 100_000

_ENTRY = struct.Struct(f"<{DIGEST_BYTES}sq")


class Erasures:
    """The newest `most` erasures. One thread may ask while another adds."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._until_ms: dict[bytes, int] = {}
        self._latest_ms = -1
        self._adding = Lock()

    def __len__(self) -> int:
        return len(self._until_ms)

    def erase(self, user: str, at_ms: int) -> None:
        """Note that the null of `user` was appended at `at_ms`, epoch milliseconds."""
        self._put(digest(user), at_ms)

    def _put(self, key: bytes, at_ms: int) -> None:
        with self._adding:
            self._until_ms[key] = max(at_ms, self._until_ms.get(key, at_ms))
            if len(self._until_ms) > self._most:
                hit(Bound.ERASURES)
                del self._until_ms[next(iter(self._until_ms))]
            self._latest_ms = max(self._latest_ms, at_ms)

    def covers(self, user: str, at_ms: int) -> bool:
        """Whether what `user` did is erased, when it was appended at `at_ms`."""
        return at_ms <= self._latest_ms and at_ms <= self._until_ms.get(digest(user), -1)

    def reaches(self, at_ms: int) -> bool:
        """Whether anybody was erased at `at_ms` or later: if not, nothing so new is covered."""
        return at_ms <= self._latest_ms

    def snapshot(self) -> bytes:
        """All of them, oldest first, for a checkpoint: 24 bytes each."""
        return b"".join(_ENTRY.pack(key, at_ms) for key, at_ms in self._until_ms.items())

    def restore(self, data: bytes) -> None:
        """Become what `snapshot` saw. Raises ValueError on bytes it did not write."""
        if len(data) % _ENTRY.size:
            raise ValueError("snapshot of erasures is cut short")
        self._until_ms, self._latest_ms = {}, -1
        for key, at_ms in _ENTRY.iter_unpack(data):
            self._put(key, at_ms)
