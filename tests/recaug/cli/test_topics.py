"""`recaug topics`: made once, compared setting by setting, set where that moves no record."""

from __future__ import annotations

import time

from kafka.admin import ConfigResource, ConfigResourceType

from recaug.kafka import admin, ensure_topics, partition_counts
from tests.recaug.cli.shell import Shell


def test_created_once_and_then_as_they_should_be(shell: Shell) -> None:
    total = len(shell.settings.topics.all)
    planned = shell.run("topics", "create", "--partitions", "3", "--dry-run")
    assert f"{total} of {total} topics would be created" in planned.err
    assert shell.run("topics", "check").code == 2
    made = shell.run("topics", "create", "--partitions", "3")
    assert made.out == planned.out
    assert f"{shell.settings.topics.events.name}  3 partitions, 1 replicas" in made.out
    with admin(shell.settings.kafka) as client:
        assert partition_counts(client, [shell.settings.topics.events]) == {
            shell.settings.topics.events.name: 3
        }
    again = shell.run("topics", "create")
    assert (again.code, again.out) == (0, "")
    checked = shell.run("topics", "check")
    assert (checked.code, checked.out) == (0, f"{total} topics are as they should be\n")
    assert shell.run("topics", "diff").out == ""


def test_a_number_that_the_others_do_not_have_is_refused(shell: Shell) -> None:
    ensure_topics(shell.settings)
    refused = shell.run("topics", "create", "--partitions", "5")
    assert refused.code == 2
    assert "have 2 already" in refused.err
    differ = shell.run("topics", "diff", "--partitions", "5", "-f", "jsonl")
    assert differ.code == 2
    by_user = {topic.name for topic in shell.settings.topics.all if topic.key == "user"}
    assert {row["topic"] for row in differ.lines()} == by_user
    assert {(row["wanted"], row["found"]) for row in differ.lines()} == {("5", "2")}
    assert "--partitions 5" in differ.lines()[0]["mend"]


def test_a_setting_that_differs_is_named_and_set(shell: Shell) -> None:
    ensure_topics(shell.settings)
    topic = shell.settings.topics.events
    with admin(shell.settings.kafka) as client:
        client.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic.name, {"retention.ms": "1000"})]
        )
    differ = wait_for(shell, 1)
    assert differ["topic"] == topic.name
    assert (differ["setting"], differ["wanted"], differ["found"]) == (
        "retention.ms", str(topic.retention_ms), "1000"
    )  # fmt: skip
    checked = shell.run("topics", "check")
    assert checked.code == 1
    assert "recaug topics create --align" in checked.err
    planned = shell.run("topics", "create", "--align", "--dry-run")
    assert planned.out == f"{topic.name}  retention.ms 1000 → {topic.retention_ms}\n"
    assert shell.run("topics", "check").code == 1
    shell.run("topics", "create", "--align")
    wait_for(shell, 0)


def wait_for(shell: Shell, count: int) -> dict[str, str]:
    """The first of so many differences: the broker shows a change a moment after it took it."""
    deadline = time.monotonic() + 30
    while len(found := shell.run("topics", "diff", "-f", "jsonl").lines()) != count:
        assert time.monotonic() < deadline, found
    return found[0] if found else {}
