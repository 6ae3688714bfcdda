"""What Strimzi is asked for: resources it takes, topics as we make them, rights as we list them."""

from __future__ import annotations

import jsonschema
import pytest

from ops.k8s import write
from recaug.kafka import admin, ensure_topics
from recaug.settings import Settings
from streams.acl import grants
from tests.ops.crds import CLASSES, closed, strimzi
from tests.ops.manifests import OVERLAYS, Pod, environment, of_kind, ours, rendered_anywhere

every = pytest.mark.parametrize("overlay", OVERLAYS)

#: What Strimzi makes beside the Secret of each KafkaUser.
CA = "recaug-cluster-ca-cert"


def test_strimzi_takes_every_resource() -> None:
    judges = {kind: jsonschema.Draft202012Validator(one) for kind, one in strimzi().items()}
    asked = [one for one in rendered_anywhere() if one["apiVersion"] == write.API]
    assert {one["kind"] for one in asked} == CLASSES.keys()
    for one in asked:
        judges[one["kind"]].validate(one)


def test_a_mistake_would_be_found() -> None:
    user = next(iter(of_kind("whole", "KafkaUser").values()))
    wrong = {**user, "spec": {**user["spec"], "authorisation": {}}}
    with pytest.raises(jsonschema.ValidationError, match="authorisation"):
        jsonschema.validate(wrong, strimzi()["KafkaUser"])


def test_a_closed_schema_leaves_open_what_is_meant_to_be() -> None:
    schema = closed(
        {
            "type": "object",
            "properties": {
                "config": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        }
    )
    jsonschema.validate({"config": {"any": 1}, "labels": {"any": "text"}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"confg": {}}, schema)


def test_the_files_are_the_ones_that_are_written() -> None:
    for path, text in write.files().items():
        assert path.read_text() == text, "python -m ops.k8s.write"


def test_a_broker_has_the_topics_that_strimzi_would_make(settings: Settings) -> None:
    ensure_topics(settings)
    with admin(settings.broker) as client:
        names = [topic.name for topic in settings.topics.all]
        found = {one["name"]: len(one["partitions"]) for one in client.describe_topics(names)}
    asked = {
        f"{settings.prefix}{one['metadata']['name']}": one["spec"]
        for one in write.topics(Settings(partitions=settings.partitions, prefix=""))
    }
    assert {name: spec["partitions"] for name, spec in asked.items()} == found
    assert {name: spec["config"] for name, spec in asked.items()} == {
        topic.name: topic.config for topic in settings.topics.all
    }


@every
def test_partitions_and_replicas_are_those_of_the_settings(overlay: str) -> None:
    for pod in ours(overlay):
        given = environment(overlay, pod)
        for name, topic in of_kind(overlay, "KafkaTopic").items():
            one = name in {"recaug.models", "recaug.metrics"}
            assert topic["spec"]["partitions"] == (1 if one else int(given["RECAUG_PARTITIONS"]))
            assert topic["spec"]["replicas"] == int(given["RECAUG_REPLICATION"])
    for pool in of_kind(overlay, "KafkaNodePool").values():
        for topic in of_kind(overlay, "KafkaTopic").values():
            assert topic["spec"]["replicas"] <= pool["spec"]["replicas"]


@every
def test_replicas_outlast_a_broker_where_there_are_several(overlay: str) -> None:
    for kafka in of_kind(overlay, "Kafka").values():
        config = kafka["spec"]["kafka"]["config"]
        (pool,) = of_kind(overlay, "KafkaNodePool").values()
        brokers = pool["spec"]["replicas"]
        assert config["offsets.topic.replication.factor"] == brokers
        assert config["min.insync.replicas"] == (2 if brokers == 3 else 1)
        assert config["auto.create.topics.enable"] is False


def test_users_have_the_rights_of_the_list_and_no_others() -> None:
    listed = {
        (grant.principal, grant.operation, grant.kind, name)
        for grant in grants(Settings(prefix=""))
        for name in grant.names
    }
    given = [
        (name, operation, acl["resource"]["type"], acl["resource"]["name"])
        for name, user in of_kind("whole", "KafkaUser").items()
        for acl in user["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    ]
    assert set(given) == listed
    assert len(given) == len(listed)
    for user in of_kind("whole", "KafkaUser").values():
        for acl in user["spec"]["authorization"]["acls"]:
            assert acl["resource"]["patternType"] == "literal"


@every
def test_a_pod_is_a_user_that_strimzi_makes(overlay: str) -> None:
    users = of_kind(overlay, "KafkaUser")
    for pod in ours(overlay):
        name = environment(overlay, pod)["RECAUG_KAFKA_USERNAME"]
        assert pod.volumes["kafka"]["secret"]["secretName"] == _secret(name)
        if users:
            assert name in users
            assert pod.volumes["kafka-ca"]["secret"]["secretName"] == CA


def _secret(name: str) -> str:
    return name if name.startswith("recaug-") else f"recaug-{name}"


def test_the_brokers_listen_where_pods_and_keda_go() -> None:
    (kafka,) = of_kind("whole", "Kafka").values()
    (listener,) = kafka["spec"]["kafka"]["listeners"]
    assert listener["tls"] is True
    assert listener["authentication"] == {"type": "scram-sha-512"}
    at = f"{kafka['metadata']['name']}-kafka-bootstrap"
    clean = Pod("recaug-clean", of_kind("whole", "StatefulSet")["recaug-clean"])
    assert environment("whole", clean)["RECAUG_KAFKA"] == f"{at}:{listener['port']}"
    for scaled in of_kind("whole", "ScaledObject").values():
        servers = scaled["spec"]["triggers"][0]["metadata"]["bootstrapServers"]
        assert servers == f"{at}.recaug.svc:{listener['port']}"
