"""`recaug top` from real topics: what each frame says, at 80 columns, into a pipe, and q."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from io import StringIO

import orjson
import pytest
from rich.cells import cell_len
from rich.console import Console

from recaug.kafka import ensure_topics, producer
from recaug.prequential.record import Cell, Record, Sums
from recaug.pulse import Pulse
from recaug.registry import ModelRecord
from recaug.settings import Settings
from recaug.top.frame import frame
from recaug.top.watch import Watch
from tests.recaug.cli.shell import Shell
from tests.recaug.cli.terminal import ENTER, LEAVE, Terminal
from tests.recaug.lag.stand_in import Members, now_ms, say

VERSION = "20261124T050312-1f0c2d3e"
WIDTH, HEIGHT = 80, 24


@pytest.fixture
def watch(settings: Settings) -> Iterator[Watch]:
    """Watching before anything happens: what came earlier is no part of a rate."""
    ensure_topics(settings)
    with Members(settings, "recommend", 1, settings.topics.events.name), Watch(settings) as opened:
        yield opened


def happen(settings: Settings) -> None:
    """A click and a search, their lists, a model, what was clicked of its lists, and a pulse."""
    topics, client = settings.topics, producer(settings.kafka)
    for name, event in EVENTS.items():
        client.send(topics.clickstream.name, orjson.dumps(event), name.encode()).get(10)
    record = ModelRecord(
        name="main", version=VERSION, promoted=True, reason="beats popularity", events=9,
        metrics={}, train_seconds=1.0, device="cpu", created_at="2026-11-24T05:03:12Z",
    )  # fmt: skip
    client.send(topics.models.name, record.model_dump_json().encode(), b"main")
    client.send(topics.metrics.name, METRIC.to_bytes(), b"main")
    client.flush()
    for name, event in EVENTS.items():
        client.send(topics.recommendations.name, answer(event), name.encode())
        client.flush()
        time.sleep(0.4)  # no more than a few lists a second are shown
    client.close()
    say(settings, PULSE.model_copy(update={"at_ms": now_ms()}))


EVENTS = {
    "u-1": {"event": "click", "event_id": "e-1", "item_id": "sku-7", "user_id": "u-1"},
    "u-2": {"event": "search", "event_id": "e-2", "search_term": "rain jacket", "user_id": "u-2"},
}

#: 50 clicks: 20 of them had been in the list, 5 in that of the popular.
METRIC = Record(
    model="main", version=VERSION, from_ms=0, to_ms=1,
    cells=(Cell(source="clicks", bucket="short", targets=50, served=Sums(hits=20),
                popularity=Sums(hits=5)),),
)  # fmt: skip

PULSE = Pulse(
    service="recommend", worker="w-1", host="node-1", at_ms=0, span_s=5.0, records=10, batches=2,
    busy_s=1.0, stage_s={"state": 0.25, "score": 0.75}, cpu_s=0.9, cores=2, load=0.4, partitions=2,
)  # fmt: skip


def answer(event: dict[str, str]) -> bytes:
    item = {"item_id": "sku-9", "score": 0.91, "reasons": [{"code": "trending"}]}
    model = {"name": "main", "version": VERSION}
    source = {"event_id": event["event_id"], "event": event["event"]}
    return orjson.dumps({"source_event": source, "items": [item], "model": model})


def drawn(watch: Watch, settings: Settings, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """The frame as a console of that size shows it."""
    console = Console(width=width, height=height, record=True, file=StringIO())
    now = frame(watch.shot(), watch.behind, settings.kafka, now_ms(), width, height)
    console.print(now, no_wrap=True)
    return console.export_text().rstrip("\n").split("\n")


def until_drawn(watch: Watch, settings: Settings, *words: str) -> list[str]:
    deadline_s = time.monotonic() + 60
    while True:
        lines = drawn(watch, settings)
        if all(any(word in line for line in lines) for word in words):
            return lines
        assert time.monotonic() < deadline_s, "\n".join(lines)
        time.sleep(0.3)


def test_a_frame_from_real_topics(watch: Watch, settings: Settings) -> None:
    happen(settings)
    lines = until_drawn(watch, settings, "rain jacket", "sku-7", "HR@10", "STAGE", "recommend ░")
    text = "\n".join(lines)
    assert len(lines) <= HEIGHT
    assert all(cell_len(line) <= WIDTH for line in lines)
    # Nobody reads for clean and learn, one worker for recommend.
    assert lines[0].startswith("recaug top  STOP  q quits")
    assert "workers: clean 0  learn 0  recommend 1" in lines[0]
    assert any(line.startswith("LAG   clean") and "STOP" in line for line in lines)
    assert any(line.startswith("LAG   recommend") and "OK" in line for line in lines)
    # The two events wait for clean, in one partition or in both.
    assert re.search(r"^PARTS clean (✕✕|✕░|░✕)  learn ░░  recommend ░░", text, re.MULTILINE)
    # 1 of 5 seconds busy: a quarter of it waiting for the store, the rest scoring.
    assert "recommend busy  20%  batch 500.0 ms  host 40%  state 25% | score 75%" in text
    # 20 and 5 of 50 clicks.
    assert f"MODEL {VERSION} since " in text
    assert "HR@10 0.400, popular 0.100" in text
    # The newest list is first; both are told with what they are about.
    search = next(line for line in lines if "rain jacket" in line)
    click = next(line for line in lines if "sku-7" in line)
    assert search.endswith('u-2 search "rain jacket" → sku-9 0.91 trending')
    assert click.endswith("u-1 click sku-7 → sku-9 0.91 trending")
    assert lines.index(search) < lines.index(click)
    assert " ms " in click
    assert any(line.startswith("HINT  clean: more workers would help") for line in lines)


def test_any_width_and_any_id(watch: Watch, settings: Settings) -> None:
    client = producer(settings.kafka)
    event = {**EVENTS["u-1"], "item_id": "\x1b[31mred\n" + "項" * 90}
    client.send(settings.topics.clickstream.name, orjson.dumps(event), b"u-1").get(10)
    client.send(settings.topics.recommendations.name, answer(event), b"u\x1b[2J").get(10)
    client.send(settings.topics.recommendations.name, b"no answer", b"u-3").get(10)
    client.close()
    until_drawn(watch, settings, "red")
    for width in (20, 41, 200):
        lines = drawn(watch, settings, width, 40)
        assert all(cell_len(line) <= width for line in lines)
        assert not any("\x1b" in line for line in lines)


def test_a_pipe_gets_one_frame(shell: Shell) -> None:
    ensure_topics(shell.settings)
    done = shell.run("top")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("recaug top  STOP")
    assert "\x1b" not in done.out
    assert "MODEL none yet" in done.out


def test_q_leaves_the_screen_as_it_was(settings: Settings) -> None:
    ensure_topics(settings)
    with Terminal(settings, "top", "--every", "0.1") as terminal:
        terminal.until("FLOW")
        terminal.press("q")
        assert terminal.wait() == 0
    said = terminal.said
    assert said.index(ENTER) < said.index("FLOW") < said.rindex(LEAVE)
