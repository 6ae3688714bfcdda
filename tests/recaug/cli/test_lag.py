"""`recaug lag` on a real broker: the table, the JSON and the exit code of a probe."""

from __future__ import annotations

import pytest

from recaug.kafka import ensure_topics
from tests.recaug.cli.shell import Shell


def test_services_that_do_not_run_are_a_failure_a_probe_can_see(shell: Shell) -> None:
    ensure_topics(shell.settings)
    done = shell.run("lag", "--every", "0.5")
    assert done.code == 2
    title, *rows = done.out.splitlines()
    assert title.split() == [
        "GROUP", "TOPIC", "PARTS", "LAG", "TIME-LAG", "IN/s", "OUT/s", "DRAIN-IN", "VERDICT",
    ]  # fmt: skip
    assert len(rows) == 9  # five inputs, and events and users for each of two services
    assert all("STOP" in row and "not running" in row for row in rows)


def test_json_holds_the_same(shell: Shell) -> None:
    ensure_topics(shell.settings)
    done = shell.run("lag", "--every", "0.5", "-f", "json")
    (found,) = done.lines()
    assert (done.code, found["verdict"]) == (2, "STOP")
    groups = {row["group"] for row in found["rows"]}
    assert groups == {shell.settings.group(name) for name in ("clean", "learn", "recommend")}
    assert {row["partitions"] for row in found["rows"]} == {2}


def test_no_broker_is_exit_code_three_and_three_lines(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = shell.run("lag", "--kafka", "127.0.0.1:1")
    assert done.code == 3
    assert [line.split(":")[0] for line in done.err.splitlines()] == ["error", "why", "try"]
    assert done.out == ""
