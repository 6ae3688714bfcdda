"""The buffer and its positions: folded once, whatever is replayed, and the same after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.checkpoint import KEPT
from recaug.collect import Collector
from recaug.settings import Settings

CONFIG = Settings(buffer_events=100, resend_window=50)


@dataclass(frozen=True)
class Logged:
    partition: int
    offset: int
    value: bytes
    headers: Sequence[tuple[str, bytes]]
    key: bytes | None = None
    timestamp: int = 0


def record(offset: int, event: dict[str, object], src: int | None = None) -> Logged:
    source = f"clickstream:0:{offset if src is None else src}".encode()
    value = orjson.dumps({"event_id": f"e{offset}", "timestamp": offset, "user_id": "u", **event})
    return Logged(0, offset, value, [("src", source)])


def click(offset: int, src: int | None = None) -> Logged:
    return record(offset, {"event": "click", "item_id": f"i{offset}"}, src)


def rows(collector: Collector) -> list[tuple[str, str, int, int]]:
    held = collector.buffer.snapshot()
    return [
        (held.user_ids[user], held.item_ids[item], int(kind), int(at))
        for user, item, kind, at in zip(
            held.users, held.items, held.kinds, held.times_ms, strict=True
        )
    ]


def test_one_row_for_each_item_of_an_event() -> None:
    collector = Collector(CONFIG)
    lines = [{"item_id": "a"}, {"item_id": "b"}]
    purchase = {"event": "purchase", "items": lines, "transaction_id": "t"}
    search = {"event": "search", "search_term": "boots"}
    assert collector.fold([record(0, purchase), record(1, search)]) == 2
    assert rows(collector) == [("u", "a", 5, 0), ("u", "b", 5, 0)]
    assert collector.positions == {0: 2}


def test_what_was_folded_is_not_folded_again() -> None:
    collector = Collector(CONFIG)
    collector.fold([click(0), click(1)])
    replayed = [click(0), click(1)]  # the log is read again from an older position
    rewritten = [click(2, src=1)]  # clean crashed and wrote it again
    resent = [record(3, {"event": "click", "item_id": "x", "event_id": "e0"}, src=9)]
    assert collector.fold([*replayed, *rewritten, *resent]) == 0
    assert [item for _, item, _, _ in rows(collector)] == ["i0", "i1"]
    assert collector.positions == {0: 4}


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_a_crash_after_a_checkpoint_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, saved: int, lost: int, after: int
) -> None:
    root = tmp_path_factory.mktemp("checkpoints")
    log = [click(n) for n in range(saved + lost + after)]
    before = Collector(CONFIG)
    before.fold(log[:saved])
    before.save(root)
    before.fold(log[saved : saved + lost])  # and dies here
    revived = Collector.load(CONFIG, root)
    revived.fold(log[revived.positions.get(0, 0) :])
    whole = Collector(CONFIG)
    whole.fold(log)
    assert rows(revived) == rows(whole)
    assert (revived.positions, revived.events) == (whole.positions, whole.events)


def test_a_half_written_checkpoint_is_not_the_current_one(tmp_path: Path) -> None:
    collector = Collector(CONFIG)
    collector.fold([click(0)])
    collector.save(tmp_path)
    (tmp_path / ".000000000009.aside").mkdir()
    (tmp_path / ".000000000009.aside" / "buffer.npz").write_bytes(b"half")
    (tmp_path / "000000000009").mkdir()  # renamed, but CURRENT was not moved yet
    assert Collector.load(CONFIG, tmp_path).positions == {0: 1}


def test_old_checkpoints_are_deleted(tmp_path: Path) -> None:
    collector = Collector(CONFIG)
    for n in range(5):
        collector.fold([click(n)])
        collector.save(tmp_path)
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == KEPT
    assert Collector.load(CONFIG, tmp_path).events == 5
