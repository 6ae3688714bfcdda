"""The programs in `docs/clients/`, run as their pages say, against the real broker.

Each is taken from its page. What it publishes must lie where `recaug.Producer` puts it; what it
reads is told once, and only while it is fresh.
"""

from __future__ import annotations

import functools
import re
import secrets
import time
import uuid
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson
import pytest
from kafka.partitioner import murmur2

from recaug.checkup import partition_of
from recaug.events import Click, Recommendation, parse_event, rfc3339, to_bytes
from recaug.kafka import admin, read
from recaug.producer import Producer
from recaug.topics import Topics
from tests.docs.page import CLIENTS
from tests.docs.programs import PYTHON, Program, running, said
from tests.docs.toolchain import Toolchain

TOPICS = Topics("")
PARTITIONS = 24

#: Hashed otherwise, or with the sign taken otherwise, its partition is another one.
USER = "zoë-0"

#: A click larger than this is refused by the broker, not by the client.
LARGEST = 2_048

KCAT = Toolchain(("kcat", "jq"), "kcat jq")
NODE = Toolchain(
    ("node", "npm"),
    "nodejs npm",
    version=(("node", "--version"), (18, 0)),
    folder="node",
    install="npm ci",
    kept="node_modules",
)
GO = Toolchain(
    ("go",),
    "golang-go",
    version=(("go", "version"), (1, 24)),
    folder="go",
    install="go mod download",
)
JAVA = Toolchain(
    ("javac", "mvn"),
    "default-jdk-headless maven",
    version=(("javac", "-version"), (17, 0)),
    folder="java",
    install="mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib",
    kept="lib",
)


PUBLISHERS = [
    Program("kcat.md", "publish.sh", KCAT),
    Program("python.md", "publish_recaug.py", PYTHON),
    Program("python.md", "publish_kafka.py", PYTHON),
    Program("python.md", "publish_confluent.py", PYTHON),
    Program("node.md", "publish.mjs", NODE),
    Program("go.md", "publish.go", GO),
    Program("java.md", "Publish.java", JAVA),
]
READERS = [
    Program("kcat.md", "read.sh", KCAT),
    Program("consumers.md", "read_recaug.py", PYTHON),
    Program("consumers.md", "read_async.py", PYTHON),
    Program("python.md", "read_kafka.py", PYTHON),
    Program("python.md", "read_confluent.py", PYTHON),
    Program("node.md", "read.mjs", NODE),
    Program("go.md", "read.go", GO),
    Program("java.md", "Read.java", JAVA),
]


@pytest.fixture(scope="module")
def broker(kafka: str) -> Iterator[str]:
    """The broker with the two topics that a client knows, by the names it knows them by."""
    clicks = {"num_partitions": PARTITIONS, "configs": {"max.message.bytes": str(LARGEST)}}
    lists = {"num_partitions": 2}
    names = [TOPICS.clickstream.name, TOPICS.recommendations.name]
    with admin(kafka) as client:
        client.create_topics(
            {
                name: {"replication_factor": 1, **spec}
                for name, spec in zip(names, (clicks, lists), strict=True)
            }
        )
        client.wait_for_topics(names)
        yield kafka
        client.delete_topics(names)


@pytest.fixture(scope="module")
def partition(broker: str) -> int:
    """Where `recaug.Producer` puts the user's events."""
    click = {"event": "click", "event_id": "e-1", "timestamp": 1764000000000, "item_id": "ours"}
    with Producer(broker) as producer:
        return int(producer.send({**click, "user_id": USER}).get().partition)


@pytest.fixture(scope="module")
def answered(broker: str) -> list[str]:
    """Publish a list, the same again, an expired one, and a last one; return what is to be told."""
    hour = 3_600_000
    now = int(time.time() * 1000)
    first, stale, last = _list(now + hour, "a", "b"), _list(now - hour, "c"), _list(now + hour, "d")
    with Producer(broker) as producer:
        for answer in (first, first, stale, last):
            producer.send(to_bytes(answer), TOPICS.recommendations, USER)
    return [f"{USER}: a b", f"{USER}: d"]


def _list(until_ms: int, *items: str) -> Recommendation:
    fields = {
        **Recommendation.model_json_schema()["examples"][0],
        "recommendation_id": str(uuid.uuid4()),
        "user_id": USER,
        "expires_at": rfc3339(until_ms),
        "items": [
            {
                "item_id": item,
                "index": index,
                "score": 0.5,
                "reasons": [{"code": "similar_to_recent_click", "item_id": "of the history"}],
            }
            for index, item in enumerate(items)
        ],
    }
    return Recommendation.model_validate_json(orjson.dumps(fields))


def test_other_partitioners_would_be_noticed(partition: int) -> None:
    """librdkafka's own (CRC32), Sarama's own (FNV-1a), and murmur2 with the sign taken off."""
    key = USER.encode()
    fnv = functools.reduce(lambda h, byte: (h ^ byte) * 16_777_619 % 2**32, key, 2_166_136_261)
    hashed = murmur2(key) % 2**32
    assert partition == hashed % 2**31 % PARTITIONS
    others = {zlib.crc32(key), fnv, fnv % 2**31, 2**32 - fnv, 2**32 - hashed}
    assert partition not in {other % PARTITIONS for other in others}


def test_the_keys_to_check_a_client_by_are_right() -> None:
    rows = re.findall(
        r"^\| `(.+)` \| (\d+) \| (\d+) \|$", (CLIENTS / "README.md").read_text(), re.M
    )
    assert len(rows) >= 4
    for key, right, crc32 in rows:
        assert int(right) == partition_of(key.encode(), PARTITIONS), key
        assert int(crc32) == zlib.crc32(key.encode()) % PARTITIONS, key


@pytest.mark.parametrize("program", PUBLISHERS, ids=str)
def test_a_click_lands_where_ours_would(
    program: Program, broker: str, partition: int, tmp_path: Path
) -> None:
    item = f'"{uuid.uuid4()}"'
    began = int(time.time() * 1000)
    with running(program, tmp_path, broker, USER, item) as process:
        assert process.wait() == 0, said(tmp_path)
    now = int(time.time() * 1000)
    ((record, click),) = [
        (record, event)
        for record in read(broker, [TOPICS.clickstream.name])
        if isinstance(event := parse_event(record.value, record.headers, now), Click)
        and event.item_id == item
    ]
    assert record.partition == partition
    assert (record.key, click.user_id) == (USER.encode(), USER)
    assert began <= click.timestamp <= now
    assert len(click.event_id) > 20


@pytest.mark.parametrize("program", PUBLISHERS, ids=str)
def test_a_refusal_is_told(program: Program, broker: str, tmp_path: Path) -> None:
    item = secrets.token_hex(LARGEST)  # compresses by half at most
    with running(program, tmp_path, broker, USER, item) as process:
        assert process.wait() != 0
    assert re.search("too.?large", said(tmp_path), re.IGNORECASE), said(tmp_path)


@pytest.mark.parametrize("program", READERS, ids=str)
def test_a_list_is_told_once_while_it_is_fresh(
    program: Program, broker: str, answered: list[str], tmp_path: Path
) -> None:
    with running(program, tmp_path, broker) as process:
        assert process.stdout is not None
        told = [line.rstrip("\n") for line in islice(process.stdout, len(answered))]
    assert told == answered, said(tmp_path)
