"""docker-compose.yml and the Dockerfile say what the tested code says; no engine is needed."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from recaug.cli import COMMANDS, app
from recaug.local.kafka import VERSION
from recaug.settings import SERVICES, Settings

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {n: c for n, c in CONTAINERS.items() if c["image"].startswith("recaug:")}


#: Their defaults are the containers', not the settings' own.
OWN_SERVERS = {"RECAUG_KAFKA": "kafka:", "RECAUG_REDIS": "redis://redis:"}


def words(command: list[str]) -> list[str]:
    """A command's words, those of a shell line taken apart; variables become a number."""
    line = " ".join(command[1:]) if command[0] in ("CMD", "CMD-SHELL") else shlex.join(command)
    return shlex.split(re.sub(r"\$\{\w+:-(\w+)\}", r"\1", line))


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_says_when_it_is_healthy(name: str) -> None:
    check = CONTAINERS[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= check.keys()


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_waits_for_the_health_of_ones_that_exist(name: str) -> None:
    for other, wait in CONTAINERS[name].get("depends_on", {}).items():
        assert wait == {"condition": "service_healthy"}
        assert "healthcheck" in CONTAINERS[other]


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str) -> None:
    for variable in OURS[name]["environment"]:
        setting = variable.removeprefix("RECAUG_").lower()
        assert setting in Settings.model_fields, f"{variable} is no setting"


@pytest.mark.parametrize("name", OURS)
def test_defaults_are_the_settings_own(name: str) -> None:
    for variable, value in OURS[name]["environment"].items():
        default = re.fullmatch(r"\$\{\w+:-(.*)\}", str(value))
        if default and variable not in OWN_SERVERS:
            field = Settings.model_fields[variable.removeprefix("RECAUG_").lower()]
            assert float(default[1]) == float(field.default)


@pytest.mark.parametrize("name", OURS)
def test_everything_that_secures_a_connection_is_passed_through(name: str) -> None:
    given = OURS[name]["environment"]
    for variable, container in OWN_SERVERS.items():
        assert given[variable].startswith(f"${{{variable}:-{container}")
    secured = {f for f in Settings.model_fields if f.startswith(("kafka_", "redis_"))}
    for setting in {"env", *secured}:
        assert given[f"RECAUG_{setting.upper()}"] is None, "a value here would be a secret in git"


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_that_exists(name: str) -> None:
    container = OURS[name]
    for command in (container["command"], container["healthcheck"]["test"]):
        check_command(words(command))


def check_command(line: list[str]) -> None:
    """That the programs know it, option by option."""
    if line[:3] == ["python", "-m", "streams"]:
        assert line[3] in SERVICES
    elif line[0] == "recaug":
        assert line[1] in COMMANDS
        known = {o for p in get_command(app(line[1])).commands[line[1]].params for o in p.opts}
        asked = {word for word in line[2:] if word.startswith("--")}
        assert asked <= known, f"recaug {line[1]} does not know {asked - known}"
    else:
        assert line[:2] == ["python", "-c"]


def test_every_service_runs_and_has_a_profile_for_a_gpu() -> None:
    for service in SERVICES:
        assert words(OURS[service]["command"])[-1] == service
    for name, container in OURS.items():
        if name.endswith("-gpu"):
            assert container["profiles"] == ["gpu"]
            (device,) = container["deploy"]["resources"]["reservations"]["devices"]
            assert device["capabilities"] == ["gpu"]
            # torch brings the CUDA libraries that ONNX Runtime needs; the other image has none.
            assert container["build"]["target"] == "learn"
    assert {p for c in CONTAINERS.values() for p in c.get("profiles", ())} == {"gpu", "ops"}


def test_the_broker_is_the_version_that_is_tested() -> None:
    assert CONTAINERS["kafka"]["image"] == f"apache/kafka:{VERSION}"


def test_images_are_pinned_and_volumes_declared() -> None:
    for container in CONTAINERS.values():
        assert ":" in container["image"] and not container["image"].endswith(":latest")
        for volume in container.get("volumes", ()):
            assert volume.split(":")[0] in COMPOSE["volumes"]
        for port in container.get("ports", ()):
            assert port.startswith("127.0.0.1:"), "reachable from outside without a word"


def test_configuration_that_is_mounted_exists() -> None:
    for container in CONTAINERS.values():
        for config in container.get("configs", ()):
            assert config["source"] in COMPOSE["configs"]
    for config in COMPOSE["configs"].values():
        assert "content" in config or (ROOT / config["file"]).is_file()


def test_prometheus_finds_the_exporter_under_a_name_it_answers_to() -> None:
    (found,) = yaml.safe_load(COMPOSE["configs"]["prometheus-targets"]["content"])
    (target,) = found["targets"]
    name, _, port = target.partition(":")
    line = words(CONTAINERS[name]["command"])
    assert line[line.index("--name") + 1] == name
    assert line[line.index("--listen") + 1] == f"0.0.0.0:{port}"
    (source,) = yaml.safe_load((ROOT / "ops/grafana/datasource.yml").read_text())["datasources"]
    assert source["url"].removeprefix("http://").partition(":")[0] in CONTAINERS


def test_prometheus_finds_every_service_where_it_listens() -> None:
    jobs = yaml.safe_load((ROOT / "ops/prometheus/containers.yml").read_text())["scrape_configs"]
    (found,) = [job["dns_sd_configs"][0] for job in jobs if "dns_sd_configs" in job]
    running = {name for name, one in OURS.items() if "streams" in words(one["command"])}
    assert set(found["names"]) == running
    for name in running:
        assert OURS[name]["environment"]["RECAUG_METRICS_LISTEN"].endswith(f":{found['port']}")
        assert f"localhost:{found['port']}/readyz" in str(OURS[name]["healthcheck"]["test"])


def test_the_two_configurations_of_prometheus_differ_in_how_services_are_found() -> None:
    here, there = (
        yaml.safe_load((ROOT / "ops/prometheus" / name).read_text())
        for name in ("prometheus.yml", "containers.yml")
    )
    assert [job["job_name"] for job in here["scrape_configs"]] == [
        job["job_name"] for job in there["scrape_configs"]
    ]
    for config in (here, there):
        config["scrape_configs"] = config["scrape_configs"][:1]
    assert here == there


def test_images_are_built_in_stages_that_exist_and_run_without_root() -> None:
    stages = re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.M)
    for container in OURS.values():
        assert container["build"]["target"] in stages
    runtime = DOCKERFILE[DOCKERFILE.index("AS runtime") :]
    assert re.findall(r"^USER (\S+)$", runtime, re.M) == ["recaug"]
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert set(re.findall(r"--group (\S+)", DOCKERFILE)) <= groups.keys()


def test_what_is_copied_into_an_image_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M):
        for source in sources.split():
            assert (ROOT / source).exists()
            assert f"/{source}" not in ignored
    assert not any(re.fullmatch(r"(models|streams)/?", line) for line in ignored)


def test_the_tool_that_locks_is_the_one_make_installs() -> None:
    pinned = set(re.findall(r"uv==([\d.]+)", DOCKERFILE + (ROOT / "Makefile").read_text()))
    assert len(pinned) == 1


def test_a_variable_of_the_shell_stands_for_what_it_is_called() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name, default in re.findall(r"\$\{(\w+):?-?([^}]*)\}", text):
        assert default, f"{name} has no default: compose would warn and put nothing in its place"
        if name.startswith("RECAUG_"):
            assert name.removeprefix("RECAUG_").lower() in Settings.model_fields
        else:
            # Of this file alone: where a port is published, and how much traffic is made up.
            assert name.endswith(("_PORT", "_RATE"))


def test_no_two_containers_are_published_on_one_port() -> None:
    published = [
        words([port])[0].split(":")[1]
        for container in CONTAINERS.values()
        for port in container.get("ports", ())
    ]
    assert len(set(published)) == len(published)


def test_a_health_check_asks_where_the_container_listens() -> None:
    for name, container in OURS.items():
        asked = re.search(r"http://localhost:(\d+)/", str(container["healthcheck"]["test"]))
        if asked is not None:
            assert asked[1] in _listened_on(name), name


def _listened_on(name: str) -> set[str]:
    line = words(OURS[name]["command"])
    if "streams" in line:
        return {OURS[name]["environment"]["RECAUG_METRICS_LISTEN"].rpartition(":")[2]}
    return {word.rpartition(":")[2] for word in line if word.rpartition(":")[2].isdecimal()}


def test_dashboards_and_alerts_start_only_when_asked_for() -> None:
    outside = {n for n, one in CONTAINERS.items() if one.get("profiles") == ["ops"]}
    assert outside == {"exporter", "prometheus", "grafana", "kafka-ui"}
    for name, container in CONTAINERS.items():
        if name not in outside and "profiles" not in container:
            assert not outside & container.get("depends_on", {}).keys()
