"""A Ctrl-C that a library drops is heard all the same."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from recaug.cli.interrupts import interruptible


def dropping() -> Iterator[int]:
    """Counts on where an interrupt was raised in the second step, as a finalizer would."""
    for n in range(10):
        if n == 1:
            with suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        yield n


def test_what_was_dropped_is_raised_at_the_next_step() -> None:
    seen: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        for n in interruptible(dropping()):
            seen.append(n)
    assert seen == [0]
    assert signal.getsignal(signal.SIGINT) is before


def test_what_is_not_dropped_is_raised_at_once() -> None:
    with pytest.raises(KeyboardInterrupt):
        for _ in interruptible(range(3)):
            signal.raise_signal(signal.SIGINT)


def test_without_one_nothing_changes() -> None:
    before = signal.getsignal(signal.SIGINT)
    assert list(interruptible(range(3))) == [0, 1, 2]
    assert signal.getsignal(signal.SIGINT) is before
