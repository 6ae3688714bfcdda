"""What is printed when everything is up, and when a run is over."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

from recaug.local.instance import Running

Rows = list[tuple[str, str]]

#: An item of the simulated shop, so that the example can be typed as it stands.
SIMULATED_ITEM = "sku-10001"


def rows(running: Running, data_dir: Path, traffic: str, model: dict[str, Any]) -> Rows:
    """Return addresses, model, provider and what to type next.

    :param model: what recommend said when it was ready: name, version, provider.
    """
    item = SIMULATED_ITEM if "simulated" in traffic else "ITEM"
    return [
        ("kafka", running.kafka or ""),
        ("redis", running.redis or ""),
        *([("page", running.page)] if running.page else []),
        *_metrics(running),
        ("model", _model(model)),
        ("provider", str(model.get("provider") or "cpu").upper()),
        ("traffic", traffic),
        ("data", f"{data_dir}  (logs in {data_dir.name}/logs)"),
        ("next", "recaug lag     how far each service is behind"),
        ("", "recaug tail    recommendations as they are made"),
        ("", f"recaug send click --user you --item {item}    your own event, and its answer"),
        ("stop", "Ctrl-C"),
    ]


def _metrics(running: Running) -> Rows:
    """One row a service: each has its own /metrics, /readyz and /version."""
    rows = [(name, f"{url}/metrics") for name, url in running.metrics.items()]
    return [("metrics" if not at else "", f"{url}  {name}") for at, (name, url) in enumerate(rows)]


def summary(document: dict[str, Any]) -> Rows:
    """Return the figures of a report that fit a screen."""
    events, answers = document["events"], document["recommendations"]
    promoted = sum(model["promoted"] for model in document["models"])
    rejected = sum(events["rejected"].values())
    stood_for = f"{answers['superseded']:,} superseded + " if answers.get("superseded") else ""
    return [
        ("ran", f"{document['seconds']:.1f} s"),
        (
            "events",
            f"{events['published']:,} published = {events['accepted']:,} accepted + {rejected:,} "
            f"rejected + {events['duplicates']:,} resent + {events['missing']:,} missing",
        ),
        (
            "answers",
            f"{answers['expected']:,} expected = {answers['distinct']:,} distinct + {stood_for}"
            f"{answers['missing']:,} missing; {answers['delivered']:,} delivered",
        ),
        ("latency", _latency(document["latency_ms"])),
        (
            "models",
            f"{len(document['models'])} trained, {promoted} promoted, {document['swaps']} swaps",
        ),
    ]


def version() -> str:
    """Return the installed version of recaug; empty when it runs uninstalled."""
    try:
        return importlib.metadata.version("recaug")
    except importlib.metadata.PackageNotFoundError:
        return ""


def _latency(percentiles: dict[str, float | None]) -> str:
    shown = [f"{name} {ms:g} ms" for name, ms in percentiles.items() if ms is not None]
    return "  ".join(shown) or "nothing was answered"


def _model(model: dict[str, Any]) -> str:
    if model.get("version"):
        return str(model["version"])
    return "none yet: recent popularity serves until the first one beats it"
