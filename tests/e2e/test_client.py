"""A client that knows nothing but the JSON Schema: it publishes, and reads what it was told."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from confluent_kafka import Consumer, Producer

from tests.e2e.house import ROOT, House, until

pytestmark = pytest.mark.e2e

SCHEMAS = ROOT / "schemas" / "v1"


def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def shown(house: House) -> int:
    """Items in the next list."""
    lists = house.run("tail", "-n", "1", "-f", "jsonl").stdout.splitlines()
    return len(json.loads(lists[-1])["items"]) if lists else 0


def ask(bootstrap: str, event: dict[str, Any]) -> dict[str, Any]:
    """Publish a click as any Kafka client would, and wait for the list that answers it."""
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": "somebody",
                       "auto.offset.reset": "earliest"})  # fmt: skip
    reader.subscribe(["recommendations"])
    writer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random"})
    writer.produce("clickstream", json.dumps(event).encode(), event["user_id"].encode())
    writer.flush(10)
    deadline = time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            message = reader.poll(0.5)
            if message is not None and message.error() is None:
                found: dict[str, Any] = json.loads(message.value() or b"")
                if found["source_event"]["event_id"] == event["event_id"]:
                    return found
    finally:
        reader.close()
    raise AssertionError("no recommendation came")


def test_an_independent_client_gets_its_answer(tmp_path: Path) -> None:
    click = {
        "event": "click",
        "event_id": "independent-1",
        "timestamp": "2026-01-02T03:04:05Z",
        "user_id": "somebody",
        "item_id": "sku-1",
    }
    validator("click").validate(click)
    with House(tmp_path, "--traffic", "simulate:50", "--no-page") as house:
        until(lambda: shown(house) == 10, 60.0, house.said)  # before that the shop is empty
        answer = ask(house.running["kafka"], click)
        validator("recommendation").validate(answer)
        assert answer["user_id"] == "somebody"
        assert len(answer["items"]) == 10
        assert "sku-1" not in [item["item_id"] for item in answer["items"]]
        assert house.stop() == 0, house.said()
