"""The two files that say which version of a model is served.

    <root>/<name>/champion          the promotion in force, signed
    <root>/<name>/champion.before   the one before it: where the sequence stood, what to go back to

Each is replaced whole, the older first; one writer at a time holds a lock on the directory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from pydantic import ValidationError

from recaug import atomic, plain
from recaug.promotion import MAX_BYTES, Promotion
from recaug.signing import Keys

CHAMPION, BEFORE = "champion", "champion.before"


class DamagedAlias(ValueError):
    """The file is there, but is no promotion of this model that a trusted key signed."""


class Alias:
    """What is served under one name. `keys` None: signatures are neither made nor looked at."""

    def __init__(self, home: Path, keys: Keys | None) -> None:
        self._home, self._keys = home, keys

    def current(self) -> Promotion | None:
        """The promotion in force; None while there is none. Raises DamagedAlias."""
        return self._read(CHAMPION)

    def versions(self) -> set[str]:
        """Versions that either file names: those that may have to be served again."""
        return {promotion.version for promotion in self._known()}

    def last(self) -> int:
        """The highest number of the sequence that is known here; 0 where none is."""
        return max((promotion.sequence for promotion in self._known()), default=0)

    def replace(self, promotion: Promotion) -> None:
        """Put `promotion` in force. Raises OSError, and then the former one still is."""
        home = self._home
        if any(self._good(CHAMPION)):
            atomic.write_bytes(home / BEFORE, plain.read(home / CHAMPION, MAX_BYTES))
        atomic.write_bytes(home / CHAMPION, promotion.model_dump_json().encode() + b"\n")

    def alone(self) -> AbstractContextManager[None]:
        """Wait until no other process changes the alias; `learn` and a rollback may meet."""
        return atomic.alone(self._home)

    def _known(self) -> Iterator[Promotion]:
        yield from self._good(CHAMPION)
        yield from self._good(BEFORE)

    def _good(self, file: str) -> Iterator[Promotion]:
        with suppress(DamagedAlias):
            found = self._read(file)
            if found is not None:
                yield found

    def _read(self, file: str) -> Promotion | None:
        try:
            promotion = Promotion.model_validate_json(plain.read(self._home / file, MAX_BYTES))
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise DamagedAlias(f"it cannot be read: {str(error).splitlines()[0]}") from error
        if promotion.name != self._home.name:
            raise DamagedAlias(f"it is about {promotion.name}")
        if self._keys is not None and not promotion.is_signed(self._keys):
            raise DamagedAlias("no trusted key signed it")
        return promotion
