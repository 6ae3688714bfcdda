"""What `kubectl kustomize` makes of ops/k8s: objects, pods, and what those are given."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
K8S = ROOT / "ops" / "k8s"
OVERLAYS = tuple(sorted(path.name for path in (K8S / "overlays").iterdir()))

Object = dict[str, Any]


@functools.cache
def rendered(overlay: str) -> tuple[Object, ...]:
    """Every object of an overlay; skips the test where there is nothing to render it with."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl: Debian 13: apt-get install kubernetes-client")
    command = [kubectl, "kustomize", str(K8S / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def rendered_anywhere() -> list[Object]:
    """Every object of any overlay, those that are alike once."""
    found = {yaml.safe_dump(one): one for overlay in OVERLAYS for one in rendered(overlay)}
    return list(found.values())


def of_kind(overlay: str, *kinds: str) -> dict[str, Object]:
    """The objects of these kinds by their names."""
    return {one["metadata"]["name"]: one for one in rendered(overlay) if one["kind"] in kinds}


@dataclass(frozen=True, slots=True)
class Pod:
    """The pod that a workload makes, with its one container."""

    name: str
    workload: Object

    @property
    def spec(self) -> Object:
        spec: Object = self.workload["spec"]["template"]["spec"]
        return spec

    @property
    def labels(self) -> dict[str, str]:
        labels: dict[str, str] = self.workload["spec"]["template"]["metadata"]["labels"]
        return labels

    @property
    def container(self) -> Object:
        (container,) = self.spec["containers"]
        assert isinstance(container, dict)
        return container

    @property
    def own(self) -> dict[str, Object]:
        """What is set for this pod itself, by variable."""
        return {one["name"]: one for one in self.container.get("env", ())}

    @property
    def volumes(self) -> dict[str, Object]:
        claims = self.workload["spec"].get("volumeClaimTemplates", ())
        claimed = {claim["metadata"]["name"]: {"claim": claim} for claim in claims}
        return {**claimed, **{volume["name"]: volume for volume in self.spec.get("volumes", ())}}

    @property
    def mounts(self) -> dict[str, Object]:
        """By path."""
        return {one["mountPath"]: one for one in self.container["volumeMounts"]}


def pods(overlay: str) -> Iterator[Pod]:
    for name, workload in of_kind(overlay, "StatefulSet", "Deployment", "Job").items():
        yield Pod(name, workload)


def ours(overlay: str) -> Iterator[Pod]:
    """Those that run our images."""
    return (pod for pod in pods(overlay) if pod.name != "recaug-redis")


def environment(overlay: str, pod: Pod) -> dict[str, str]:
    """Every variable of a pod with its value; the pod's name where it is asked for."""
    maps = of_kind(overlay, "ConfigMap")
    shared = [maps[source["configMapRef"]["name"]]["data"] for source in pod.container["envFrom"]]
    own = {name: one.get("value", f"{pod.name}-0") for name, one in pod.own.items()}
    return {name: value for given in (*shared, own) for name, value in given.items()}
