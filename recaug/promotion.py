"""The signed word on which version is served, and how far back a worker may never go again.

Promotions and rollbacks are the same act: the next number of one sequence, signed. A worker takes a
number only if it is not below the last it served, so an old announcement or an old alias, sent once
more by whoever may write there, moves nothing.
"""

from __future__ import annotations

import base64
import binascii
import logging
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field

from recaug import atomic, plain
from recaug.signing import SIGNATURE_BYTES, Keys

log = logging.getLogger(__name__)

#: What is signed begins with this: no signature of a manifest passes for one of a promotion.
CONTEXT: Final = b"recaug.promotion/1\n"
MAX_BYTES: Final = 4_096

LABEL: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
SHA256: Final = r"^[0-9a-f]{64}$"


class Promotion(BaseModel):
    """Serve this version of this model, with this manifest, from now on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=LABEL)
    version: str = Field(pattern=LABEL)
    manifest_sha256: str = Field(pattern=SHA256)
    sequence: int = Field(ge=1, lt=2**63)
    signature: str = ""

    def signed(self, keys: Keys) -> Self:
        """The same with a signature. Raises Failure where the key cannot be used."""
        signature = base64.b64encode(keys.sign(self._message())).decode("ascii")
        return self.model_copy(update={"signature": signature})

    def is_signed(self, keys: Keys) -> bool:
        """Whether a trusted key signed exactly this. Raises Failure where no key is trusted."""
        try:
            signature = base64.b64decode(self.signature, validate=True)
        except binascii.Error:
            return False
        return len(signature) == SIGNATURE_BYTES and keys.verifies(self._message(), signature)

    def _message(self) -> bytes:
        # The fields hold no line break, so that no two promotions have the same message.
        fields = self.name, self.version, self.manifest_sha256, str(self.sequence)
        return CONTEXT + "\n".join(fields).encode("ascii")


def next_sequence(last: int, now_ms: int) -> int:
    """A number above `last`; by the clock, so that it grows even where the last one was lost."""
    return max(last + 1, now_ms)


class Floor:
    """The sequence number last served by the workers of a data directory; it only rises.

    Kept in a file, so that a restarted worker does not believe an old announcement. Where the file
    cannot be written the memory of this process remains, and the log says so.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._value = 0

    @property
    def value(self) -> int:
        """The highest number served by this process, or by another before it."""
        self._value = max(self._value, self._stored())
        return self._value

    def rise(self, to: int) -> None:
        """Never serve a lower number than `to` again."""
        if to <= self.value:
            return
        self._value = to
        try:
            atomic.make_directory(self._path.parent)
            atomic.write_bytes(self._path, b"%d\n" % to)
        except OSError as error:
            log.warning("%s cannot be written (%s): a restart forgets it", self._path, error)

    def _stored(self) -> int:
        try:
            text = plain.read(self._path, MAX_BYTES)
            return int(text) if text.strip().isdigit() else self._damaged("it holds no number")
        except FileNotFoundError:
            return 0
        except OSError as error:
            return self._damaged(str(error))

    def _damaged(self, why: str) -> int:
        log.warning("%s cannot be read (%s): what was served before is forgotten", self._path, why)
        return 0
