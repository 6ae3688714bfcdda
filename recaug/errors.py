"""Errors a person reads.

Failure                 what failed, why, and what to type
 ├─ Unreachable         a broker, a store or a page does not answer
 └─ Usage               a command was given what it cannot take
"""

from __future__ import annotations


class Failure(Exception):
    """Something a person can mend: the command prints it as three lines and exits with `code`.

    Raise it where the mend is known; a bug is any other exception and keeps its traceback.
    """

    code = 2

    def __init__(self, what: str, why: str, mend: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what, self.why, self.mend = what, why, mend

    def explain(self) -> str:
        """The three lines a person reads on stderr: what failed, why, and what to type."""
        parts = ("error", self.what), ("why", self.why), ("try", self.mend)
        return "".join(f"{label + ':':<7}{' '.join(text.split())}\n" for label, text in parts)


class Unreachable(Failure):
    """A server that was named or found does not answer."""

    code = 3


class Usage(Failure):
    """A command was given what it cannot take."""

    code = 64


def no_topic(topic: str, make: str = "recaug up") -> Failure:
    """The topic is not on the broker; `make` is the command that creates it."""
    return Failure(
        f"topic {topic} is not there",
        "the services create every topic and have not run on this broker",
        f"{make}   (a prefix? set RECAUG_PREFIX as the services have it)",
    )
