"""Who does not want to be personalised for: as a user document says it, and remembered.

allows        whether a user document allows personalisation
Refusals      the users whose newest document does not
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recaug.bounds import Bound, hit
from recaug.windows import DIGEST_BYTES, digest

#: Refusals remembered, most; the oldest go first.
MOST = 1_000_000


def allows(document: Mapping[str, Any]) -> bool:
    """Whether a (canonical) user document allows personalisation; one that says nothing does."""
    return bool((document.get("consent") or {}).get("personalization", True))


class Refusals:
    """Digests of the newest `most` users who refused, about 100 bytes each."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._users: dict[bytes, None] = {}

    def __len__(self) -> int:
        return len(self._users)

    def __contains__(self, user: str) -> bool:
        return bool(self._users) and digest(user) in self._users

    def add(self, user: str) -> bool:
        """Remember a refusal; False when it was known."""
        key = digest(user)
        known = key in self._users
        self._users[key] = None
        if len(self._users) > self._most:
            hit(Bound.UNWILLING)
            del self._users[next(iter(self._users))]
        return not known

    def discard(self, user: str) -> bool:
        """Forget a refusal; False when there was none."""
        key = digest(user)
        known = key in self._users
        self._users.pop(key, None)
        return known

    def snapshot(self) -> bytes:
        """All of them, oldest first, for a checkpoint: 16 bytes each."""
        return b"".join(self._users)

    def restore(self, data: bytes) -> None:
        """Become what `snapshot` saw. Raises ValueError on bytes it did not write."""
        if len(data) % DIGEST_BYTES:
            raise ValueError("snapshot of refusals is cut short")
        keys = (data[at : at + DIGEST_BYTES] for at in range(0, len(data), DIGEST_BYTES))
        self._users = dict.fromkeys(keys)
