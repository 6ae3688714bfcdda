"""What is copied from the page works where it is pasted: the real kcat, the real producer."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from typing import Any

import pytest

from recaug.events import parse_event
from recaug.kafka import ensure_topics, read
from recaug.page.copies import copies
from recaug.settings import Settings

EVENT: dict[str, Any] = {
    "event": "search",
    "event_id": "web-00000001",
    "timestamp": 1_764_000_000_000,
    "user_id": "ann o'neil $(id)",
    "session_id": "you-abc123",
    "search_term": '6\' "tent" `id` \\ $HOME zoë',
}


def run(kind: str, settings: Settings) -> Any:
    """Run what is copied, and return the one record that is then on its topic."""
    topic = settings.topics.searches.name
    text = copies(EVENT, topic, settings)[kind]
    command = ["sh", "-c", text] if kind == "kcat" else [sys.executable, "-c", text]
    subprocess.run(command, check=True, timeout=60)
    (record,) = read(settings.broker, [topic])
    return record


@pytest.mark.parametrize("kind", ["kcat", "python"])
def test_a_copy_publishes_the_same_event_anew(kind: str, settings: Settings) -> None:
    if kind == "kcat" and shutil.which("kcat") is None:
        pytest.skip("no kcat: Debian has one, apt-get install kcat")
    ensure_topics(settings)
    record = run(kind, settings)
    sent = json.loads(record.value)
    new = ("event_id", "timestamp")
    assert record.key.decode() == EVENT["user_id"]
    assert {k: v for k, v in sent.items() if k not in new} == {
        k: v for k, v in EVENT.items() if k not in new
    }
    assert sent["event_id"] != EVENT["event_id"]
    assert sent["timestamp"] > EVENT["timestamp"]
    parse_event(record.value, (), int(time.time() * 1000))
