"""Who may do what, in Kafka and in Redis: the one list, and the files in ops/acl written from it.

    python -m streams.acl kafka > ops/acl/kafka.sh
    python -m streams.acl redis > ops/acl/redis.acl

Each service is a principal of its own, so that one that is broken into can do what it does anyhow
and nothing more. Topics are made beforehand, by an administrator: `python -m streams topics`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from recaug.lag.commits import OFFSETS
from recaug.settings import SERVICES, Settings
from recaug.topics import SERVICES as EVERY_SERVICE
from recaug.topics import Topic

#: Groups a client of librdkafka must be able to ask about, though it joins none.
FOLLOWER, AUDIT = "recaug-follower", "recaug-audit"

#: A program that reads lists, and its group; several want a group and a line each.
CONSUMER = "consumer"

#: What the scripts of `recaug.state.redis` call, and what its client sends around them.
REDIS_READ = ("ping", "mget", "eval", "evalsha", "hget", "hgetall", "lindex", "lrange")
REDIS_WRITE = ("del", "hincrby", "hset", "lpop", "lset", "rpush", "set", "unlink")
REDIS_CLIENT = ("hello", "auth", "select")


@dataclass(frozen=True, slots=True)
class Grant:
    """`principal` may do `operation` on the topics or groups of these names."""

    principal: str
    operation: str
    kind: str
    names: tuple[str, ...]


def grants(settings: Settings) -> tuple[Grant, ...]:
    """Return all that is needed to run; what is not here is refused."""
    topics = settings.topics
    clean = (topics.events, topics.clean_items, topics.clean_users)
    reads = {
        "clean": topics.inputs,
        "learn": (*clean, topics.item_vectors, topics.metrics),
        "recommend": (*clean, topics.item_vectors, topics.models),
        "page": topics.all,
        "exporter": topics.all,
        "operator": topics.all,
        # Lists, and who was erased: `Consumer(on_erased=…)`.
        CONSUMER: (topics.recommendations, topics.clean_users),
    }
    writes = {
        **{
            name: tuple(t for t in topics.all if t.written_by in (name, EVERY_SERVICE))
            for name in SERVICES
        },
        "producer": topics.inputs,
        "page": topics.behaviour,
        # To send an event by hand, to erase a person, to roll a model back, to settle a letter.
        "operator": (*topics.inputs, topics.models, topics.dead_letters),
    }
    return tuple(
        grant
        for name in (*SERVICES, "page", "exporter", "operator", "producer", CONSUMER)
        for grant in _grants(settings, name, reads.get(name, ()), writes.get(name, ()))
        if grant.names
    )


def _grants(
    settings: Settings, name: str, reads: Iterable[Topic], writes: Iterable[Topic]
) -> Iterator[Grant]:
    principal = f"recaug-{name}"
    read, write = _names(reads), _names(writes)
    groups = tuple(settings.group(service) for service in SERVICES)
    if name in SERVICES:
        # Every service looks at its start whether the topics are there, and alike.
        rest = tuple(t for t in _names(settings.topics.all) if t not in {*read, *write})
        yield Grant(principal, "Describe", "topic", rest)
        yield Grant(principal, "Read", "group", (settings.group(name),))
        yield Grant(principal, "Describe", "group", (FOLLOWER,))
    elif name == CONSUMER:
        yield Grant(principal, "Read", "group", (settings.group(name),))
    elif read:
        yield Grant(principal, "Describe", "group", (*groups, AUDIT))
        yield Grant(principal, "DescribeConfigs", "topic", read)
    # When a group last committed is asked by `recaug lag` alone.
    commits = (OFFSETS,) if name == "operator" else ()
    yield Grant(principal, "Read", "topic", (*read, *commits))
    yield Grant(principal, "Write", "topic", write)


def _names(topics: Iterable[Topic]) -> tuple[str, ...]:
    return tuple(topic.name for topic in topics)


#: Stands for the prefix in what is written, and is no part of any name.
_PREFIX = "\x00"

_KAFKA = """\
#!/bin/sh
# Lets each service do what it does and nothing more. Written by: python -m streams.acl kafka
#
#   RECAUG_PREFIX=shop. ops/acl/kafka.sh HOST:PORT admin.properties
#
# admin.properties holds the credentials of an administrator (bootstrap.servers are given). The
# brokers must run with an authorizer and allow.everyone.if.no.acl.found=false.
set -eu
servers=$1 admin=$2
p=${RECAUG_PREFIX:-}

allow() {
  principal=$1
  shift
  kafka-acls.sh --bootstrap-server "$servers" --command-config "$admin" \\
    --add --allow-principal "User:$principal" "$@"
}
"""


def kafka_script() -> str:
    """Return the shell script that gives the grants, for whatever prefix it is run with."""
    lines = []
    for principal, every in groupby(grants(Settings(prefix=_PREFIX)), lambda one: one.principal):
        lines.append("")
        lines += [_allow(principal, grant) for grant in every]
    return _KAFKA + "\n".join(lines) + "\n"


def _allow(principal: str, grant: Grant) -> str:
    names = (f'--{grant.kind} "{name.replace(_PREFIX, "${p}")}"' for name in grant.names)
    return " \\\n  ".join([f"allow {principal} --operation {grant.operation}", *names])


def redis_file() -> str:
    """Return the ACL file for the prefix in use; SHA256 stands for the digests of the passwords.

    Redis takes no comments there, so docs/security.md says how it is used.
    """
    prefix = Settings().prefix
    keys = f"~{prefix}recaug:*"
    return "".join(
        [
            "user default off resetkeys resetchannels -@all\n",
            _redis_user("recommend", keys, REDIS_READ + REDIS_WRITE),
            # For `recaug doctor` and `recaug audit`, which look and change nothing.
            _redis_user("operator", keys, (*REDIS_READ, "info", "time")),
        ]
    )


def _redis_user(name: str, keys: str, commands: tuple[str, ...]) -> str:
    allowed = " ".join(f"+{command}" for command in (*REDIS_CLIENT, *commands))
    return f"user recaug-{name} on #SHA256 resetkeys {keys} resetchannels -@all {allowed}\n"


def main(arguments: list[str]) -> int:
    """Write one of the two to standard output."""
    texts = {"kafka": kafka_script, "redis": redis_file}
    if len(arguments) != 1 or arguments[0] not in texts:
        sys.stderr.write(f"usage: python -m streams.acl {'|'.join(texts)}\n")
        return 64
    sys.stdout.write(texts[arguments[0]]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
