from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from recaug.local.banner import rows, summary
from recaug.local.instance import Running
from recaug.local.screen import Screen


def screen(terminal: bool) -> tuple[Screen, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, soft_wrap=True)
    return Screen(console), out


def test_without_a_terminal_every_new_word_is_a_line() -> None:
    shown, out = screen(terminal=False)
    with shown.step("Kafka") as say:
        say("formatting")
        say("formatting")
        say("starting [the] broker")
        say.result = "k:1"
    lines = out.getvalue().splitlines()
    assert lines[:2] == ["Kafka: formatting", "Kafka: starting [the] broker"]
    assert re.fullmatch(r"Kafka  k:1  \d+\.\d s", lines[2])
    assert len(lines) == 3


def test_on_a_terminal_a_finished_step_is_ticked() -> None:
    shown, out = screen(terminal=True)
    with shown.step("Kafka") as say:
        say("starting")
        say.result = "k:1"
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out.getvalue())
    assert "✓ Kafka  k:1" in plain


def test_a_step_that_fails_is_not_reported_as_done() -> None:
    shown, out = screen(terminal=False)
    try:
        with shown.step("Kafka"):
            raise ValueError
    except ValueError:
        pass
    assert out.getvalue() == ""


def test_the_banner_holds_addresses_and_three_things_to_type() -> None:
    running = Running("k:1", "unix:///r", "http://p", 1)
    shown, out = screen(terminal=False)
    shown.banner("up", rows(running, Path("/d"), "300 simulated events/s", {}))
    text = out.getvalue()
    for part in ("k:1", "unix:///r", "http://p", "none yet", "CPU", "/d", "Ctrl-C"):
        assert part in text
    for command in ("recaug lag", "recaug tail", "recaug send click --user you --item sku-"):
        assert command in text
    own = {"clean": "http://127.0.0.1:1", "learn": "http://127.0.0.1:2"}
    told = rows(replace(running, metrics=own), Path("/d"), "none", {})
    assert ("metrics", "http://127.0.0.1:1/metrics  clean") in told
    assert ("", "http://127.0.0.1:2/metrics  learn") in told
    resumed = dict(rows(running, Path("/d"), "none", {"version": "v7", "provider": "cuda"}))
    assert (resumed["model"], resumed["provider"]) == ("v7", "CUDA")


def test_the_summary_adds_up() -> None:
    document = {
        "seconds": 12.34,
        "events": {
            "published": 1_010,
            "accepted": 1_000,
            "rejected": {"not_json": 4, "too_big": 3},
            "duplicates": 2,
            "missing": 1,
        },
        "recommendations": {"expected": 900, "delivered": 901, "distinct": 899, "missing": 1},
        "latency_ms": {"p50": 5.0, "p90": None},
        "models": [{"promoted": True}, {"promoted": False}],
        "swaps": 1,
    }
    told = dict(summary(document))
    assert told["events"] == (
        "1,010 published = 1,000 accepted + 7 rejected + 2 resent + 1 missing"
    )
    assert told["answers"] == "900 expected = 899 distinct + 1 missing; 901 delivered"
    document["recommendations"]["superseded"] = 20
    assert "899 distinct + 20 superseded + 1 missing" in dict(summary(document))["answers"]
    assert told["latency"] == "p50 5 ms"
    assert told["models"] == "2 trained, 1 promoted, 1 swaps"
