from __future__ import annotations

import os
import signal

import pytest

from recaug.local.stopping import SIGNALS, Stopping


def test_while_things_start_a_signal_interrupts() -> None:
    with Stopping() as stopping, pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)
    assert not stopping.wanted


@pytest.mark.parametrize("number", SIGNALS)
def test_while_things_run_the_first_asks_and_the_second_insists(number: signal.Signals) -> None:
    with Stopping() as stopping:
        stopping.patient = True
        os.kill(os.getpid(), number)
        assert stopping.wanted
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with Stopping():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before
