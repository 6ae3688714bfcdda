"""Stopping on a signal, and saying how far it is."""

import io
import os
import signal

import pytest

from recaug.publish import REPORT_S, Meter, Stop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_to_stop_and_the_handler_before_comes_back(number: int) -> None:
    before = signal.getsignal(number)
    with Stop() as stop:
        assert not stop
        os.kill(os.getpid(), number)
        assert stop.wait(5)
        assert stop
    assert signal.getsignal(number) is before


def test_waiting_ends_without_a_signal() -> None:
    with Stop() as stop:
        assert not stop.wait(0.001)


def test_away_from_a_terminal_a_line_appears_every_few_seconds() -> None:
    out = io.StringIO()
    with Meter("replay", 1_000, out) as meter:
        for second in range(int(2 * REPORT_S) + 1):
            meter.add(10, float(second))
    assert out.getvalue().splitlines() == [
        "replay: 110 of 1,000 events, 11.0/s",
        "replay: 210 of 1,000 events, 10.5/s",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_bar_ends_at_what_was_sent() -> None:
    out = Terminal()
    with Meter("replay", 40, out) as meter:
        for _ in range(40):
            meter.add(1, 0.0)
    assert "40/40" in out.getvalue()
