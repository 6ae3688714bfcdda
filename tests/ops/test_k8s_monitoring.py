"""What the Prometheus operator is asked for: every endpoint, under the jobs that alerts go by."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from tests.ops.manifests import ROOT, of_kind, ours, rendered

PROMETHEUS = ROOT / "ops" / "prometheus"

#: From the operator's reference of PodMonitor: the fields used here, and no others.
POD_MONITOR: dict[str, Any] = {
    "type": "object",
    "required": ["selector", "podMetricsEndpoints"],
    "additionalProperties": False,
    "properties": {
        "selector": {
            "type": "object",
            "properties": {"matchLabels": {}, "matchExpressions": {}},
            "additionalProperties": False,
        },
        "podMetricsEndpoints": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["port"],
                "additionalProperties": False,
                "properties": {
                    "port": {"type": "string"},
                    "interval": {"type": "string", "pattern": r"^\d+s$"},
                    "relabelings": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["targetLabel", "replacement"],
                            "additionalProperties": False,
                            "properties": {"targetLabel": {}, "replacement": {}},
                        },
                    },
                },
            },
        },
    },
}


def monitored() -> dict[str, tuple[str, str]]:
    """Job and port by the name of the pods."""
    found = {}
    for monitor in of_kind("whole", "PodMonitor").values():
        chosen = monitor["spec"]["selector"]
        names = list(chosen.get("matchLabels", {}).values())
        names += [name for one in chosen.get("matchExpressions", ()) for name in one["values"]]
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        (job,) = (one["replacement"] for one in endpoint["relabelings"])
        found |= dict.fromkeys(names, (job, endpoint["port"]))
    return found


def test_the_resources_have_the_form_that_the_operator_documents() -> None:
    for monitor in of_kind("whole", "PodMonitor").values():
        jsonschema.validate(monitor["spec"], POD_MONITOR)
    kinds = {one["kind"] for one in rendered("whole") if "monitoring.coreos" in one["apiVersion"]}
    assert kinds == {"PodMonitor", "PrometheusRule"}


def test_every_pod_that_has_figures_is_asked_for_them_on_a_port_it_has() -> None:
    asked = monitored()
    for pod in ours("whole"):
        ports = {port["name"] for port in pod.container.get("ports", ())}
        if pod.name == "recaug-exporter" or "metrics" in ports:
            assert asked.pop(pod.name)[1] in ports
    assert not asked


@pytest.mark.parametrize("name", ["prometheus.yml", "containers.yml"])
def test_jobs_are_called_as_everywhere_else(name: str) -> None:
    there = yaml.safe_load((PROMETHEUS / name).read_text())["scrape_configs"]
    assert {job for job, _ in monitored().values()} == {one["job_name"] for one in there}


def test_the_alerts_are_those_of_prometheus() -> None:
    (rule,) = of_kind("whole", "PrometheusRule").values()
    assert rule["spec"] == yaml.safe_load((PROMETHEUS / "recaug.rules.yml").read_text())
