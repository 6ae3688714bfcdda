"""`recaug lag` on a real broker: tables, JSON, the exit code of a probe, watching."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recaug.cli import INTERRUPTED
from recaug.kafka import ensure_topics
from recaug.settings import Settings
from tests.recaug.cli.shell import Shell
from tests.recaug.cli.terminal import ENTER, LEAVE, Terminal
from tests.recaug.lag.stand_in import Members, publish

TITLES = [
    "GROUP", "TOPIC", "PARTS", "LAG", "TIME-LAG", "IN/s", "OUT/s", "DRAIN-IN", "RETENTION",
    "VERDICT",
]  # fmt: skip


@pytest.fixture
def waiting(shell: Shell) -> Settings:
    """30 clicks and 12 that nobody reads, in two partitions."""
    ensure_topics(shell.settings)
    topic = shell.settings.topics.clickstream.name
    for partition, number in ((0, 30), (1, 12)):
        publish(shell.settings, topic, {f"u-{n}": 1 for n in range(number)}, partition)
    return shell.settings


def test_services_that_do_not_run_are_a_failure_a_probe_can_see(
    shell: Shell, waiting: Settings
) -> None:
    done = shell.run("lag", "--every", "0.5")
    assert done.code == 2
    table, worst, hints = done.out.strip().split("\n\n")
    title, *rows = table.splitlines()
    assert title.split() == TITLES
    assert len(rows) == 9  # five inputs, and events and users for each of two services
    assert all("STOP" in row and "not running" in row for row in rows)
    click = next(row for row in rows if ".clickstream " in row)
    # Seven days are kept, and what waits was written just now.
    assert click.split()[2:4] == ["2", "42"]
    assert "7.0d" in click
    # Only where something waits; most first does not matter, both are as old.
    assert [line.split()[2:6] for line in sorted(worst.splitlines()[2:])] == [
        ["0", "-", "30", "30"],
        ["1", "-", "12", "12"],
    ]
    assert [line.split()[0] for line in hints.splitlines()] == ["hint", "try"] * 3
    assert "hint  clean: no worker runs, 42 records of" in hints
    assert "more workers would help" in hints


def test_json_holds_the_same(shell: Shell, waiting: Settings) -> None:
    done = shell.run("lag", "--every", "0.5", "-f", "json")
    (found,) = done.lines()
    assert (done.code, found["verdict"]) == (2, "STOP")
    groups = {row["group"] for row in found["rows"]}
    assert groups == {shell.settings.group(name) for name in ("clean", "learn", "recommend")}
    assert {row["partitions"] for row in found["rows"]} == {2}
    assert [hint["cause"] for hint in found["hints"]] == ["not-running"] * 3
    assert {hint["more_workers"] for hint in found["hints"]} == {True}


def test_one_topic_by_partition_one_line_each(shell: Shell, waiting: Settings) -> None:
    done = shell.run(
        "lag", "--every", "0.5", "--topic", "click*", "--by", "partition", "-f", "jsonl"
    )
    rows = done.lines()
    assert done.code == 2
    assert [(row["partition"], row["lag"], row["committed"]) for row in rows] == [
        (0, 30, None),
        (1, 12, None),
    ]
    assert {row["topic"] for row in rows} == {waiting.topics.clickstream.name}
    assert all(row["at"].endswith("Z") and row["member"] is None for row in rows)


def test_by_member_who_reads_what(shell: Shell) -> None:
    ensure_topics(shell.settings)
    topic = shell.settings.topics.events.name
    with Members(shell.settings, "learn", 3, topic):
        seen = shell.run("lag", "--every", "0.5", "--service", "learn", "--by", "member")
        wide = shell.run("lag", "--every", "0.5", "--service", "learn", "-f", "wide")
    assert seen.code == 0
    table, hints = seen.out.strip().split("\n\n")
    title, *rows = table.splitlines()
    assert title.split()[:3] == ["GROUP", "MEMBER", "PARTS"]
    # Three members for two partitions: one of them reads nothing.
    assert sorted(row.split()[2] for row in rows) == ["0", "1", "1"]
    assert sum("idle: reads nothing" in row for row in rows) == 1
    assert all("@127.0.0.1" in row for row in rows)
    assert "1 of 3 workers read nothing" in hints
    title, row, *_ = wide.out.splitlines()
    assert title.split()[-4:] == ["WORKERS", "IDLE", "HOT", "VERDICT"]
    # RETENTION, WORKERS, IDLE, HOT and VERDICT.
    assert row.split()[8:13] == ["-", "3", "1", "-", "OK"]


def test_watching_into_a_pipe_goes_on(waiting: Settings) -> None:
    env = {**os.environ, "RECAUG_KAFKA": waiting.kafka, "RECAUG_PREFIX": waiting.prefix}
    command = [str(Path(sys.executable).parent / "recaug"), "lag", "--watch", "--every", "0.5"]
    only = ["--topic", "clickstream"]
    with subprocess.Popen([*command, *only], env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().decode() for _ in range(2 * 11)]
        process.terminate()
    # Title, a row, two partitions and a hint, and all of that again.
    assert sum("Ctrl-C to stop" in line for line in said) == 2
    assert sum("COURSE" in line for line in said) == 2
    assert not any("\x1b" in line for line in said)
    courses = [line.split()[9] for line in said if "STOP   nobody" in line]
    assert courses == ["█", "██"]


def test_watching_on_a_terminal_is_one_screen_until_ctrl_c(waiting: Settings) -> None:
    with Terminal(waiting, "lag", "-w", "--every", "0.5", "--topic", "click*") as terminal:
        terminal.until("hint  clean")
        terminal.press("\x03")
        assert terminal.wait() == INTERRUPTED
    said = terminal.said
    assert said.index(ENTER) < said.index("COURSE") < said.rindex(LEAVE)


def test_a_topic_that_nobody_reads_is_said_in_three_lines(shell: Shell, waiting: Settings) -> None:
    done = shell.run("lag", "--every", "0.5", "--topic", "clicks")
    assert done.code == 2
    assert [line.split(":")[0] for line in done.err.splitlines()] == ["error", "why", "try"]
    assert waiting.topics.clickstream.name in done.err


def test_no_broker_is_exit_code_three_and_three_lines(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = shell.run("lag", "--kafka", "127.0.0.1:1")
    assert done.code == 3
    assert [line.split(":")[0] for line in done.err.splitlines()] == ["error", "why", "try"]
    assert done.out == ""
