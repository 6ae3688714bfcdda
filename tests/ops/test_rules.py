"""Prometheus' rules: they fire when they should, ask for what there is, and have a runbook."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from recaug.cli import COMMANDS
from tests.ops.promql import OF_PROMETHEUS, exported, metrics_in

ROOT = Path(__file__).parents[2]
HERE = ROOT / "ops" / "prometheus"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
GROUPS: list[dict[str, Any]] = yaml.safe_load((HERE / "recaug.rules.yml").read_text())["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="no promtool: Debian: apt-get install prometheus"
)


@needs_promtool
@pytest.mark.parametrize(
    "command",
    [
        ("test", "rules", "recaug.test.yml"),
        ("check", "rules", "recaug.rules.yml"),
        ("check", "config", "prometheus.yml"),
        ("check", "config", "containers.yml"),
    ],
    ids=" ".join,
)
def test_promtool_finds_nothing(command: tuple[str, ...]) -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *command], cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_raised_by_a_history() -> None:
    histories = (HERE / "recaug.test.yml").read_text()
    assert set(re.findall(r'labels: \'\{alertname="(\w+)"', histories)) == ALERTS.keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_for_what_there_is(rule: dict[str, Any]) -> None:
    asked = metrics_in(rule["expr"])
    assert asked
    assert asked <= exported() | RECORDED | OF_PROMETHEUS


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_grave_it_is_and_what_to_do(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in ("page", "ticket")
    told = rule["annotations"]
    assert told["summary"] and told["description"].endswith(".")
    assert told["runbook_url"] == f"docs/runbook.md#{name.lower()}"
    (section,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", RUNBOOK, re.M | re.S)
    assert section.startswith(f"\n*{rule['labels']['severity']}.*")


def test_the_runbook_is_of_these_alerts_and_links_to_what_there_is() -> None:
    assert re.findall(r"^## (\w+)$", RUNBOOK, re.M) == list(ALERTS)
    for link in re.findall(r"\]\(([^)]+)\)", RUNBOOK):
        path, _, anchor = link.partition("#")
        page = ROOT / "docs" / path if path else ROOT / "docs" / "runbook.md"
        assert page.exists(), link
        titles = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
        assert not anchor or anchor in {title.lower().replace(" ", "-") for title in titles}, link


def test_the_runbook_types_commands_that_exist() -> None:
    assert set(re.findall(r"`?recaug ([a-z]+)", RUNBOOK)) <= COMMANDS.keys() | {"and"}
