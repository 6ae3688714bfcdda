"""What an examination says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from recaug.settings import Settings

#: How long a broker may take to answer somebody who waits for it, seconds.
PATIENCE_S = 5.0


class Level(IntEnum):
    """The exit code a finding asks for."""

    OK = 0
    WARN = 1
    FAIL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined; `mend` is what to type, empty where there is nothing to do."""

    level: Level
    about: str
    words: str
    mend: str = ""

    def as_json(self) -> dict[str, str]:
        """The fields, in words."""
        return {
            "level": self.level.name.lower(),
            "about": self.about,
            "words": self.words,
            "mend": self.mend,
        }


Check = Callable[[Settings], Iterator[Finding]]
