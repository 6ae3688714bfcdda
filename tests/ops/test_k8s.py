"""ops/k8s says what the tested code says, and Kubernetes would take it; no cluster is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from recaug.settings import SERVICES, Settings
from tests.ops.manifests import (
    OVERLAYS,
    Object,
    Pod,
    environment,
    of_kind,
    ours,
    pods,
    rendered,
    rendered_anywhere,
)
from tests.test_compose import OURS, check_command, words

#: The oldest Kubernetes that Strimzi 1.0 and KEDA 2.17 run on, and the newest whose schema we have.
VERSIONS = ("1.31", kubernetes_validate.latest_version())

CUSTOM = ("kafka.strimzi.io/", "keda.sh/", "monitoring.coreos.com/")

every = pytest.mark.parametrize("overlay", OVERLAYS)


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_every_object(version: str) -> None:
    core = [one for one in rendered_anywhere() if not one["apiVersion"].startswith(CUSTOM)]
    assert len(core) > len(SERVICES)
    for one in core:
        # A field that is misspelt would be dropped in silence: strict knows every one.
        kubernetes_validate.validate(one, version, strict=True)


@every
def test_every_object_has_a_name_of_its_own_and_the_namespace(overlay: str) -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in rendered(overlay)]
    assert len(set(names)) == len(names)
    assert {one["metadata"]["namespace"] for one in rendered(overlay)} == {"recaug"}


def test_a_mistake_would_be_found() -> None:
    broken = {"apiVersion": "v1", "kind": "Service", "spec": {"prots": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[-1], strict=True)


# -- settings ---------------------------------------------------------------------------------


@every
def test_every_variable_is_a_setting_with_a_value_it_may_have(
    overlay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pod in ours(overlay):
        given = environment(overlay, pod)
        for variable in given:
            assert variable.removeprefix("RECAUG_").lower() in Settings.model_fields
        _lay_secrets(pod, tmp_path / pod.name)
        with monkeypatch.context() as patch:
            for variable, value in given.items():
                patch.setenv(variable, value.replace("/run/secrets", f"{tmp_path}/{pod.name}"))
            _use(Settings(), pod)


def _lay_secrets(pod: Pod, root: Path) -> None:
    """An empty installation's files, where the pod would find what it mounts."""
    for path, mount in pod.mounts.items():
        if path.startswith("/run/secrets/"):
            place = root / path.removeprefix("/run/secrets/")
            place.mkdir(parents=True)
            for name in _files(pod.volumes[mount["name"]]):
                (place / name).write_text("something")


def _files(volume: Object) -> list[str]:
    if "secret" not in volume:
        return [KEYS[volume["configMap"]["name"]]]
    items = volume["secret"].get("items")
    return [one["path"] for one in items] if items else [KEYS[volume["secret"]["secretName"]]]


#: Files of the Secrets and maps that are mounted whole (`secrets.sh` makes them).
KEYS = {
    "recaug-signing": "signing.key",
    "recaug-trust": "signing.pub",
    "recaug-redis-recommend": "password",
    "recaug-redis-operator": "password",
}


def _use(settings: Settings, pod: Pod) -> None:
    assert settings.env == "production"
    broker = settings.broker  # reads the password, looks for the CA
    assert broker.security == "sasl_ssl"
    assert broker.username in {"admin", pod.name, "recaug-operator"}
    if settings.redis:
        assert settings.redis_server.url.startswith("rediss://recaug-")
        assert settings.redis_server.password.get_secret_value() == "something"
    for asked in (settings.signing_key, settings.trusted_keys):
        if asked and pod.name in {"recaug-learn", "recaug-recommend"}:
            assert asked.is_file()


def test_what_compose_sets_is_set_here_too() -> None:
    (recommend,) = (pod for pod in ours("whole") if pod.name == "recaug-recommend")
    given = environment("whole", recommend)
    in_the_clear = {"RECAUG_KAFKA_PASSWORD", "RECAUG_REDIS_PASSWORD"}
    assert set(OURS["recommend"]["environment"]) - in_the_clear <= given.keys()
    assert not in_the_clear & given.keys()
    for variable in ("RECAUG_TRAIN_EVERY_EVENTS", "RECAUG_TRAIN_EVERY_S"):
        default = Settings.model_fields[variable.removeprefix("RECAUG_").lower()].default
        assert float(given[variable]) == default


@every
def test_a_worker_has_the_name_of_its_pod_which_a_restart_keeps(overlay: str) -> None:
    sets = of_kind(overlay, "StatefulSet")
    for service in SERVICES:
        pod = Pod(service, sets[f"recaug-{service}"])
        source = pod.own["RECAUG_WORKER"]["valueFrom"]["fieldRef"]["fieldPath"]
        assert source == "metadata.name"


@every
def test_commands_are_those_of_compose(overlay: str) -> None:
    for pod in ours(overlay):
        command = list(pod.container["command"])
        if pod.name == "recaug-console":
            assert command == ["sleep", "infinity"]
        elif pod.name == "recaug-topics":
            assert command == ["python", "-m", "streams", "topics"]
        else:
            assert command == [
                "recaug-exporter" if word == "exporter" and before == "--name" else word
                for before, word in _pairs(words(OURS[pod.name[len("recaug-") :]]["command"]))
            ]
            check_command(command)


def _pairs(line: list[str]) -> list[tuple[str, str]]:
    return list(zip(["", *line], line, strict=False))


@every
def test_images_are_those_that_compose_builds(overlay: str) -> None:
    built = {container["image"] for container in OURS.values()}
    assert {pod.container["image"] for pod in ours(overlay)} <= built
    for pod in ours(overlay):
        service = pod.name.removeprefix("recaug-")
        if service in SERVICES:
            name = f"{service}-gpu" if overlay == "gpu" and f"{service}-gpu" in OURS else service
            assert pod.container["image"] == OURS[name]["image"]


# -- probes, ports, disruption ----------------------------------------------------------------


@every
def test_what_serves_is_probed_on_a_port_it_has_by_a_path_it_answers(overlay: str) -> None:
    paths = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    for pod in ours(overlay):
        ports = {port["name"]: port["containerPort"] for port in pod.container.get("ports", ())}
        probes = {name: one["httpGet"] for name, one in pod.container.items() if "Probe" in name}
        if pod.name in {"recaug-console", "recaug-topics"}:
            assert not ports and not probes
            continue
        assert {"livenessProbe", "readinessProbe"} <= probes.keys()
        for name, asked in probes.items():
            # The page is ready as soon as it answers at all.
            assert asked["path"] == ("/healthz" if pod.name == "recaug-page" else paths[name])
            assert ports[asked["port"]] == _listens_on(environment(overlay, pod), pod)


def _listens_on(given: dict[str, str], pod: Pod) -> int:
    if "streams" in pod.container["command"]:
        return int(given["RECAUG_METRICS_LISTEN"].rpartition(":")[2])
    line = pod.container["command"]
    option = "--port" if "--port" in line else "--listen"
    return int(line[line.index(option) + 1].rpartition(":")[2])


@every
def test_what_selects_pods_finds_some(overlay: str) -> None:
    selectors: list[Any] = []
    for kind, path in (
        ("Service", ("selector",)),
        ("PodDisruptionBudget", ("selector", "matchLabels")),
    ):
        for one in of_kind(overlay, kind).values():
            found: Any = one["spec"]
            for step in path:
                found = found[step]
            selectors.append(found)
    for workload in of_kind(overlay, "StatefulSet", "Deployment").values():
        selectors.append(workload["spec"]["selector"]["matchLabels"])
    for selector in selectors:
        found = [pod.name for pod in pods(overlay) if selector.items() <= pod.labels.items()]
        assert found == [selector["app.kubernetes.io/name"]]


@every
def test_a_policy_names_pods_and_ports_that_exist(overlay: str) -> None:
    by_name = {pod.labels.get("app.kubernetes.io/name"): pod for pod in pods(overlay)}
    for policy in of_kind(overlay, "NetworkPolicy").values():
        chosen = policy["spec"]["podSelector"]
        names = [*chosen.get("matchLabels", {}).values()]
        names += [n for one in chosen.get("matchExpressions", ()) for n in one["values"]]
        opened = {p["port"] for rule in policy["spec"]["ingress"] for p in rule["ports"]}
        served = {p["containerPort"] for n in names for p in by_name[n].container["ports"]}
        assert opened == served


@every
def test_services_lead_to_named_ports(overlay: str) -> None:
    for service in of_kind(overlay, "Service").values():
        chosen = service["spec"]["selector"]["app.kubernetes.io/name"]
        (pod,) = (pod for pod in pods(overlay) if pod.name == chosen)
        named = {port["name"]: port["containerPort"] for port in pod.container["ports"]}
        for port in service["spec"]["ports"]:
            assert named[port["targetPort"]] == port["port"]


def test_what_answers_people_survives_a_drained_node() -> None:
    budgets = of_kind("whole", "PodDisruptionBudget")
    assert budgets.keys() == {"recaug-clean", "recaug-recommend"}
    for budget in budgets.values():
        assert budget["spec"]["maxUnavailable"] == 1
    for scaled in of_kind("whole", "ScaledObject").values():
        assert scaled["spec"]["minReplicaCount"] > 1


@every
def test_a_pod_gets_at_least_the_time_to_stop_that_compose_gives(overlay: str) -> None:
    for pod in ours(overlay):
        container = OURS.get(pod.name.removeprefix("recaug-"))
        if container is not None:
            wanted = int(container["stop_grace_period"].removesuffix("s"))
            assert pod.spec.get("terminationGracePeriodSeconds", 30) >= wanted


def test_learn_is_one() -> None:
    for overlay in OVERLAYS:
        assert of_kind(overlay, "StatefulSet")["recaug-learn"]["spec"]["replicas"] == 1
        assert "recaug-learn" not in {
            scaled["spec"]["scaleTargetRef"]["name"]
            for scaled in of_kind(overlay, "ScaledObject").values()
        }
