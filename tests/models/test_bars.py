import io
import sys

import pytest

from models.bars import Bars


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_away_from_a_terminal_each_stage_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as bars:
        bars.tell("what was read")
        bars.say("ours", "learns 1", 0, 1)
        bars.say("ours", "trains 1", 1, 90)
        bars.say("ours", "trains 1", 2, 90)
        bars.say("ours", "trains 2", 3_000, 9_000)
        bars.say("read", "events", 10_000, 0)
    assert capsys.readouterr().err.splitlines() == [
        "what was read", "ours: learns 1", "ours: trains 1 1 of 90",
        "ours: trains 2 3,000 of 9,000", "read: events 10,000",
    ]  # fmt: skip


def test_on_a_terminal_each_contender_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with Bars() as bars:
        bars.tell("what was read [100 %]")
        bars.say("popular", "ranks", 5, 5)
        bars.say("ours", "trains", 1, 2)
    shown = screen.getvalue()
    assert "what was read [100 %]" in shown
    for words in ("popular", "100%", "ours", "50%", "trains"):
        assert words in shown
