"""KEDA: resources of the form it documents, and figures that follow from what a worker does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from recaug.settings import Settings
from streams.app import create_app
from tests.ops.manifests import of_kind, rendered
from tests.ops.promql import exported, metrics_in
from tests.ops.test_rules import needs_promtool

SCALED = {"recaug-clean": "clean", "recaug-recommend": "recommend"}

_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}


def _closed(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


#: From KEDA's reference of ScaledObject; values of a trigger's metadata are texts, always.
SCALED_OBJECT = _closed(
    ("scaleTargetRef", "triggers"),
    scaleTargetRef=_closed(
        ("name",), apiVersion={"type": "string"}, kind={"type": "string"}, name={"type": "string"}
    ),
    pollingInterval={"type": "integer"},
    cooldownPeriod={"type": "integer"},
    minReplicaCount={"type": "integer"},
    maxReplicaCount={"type": "integer"},
    fallback=_closed(
        ("failureThreshold", "replicas"),
        failureThreshold={"type": "integer"},
        replicas={"type": "integer"},
        behavior={
            "enum": [
                "static",
                "currentReplicas",
                "currentReplicasIfHigher",
                "currentReplicasIfLower",
            ]
        },
    ),
    advanced=_closed(
        (), horizontalPodAutoscalerConfig=_closed((), name={}, behavior={"type": "object"})
    ),
    triggers={
        "type": "array",
        "items": _closed(
            ("type", "metadata"),
            type={"type": "string"},
            name={"type": "string"},
            metricType={"enum": ["AverageValue", "Value", "Utilization"]},
            authenticationRef=_closed(("name",), name={"type": "string"}, kind={"type": "string"}),
            metadata=_TEXTS,
            useCachedMetrics={"type": "boolean"},
        ),
    },
)

#: Of the scalers `kafka` and `prometheus`: what their pages list.
KAFKA = {
    "bootstrapServers", "consumerGroup", "topic", "lagThreshold", "activationLagThreshold",
    "offsetResetPolicy", "allowIdleConsumers", "scaleToZeroOnInvalidOffset", "excludePersistentLag",
    "limitToPartitionsWithLag", "ensureEvenDistributionOfPartitions", "version",
    "partitionLimitation", "sasl", "tls", "unsafeSsl",
}  # fmt: skip
PROMETHEUS = {
    "serverAddress", "query", "threshold", "activationThreshold", "namespace", "customHeaders",
    "ignoreNullValues", "unsafeSsl", "timeout", "queryParameters",
}  # fmt: skip


def specs() -> dict[str, Any]:
    return {name: one["spec"] for name, one in of_kind("whole", "ScaledObject").items()}


def trigger(spec: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = (one for one in spec["triggers"] if one["type"] == kind)
    assert isinstance(found, dict)
    return found


def test_the_resources_have_the_form_that_keda_documents() -> None:
    assert specs().keys() == SCALED.keys()
    for spec in specs().values():
        jsonschema.validate(spec, SCALED_OBJECT)
        assert trigger(spec, "kafka")["metadata"].keys() <= KAFKA
        assert trigger(spec, "prometheus")["metadata"].keys() <= PROMETHEUS
    for one in rendered("whole"):
        if one["apiVersion"].startswith("keda.sh/"):
            assert one["apiVersion"] == "keda.sh/v1alpha1"
            assert one["kind"] in {"ScaledObject", "TriggerAuthentication"}


def test_kubernetes_takes_the_behaviour_that_keda_hands_on() -> None:
    for name, spec in specs().items():
        scaler = {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": name},
            "spec": {
                "scaleTargetRef": spec["scaleTargetRef"],
                "minReplicas": spec["minReplicaCount"],
                "maxReplicas": spec["maxReplicaCount"],
                "behavior": spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"],
            },
        }
        kubernetes_validate.validate(scaler, kubernetes_validate.latest_version(), strict=True)


def test_it_scales_what_exists_and_nobody_else_sets_the_number() -> None:
    sets = of_kind("whole", "StatefulSet")
    for spec in specs().values():
        target = spec["scaleTargetRef"]
        assert (target["apiVersion"], target["kind"]) == ("apps/v1", "StatefulSet")
        assert "replicas" not in sets[target["name"]]["spec"]


@pytest.mark.parametrize("name", SCALED)
def test_it_looks_at_a_group_and_a_topic_of_that_service(name: str) -> None:
    settings, service = Settings(prefix=""), SCALED[name]
    asked = trigger(specs()[name], "kafka")["metadata"]
    assert asked["consumerGroup"] == settings.group(service)
    read = settings.topics.inputs if service == "clean" else (settings.topics.events,)
    assert asked["topic"] in {topic.name for topic in read}


@pytest.mark.parametrize("name", SCALED)
def test_the_numbers_it_may_choose_share_the_partitions_out_evenly(name: str) -> None:
    spec = specs()[name]
    asked = trigger(spec, "kafka")["metadata"]
    assert asked["ensureEvenDistributionOfPartitions"] == "true"
    partitions = of_kind("whole", "KafkaTopic")[asked["topic"]]["spec"]["partitions"]
    # Divisors of the partitions for the one trigger, powers of two for the other: the same numbers.
    divisors = {n for n in range(1, partitions + 1) if partitions % n == 0}
    assert divisors == {2**n for n in range(partitions.bit_length())}
    chosen = {spec["minReplicaCount"], spec["maxReplicaCount"], spec["fallback"]["replicas"]}
    assert chosen <= divisors
    assert spec["maxReplicaCount"] == partitions
    (policy,) = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleUp"]["policies"]
    assert (policy["type"], policy["value"]) == ("Percent", 100), "doubling keeps them even"


@pytest.mark.parametrize("name", SCALED)
def test_the_lag_of_a_healthy_group_asks_for_nobody(name: str) -> None:
    spec, service = specs()[name], SCALED[name]
    app = create_app(service, Settings())
    rate = _worker_rate(spec)
    # Between two commits a worker that keeps up is behind by what it read meanwhile.
    sawtooth = rate * app.conf.broker_commit_interval
    assert float(trigger(spec, "kafka")["metadata"]["lagThreshold"]) == 3 * sawtooth


def _worker_rate(spec: dict[str, Any]) -> int:
    query = trigger(spec, "prometheus")["metadata"]["query"]
    found = re.search(r"/ (\d+)", query)
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("name", SCALED)
def test_the_query_asks_for_what_the_exporter_serves(name: str) -> None:
    query = trigger(specs()[name], "prometheus")["metadata"]["query"]
    assert metrics_in(query) <= exported()
    topics = {topic.name for topic in Settings(prefix="").topics.all}
    (asked,) = re.findall(r'topic=~"([^"]+)"', query)
    assert set(asked.split("|")) <= topics


#: Events a second, and the workers that are wanted: a power of two, each at most at its rate.
WANTED = {
    "recaug-recommend": {0: 1, 400: 1, 900: 1, 1_000: 2, 2_500: 4, 5_000: 8, 9_000: 16},
    "recaug-clean": {0: 1, 20_000: 1, 30_000: 2, 50_000: 4, 100_000: 8},
}


@needs_promtool
@pytest.mark.parametrize("name", WANTED)
def test_prometheus_works_the_wanted_number_out(name: str, tmp_path: Path) -> None:
    spec = specs()[name]
    query = trigger(spec, "prometheus")["metadata"]["query"]
    assert trigger(spec, "prometheus")["metadata"]["threshold"] == "1"
    topic = trigger(spec, "kafka")["metadata"]["topic"]
    cases = [_case(query, topic, rate, workers) for rate, workers in WANTED[name].items()]
    (tmp_path / "test.yml").write_text(yaml.safe_dump({"tests": cases}))
    promtool = shutil.which("promtool")
    assert promtool is not None
    done = subprocess.run(
        [promtool, "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _case(query: str, topic: str, rate: int, workers: int) -> dict[str, Any]:
    """Four partitions that share the rate, over ten minutes, asked at the end."""
    step = rate * 15 // 4
    series = [
        {
            "series": f'kafka_partition_latest_offset{{topic="{topic}", partition="{number}"}}',
            "values": f"0+{step}x40",
        }
        for number in range(4)
    ]
    asked = {"expr": query, "eval_time": "10m", "exp_samples": [{"value": workers, "labels": "{}"}]}
    return {"interval": "15s", "input_series": series, "promql_expr_test": [asked]}


def test_keda_has_the_rights_of_the_exporter_which_changes_nothing() -> None:
    (login,) = of_kind("whole", "TriggerAuthentication").values()
    given = {one["parameter"]: one for one in login["spec"]["secretTargetRef"]}
    assert given["password"]["name"] == "recaug-exporter"
    assert given["password"]["key"] == "password"
    assert given["ca"] == {"parameter": "ca", "name": "recaug-cluster-ca-cert", "key": "ca.crt"}
    (name,) = login["spec"]["configMapTargetRef"]
    user = of_kind("whole", "ConfigMap")[name["name"]]["data"][name["key"]]
    assert user == "recaug-exporter"
    acls = of_kind("whole", "KafkaUser")[user]["spec"]["authorization"]["acls"]
    may = {operation for acl in acls for operation in acl["operations"]}
    assert may == {"Describe", "DescribeConfigs", "Read"}
    groups = {a["resource"]["name"] for a in acls if a["resource"]["type"] == "group"}
    for spec in specs().values():
        kafka = trigger(spec, "kafka")
        assert kafka["authenticationRef"]["name"] == login["metadata"]["name"]
        assert kafka["metadata"]["consumerGroup"] in groups
