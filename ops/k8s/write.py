"""What is written from the lists that everything else goes by: topics, users, alerts.

    python -m ops.k8s.write

A test fails while one of the files says something else than its source.

    components/kafka/topics.yaml       KafkaTopic       recaug/topics.py
    components/kafka/users.yaml        KafkaUser        streams/acl.py
    components/monitoring/rules.yaml   PrometheusRule   ops/prometheus/recaug.rules.yml
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from recaug.kafka import specs
from recaug.settings import Settings
from streams.acl import Grant, grants

HERE = Path(__file__).parent
RULES = HERE.parent / "prometheus" / "recaug.rules.yml"

#: The name of the Kafka of `components/kafka`, by which Strimzi finds what belongs to it.
CLUSTER = "recaug"
API = "kafka.strimzi.io/v1"
MONITORING = "monitoring.coreos.com/v1"

#: 1, 2, 4, 8 and 16 workers have equal shares of it; more partitions cost more (bench `growth`).
PARTITIONS = 16
REPLICAS = 3

_HEAD = "# Written by `python -m ops.k8s.write` from {source}; do not edit.\n"


def topics(settings: Settings) -> Iterator[dict[str, Any]]:
    """Every topic as a KafkaTopic, as the services would make it."""
    for name, topic in specs(settings, settings.topics.all, {}).items():
        yield _object(
            "KafkaTopic",
            name,
            {
                "partitions": topic["num_partitions"],
                "replicas": topic["replication_factor"],
                "config": topic["configs"],
            },
        )


def users(settings: Settings) -> Iterator[dict[str, Any]]:
    """Every principal as a KafkaUser with its rights; Strimzi makes its password, a Secret."""
    for principal, given in groupby(grants(settings), lambda grant: grant.principal):
        yield _object(
            "KafkaUser",
            principal,
            {
                "authentication": {"type": "scram-sha-512"},
                "authorization": {"type": "simple", "acls": _acls(given)},
            },
        )


def _acls(given: Iterable[Grant]) -> list[dict[str, Any]]:
    may = defaultdict[tuple[str, str], list[str]](list)
    for grant in given:
        for name in grant.names:
            may[grant.kind, name].append(grant.operation)
    return [
        {"resource": {"type": kind, "name": name, "patternType": "literal"}, "operations": allowed}
        for (kind, name), allowed in may.items()
    ]


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    about = {"name": name, "labels": {"strimzi.io/cluster": CLUSTER}}
    return {"apiVersion": API, "kind": kind, "metadata": about, "spec": spec}


def rules() -> dict[str, Any]:
    """The rules of Prometheus as its operator reads them."""
    about = {"name": "recaug"}
    spec = yaml.safe_load(RULES.read_text())
    return {"apiVersion": MONITORING, "kind": "PrometheusRule", "metadata": about, "spec": spec}


def files() -> dict[Path, str]:
    """What is written, by where."""
    settings = Settings(partitions=PARTITIONS, replication=REPLICAS, prefix="")
    parts = HERE / "components"
    return {
        parts / "kafka" / "topics.yaml": _text("recaug/topics.py", topics(settings)),
        parts / "kafka" / "users.yaml": _text("streams/acl.py", users(settings)),
        parts / "monitoring" / "rules.yaml": _text("ops/prometheus/recaug.rules.yml", [rules()]),
    }


def _text(source: str, objects: Iterable[dict[str, Any]]) -> str:
    written: str = yaml.dump_all(objects, Dumper=_Plain, sort_keys=False, width=100)
    return _HEAD.format(source=source) + written


class _Plain(yaml.SafeDumper):
    """Writes what is said twice twice: an anchor would have to be looked up."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
