"""Whole payloads of other systems, as their documentation has them, and what becomes of each.

A file in `golden/` holds what a producer sends as it is, and the canonical message it must become,
both written by hand. An `event_id` of `*` is one that is derived from the bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recaug.events import Purchase, parse_event, parse_item, parse_user, to_bytes
from recaug.events.aliases.said import Said, said
from recaug.replay import Happening, in_time_order, open_source
from recaug.replay.player import Stamp
from tests.recaug.events.examples import AT_MS

FILES = sorted((Path(__file__).parent / "golden").glob("*.json"))
PARSERS = {"event": parse_event, "item": parse_item, "user": parse_user}


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_payload_is_read_as_it_is(file: Path) -> None:
    golden = read(file)
    value = orjson.dumps(golden["input"])
    found = orjson.loads(to_bytes(PARSERS[golden["reads"]](value, (), AT_MS)))
    expected = golden["canonical"]
    if expected.get("event_id") == "*":
        assert found["event_id"].startswith("ga4-") and len(found["event_id"]) == 36
        expected["event_id"] = found["event_id"]
    assert found == expected


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_replay_knows_whom_a_payload_is_about_and_when_it_was(file: Path) -> None:
    golden = read(file)
    canonical = golden["canonical"]
    found = said(golden["input"])
    assert isinstance(found, Said)
    assert found.kind == canonical.get("event", golden["reads"])
    names = ("item_id",) if golden["reads"] == "item" else ("user_id", "anonymous_id")
    assert found.key == next(canonical[name] for name in names if name in canonical)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_replayed_payload_is_the_same_with_a_time_and_an_id_of_this_run(file: Path) -> None:
    golden = read(file)
    later_ms = AT_MS + 86_400_000
    one = Happening(AT_MS, 7, golden["input"], AT_MS, as_is=True)
    sent = orjson.dumps(Stamp("export", "run1").event(one, later_ms))
    found = orjson.loads(to_bytes(PARSERS[golden["reads"]](sent, (), later_ms)))
    assert found.pop("timestamp") == later_ms
    if golden["reads"] == "event":
        assert found.pop("event_id").endswith("-run1")
    expected = {**golden["canonical"]}
    for body in (found, expected):
        for name in ("timestamp", "event_id", "properties"):
            body.pop(name, None)
    assert found == expected


def test_every_dialect_is_among_them() -> None:
    assert {file.stem.partition("_")[0] for file in FILES} == {
        "ga4", "metarank", "segment", "snowplow",
    }  # fmt: skip


@pytest.mark.parametrize("dialect", ["ga4", "metarank", "segment", "snowplow"])
def test_a_file_of_them_is_replayed_as_it_is(dialect: str, tmp_path: Path) -> None:
    payloads = [read(file)["input"] for file in FILES if file.stem.startswith(dialect)]
    path = tmp_path / "export.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, payloads)))
    source = open_source(path)
    assert (source.form, source.note, source.timed) == ("JSON lines", "events as they are", True)
    found = list(in_time_order(source.happenings)[1])
    assert [one.event for one in found] == payloads
    assert {one.at for one in found} == {AT_MS}
    assert not source.tally.unusable


def test_an_export_of_ga4_may_be_parquet(tmp_path: Path) -> None:
    """Nested records and lists of them, as BigQuery exports them."""
    golden = read(next(file for file in FILES if file.stem == "ga4_export_purchase"))
    pq.write_table(pa.Table.from_pylist([golden["input"]]), tmp_path / "export.parquet")
    source = open_source(tmp_path / "export.parquet")
    assert (source.form, source.note) == ("Parquet", "events as they are")
    (one,) = source.happenings
    found = parse_event(orjson.dumps(one.event), (), AT_MS)
    assert isinstance(found, Purchase)
    assert (found.transaction_id, found.value, one.at) == ("o-9001", 49.8, AT_MS)
    assert [line.item_id for line in found.items] == ["sku-20931"]
