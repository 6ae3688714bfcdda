"""`recaug doctor`: marks, mends and the exit code."""

from __future__ import annotations

from recaug.kafka import ensure_topics
from tests.recaug.cli.shell import Shell


def test_a_healthy_installation_is_exit_code_zero(shell: Shell) -> None:
    ensure_topics(shell.settings)
    done = shell.run("doctor")
    assert done.code == 0, done.out
    assert all(line.startswith("✓") for line in done.out.splitlines())
    assert shell.run("doctor", "--quiet").out == ""


def test_something_to_look_at_is_exit_code_one(shell: Shell) -> None:
    done = shell.run("doctor", "--quiet", "-f", "json")
    assert done.code == 1
    (finding,) = done.lines()
    assert (finding["level"], finding["about"]) == ("warn", "topics")
    assert "recaug up" in finding["mend"]


def test_something_broken_is_exit_code_two(shell: Shell) -> None:
    done = shell.run("doctor", "--kafka", "127.0.0.1:1")
    assert done.code == 2
    assert "✕ broker" in done.out
    assert "→ start everything with: recaug up" in done.out
