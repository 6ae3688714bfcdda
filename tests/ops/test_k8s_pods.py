"""What pods of ops/k8s may do and have, and what Redis, the registry and a card are given."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.ops.manifests import K8S, OVERLAYS, ROOT, Pod, environment, of_kind, ours, pods
from tests.test_compose import COMPOSE

every = pytest.mark.parametrize("overlay", OVERLAYS)


@every
def test_no_pod_has_more_rights_than_it_needs(overlay: str) -> None:
    for pod in pods(overlay):
        assert pod.spec["automountServiceAccountToken"] is False
        assert pod.spec["enableServiceLinks"] is False, "it would set variables named like ours"
        assert pod.spec["securityContext"]["runAsNonRoot"] is True
        assert pod.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod.container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod.container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in pod.container["resources"]["limits"]


@every
def test_the_user_of_the_image_is_the_user_of_the_pod(overlay: str) -> None:
    made = re.search(r"useradd --uid (\d+)", (ROOT / "Dockerfile").read_text())
    assert made is not None
    for pod in ours(overlay):
        assert pod.spec["securityContext"]["runAsUser"] == int(made[1])


@every
def test_secrets_are_files_that_not_everybody_may_read(overlay: str) -> None:
    for pod in pods(overlay):
        assert not [one for one in pod.own.values() if "secretKeyRef" in one.get("valueFrom", {})]
        assert not [one for one in pod.container.get("envFrom", ()) if "secretRef" in one]
        for mount in pod.mounts.values():
            secret = pod.volumes[mount["name"]].get("secret")
            if secret is not None:
                assert mount["readOnly"] is True
                public = {one["key"] for one in secret.get("items", ())} == {"ca.crt"}
                assert public or secret["defaultMode"] & 0o007 == 0


@every
def test_only_learn_signs_and_writes_models(overlay: str) -> None:
    for pod in ours(overlay):
        secrets = {one.get("secret", {}).get("secretName") for one in pod.volumes.values()}
        assert ("recaug-signing" in secrets) == (pod.name == "recaug-learn")
        registry = pod.mounts.get("/registry")
        if registry is not None:
            assert registry.get("readOnly", False) == (pod.name != "recaug-learn")


@every
def test_where_a_pod_writes_there_is_a_volume(overlay: str) -> None:
    for pod in ours(overlay):
        given = environment(overlay, pod)
        assert not pod.mounts[given["RECAUG_DATA_DIR"]].get("readOnly")
        assert not pod.mounts["/tmp"].get("readOnly")
        if pod.name in {"recaug-learn", "recaug-recommend"}:
            assert given["RECAUG_REGISTRY_DIR"] in pod.mounts


# -- the parts --------------------------------------------------------------------------------


def test_the_registry_can_be_mounted_on_every_node_or_all_are_on_one() -> None:
    for overlay in OVERLAYS:
        (mode,) = of_kind(overlay, "PersistentVolumeClaim")["recaug-registry"]["spec"][
            "accessModes"
        ]
        recommend = Pod("recommend", of_kind(overlay, "StatefulSet")["recaug-recommend"])
        together = recommend.spec.get("affinity", {}).get("podAffinity")
        assert (mode == "ReadWriteMany") == (together is None)
        if together:
            (term,) = together["requiredDuringSchedulingIgnoredDuringExecution"]
            learn = Pod("learn", of_kind(overlay, "StatefulSet")["recaug-learn"])
            assert term["labelSelector"]["matchLabels"].items() <= learn.labels.items()


def test_with_cards_nothing_works_quietly_without_one() -> None:
    for pod in ours("gpu"):
        asked = pod.container["resources"]["limits"].get("nvidia.com/gpu", 0)
        given = environment("gpu", pod)
        if pod.name == "recaug-learn":
            assert (asked, given["RECAUG_DEVICE"]) == (1, "cuda")
        elif pod.name == "recaug-recommend":
            assert (asked, given["RECAUG_PROVIDER"]) == (1, "cuda")
        else:
            assert asked == 0


def test_redis_has_the_version_of_compose_and_more_memory_than_it_fills() -> None:
    (redis,) = (pod for pod in pods("whole") if pod.name == "recaug-redis")
    assert redis.container["image"] == COMPOSE["services"]["redis"]["image"]
    conf = (K8S / "components" / "redis" / "redis.conf").read_text()
    filled = re.search(r"^maxmemory (\d+)gb$", conf, re.M)
    assert filled is not None
    assert redis.container["resources"]["limits"]["memory"] == "3Gi"
    assert int(filled[1]) * 1.5 <= 3


def test_the_tree_has_no_part_that_nothing_uses() -> None:
    used = set[str]()
    for path in K8S.rglob("kustomization.yaml"):
        made = yaml.safe_load(path.read_text())
        for one in made.get("components", ()):
            used.add((path.parent / one).resolve().name)
        for one in made.get("resources", ()):
            assert (path.parent / one).exists()
    assert used == {path.name for path in (K8S / "components").iterdir()}


def test_one_worker_has_room_for_the_partitions_of_all() -> None:
    """What docs/capacity.md says a process and a partition take, in MB."""
    partitions = int(environment("whole", _pod("recaug-clean"))["RECAUG_PARTITIONS"])
    for name, process, each in (("recaug-clean", 150, 40), ("recaug-recommend", 560, 25)):
        limit = _pod(name).container["resources"]["limits"]["memory"]
        assert _megabytes(limit) > process + partitions * each


def _pod(name: str) -> Pod:
    return Pod(name, of_kind("whole", "StatefulSet")[name])


def _megabytes(quantity: str) -> float:
    number, unit = int(quantity[:-2]), quantity[-2:]
    return number * {"Mi": 1, "Gi": 1024}[unit] * 2**20 / 1e6
