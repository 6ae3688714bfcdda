"""Pulses: the figures between two readings, and what arrives on a real broker."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from recaug.kafka import read
from recaug.pulse import Pulse
from recaug.settings import Settings
from streams import pulses as module
from streams.effort import Effort
from streams.egress import Egress
from streams.pulses import Pulses, Reading, between, host_ticks


def test_the_figures_are_differences_and_stages_begin_at_nothing() -> None:
    earlier = Reading(10.0, 100, 5, 2.0, {"decode": 1.0}, 3.0, (400, 1_000))
    later = Reading(15.0, 190, 9, 4.5, {"decode": 1.5, "produce": 0.25}, 3.75, (550, 1_200))
    assert between(earlier, later) == {
        "span_s": 5.0,
        "records": 90,
        "batches": 4,
        "busy_s": 2.5,
        "stage_s": {"decode": 0.5, "produce": 0.25},
        "cpu_s": 0.75,
        "load": 0.75,  # 150 of 200 ticks
    }


def test_the_load_of_a_host_that_does_not_say_is_nothing(tmp_path: Path) -> None:
    assert host_ticks(tmp_path / "none") == (0, 0)
    still = Reading(0.0, 0, 0, 0.0, {}, 0.0, (0, 0))
    assert between(still, still)["load"] == 0.0


def test_idle_and_waiting_for_a_disk_are_no_load(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    #                    user nice system idle iowait irq softirq steal guest (in user already)
    stat.write_text("cpu  10   20  30     400  50     6   7       8     9     0\ncpu0 1 1 1\n")
    assert host_ticks(stat) == (81, 531)


async def test_pulses_arrive_with_the_key_of_their_worker(
    settings: Settings, egress: Egress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PULSE_S", 0.05)
    effort = Effort()
    own = settings.model_copy(update={"worker": "w1"})
    pulses = Pulses(own, "recommend", effort, lambda: 4, lambda: "v7")
    effort.taken(30)
    effort.settled()
    beating = asyncio.create_task(pulses.beat())
    with effort.training():
        while not (found := list(read(settings.broker, [settings.topics.pulses.name]))):
            await asyncio.sleep(0.1)
    beating.cancel()
    pulses.close()
    assert {record.key for record in found} == {b"recommend/w1"}
    first = Pulse.model_validate_json(found[0].value or b"")
    assert (first.service, first.worker, first.partitions, first.version) == (
        "recommend", "w1", 4, "v7",
    )  # fmt: skip
    assert first.fine_tuning and first.stage_s["train"] > 0
    assert sum(json.loads(one.value or b"")["records"] for one in found) == 30


async def test_a_topic_that_is_not_there_stops_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No topic has been made: no pulse arrives, and neither beating nor closing waits."""
    monkeypatch.setattr(module, "PULSE_S", 0.01)
    pulses = Pulses(settings, "clean", Effort(), lambda: 0)
    beating = asyncio.create_task(pulses.beat())
    for _ in range(30):  # more than the producer may hold
        await asyncio.sleep(0.01)
    assert not beating.done()
    beating.cancel()
    pulses.close()
