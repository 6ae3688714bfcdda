"""The files in ops/acl are what streams/acl.py says, and the shell understands them alike."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from recaug.lag.commits import OFFSETS
from recaug.settings import SERVICES, Settings
from recaug.state.redis import APPLY, LOAD
from streams.acl import REDIS_READ, REDIS_WRITE, grants, kafka_script, redis_file

ACL = Path(__file__).parents[2] / "ops" / "acl"

#: Called by `kafka.sh` in place of Kafka's: says what it was asked.
RECORDER = """#!/bin/sh
printf '%s\\n' "$@" "" >> "$RECORDED"
"""


def test_the_files_are_what_the_list_says() -> None:
    assert (ACL / "kafka.sh").read_text() == kafka_script()
    assert (ACL / "redis.acl").read_text() == redis_file()
    assert os.access(ACL / "kafka.sh", os.X_OK)


@pytest.mark.parametrize("prefix", ["", "shop."])
def test_the_script_asks_for_every_grant_and_no_other(prefix: str, tmp_path: Path) -> None:
    (tmp_path / "kafka-acls.sh").write_text(RECORDER)
    (tmp_path / "kafka-acls.sh").chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "RECAUG_PREFIX": prefix,
        "RECORDED": str(tmp_path / "calls"),
    }
    command = ["sh", str(ACL / "kafka.sh"), "k:9093", "admin.properties"]
    subprocess.run(command, env=environment, check=True)
    calls = [call.split("\n") for call in (tmp_path / "calls").read_text().strip().split("\n\n")]
    head = ["--bootstrap-server", "k:9093", "--command-config", "admin.properties", "--add"]
    assert all(call[:5] == head for call in calls)
    assert {grant for call in calls for grant in _asked(call[5:])} == {
        (f"User:{grant.principal}", grant.operation, f"--{grant.kind}", name)
        for grant in grants(Settings(prefix=prefix))
        for name in grant.names
    }


def _asked(call: list[str]) -> list[tuple[str, str, str, str]]:
    pairs = list(zip(call[::2], call[1::2], strict=True))
    (_, principal), (_, operation), *names = pairs
    return [(principal, operation, kind, name) for kind, name in names]


def test_a_service_writes_what_is_its_own_and_nobody_reads_what_is_not_needed() -> None:
    topics = Settings().topics
    given = grants(Settings())
    # An operator rolls models back and settles dead letters.
    shared = (topics.models, topics.dead_letters)
    for topic in topics.all:
        writers = {g.principal for g in given if g.operation == "Write" and topic.name in g.names}
        if topic.written_by in SERVICES:
            others = {"recaug-operator"} if topic in shared else set()
            assert writers == {f"recaug-{topic.written_by}", *others}
    readers = {g.principal for g in given if g.operation == "Read"}
    assert "recaug-producer" not in readers
    assert {g.operation for g in given} == {"Describe", "Read", "Write", "DescribeConfigs"}
    assert {g.principal for g in given if OFFSETS in g.names} == {"recaug-operator"}


def test_redis_allows_what_the_scripts_call_and_nothing_else() -> None:
    called = set(re.findall(r"redis\.call\('(\w+)'", LOAD.text + APPLY.text))
    around = {"ping", "mget", "eval", "evalsha"}
    assert {command.lower() for command in called} | around == {*REDIS_READ, *REDIS_WRITE}
    reads = re.findall(r"redis\.call\('(\w+)'", LOAD.text)
    assert {command.lower() for command in reads} <= set(REDIS_READ)
