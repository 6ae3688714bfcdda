"""A user with events without end, users without end with one, new names for ever: nothing grows.

A million where a step is cheap, else as many as show that the size no longer depends on them.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

from recaug.buffer import RollingBuffer
from recaug.clean import Cleaner, RawRecord
from recaug.clean import limits as flood
from recaug.clean.limits import Metronome, Rate
from recaug.clean.resends import Resends
from recaug.history import HIDDEN, History
from recaug.page.board import Board
from recaug.page.live import Live
from recaug.popularity import Popularity
from recaug.settings import Settings
from recaug.state import Change
from recaug.state.memory import MemoryStore
from recaug.table import ItemTable
from recaug.topics import Topics
from recaug.windows import IdWindow, SourceWindow
from tests.hostile.holdings import largest
from tests.hostile.sent import Maker
from tests.recaug.page import records as page_records

NOW = 1_764_000_000_000
MILLION, MANY = 1_000_000, 100_000


def test_a_user_with_events_without_end_keeps_fifty() -> None:
    history, lines = History(limit=50), [{"item_id": f"i{n}"} for n in range(200)]
    for n in range(MANY // 200):
        event = {"event": "purchase", "timestamp": NOW + n, "items": lines}
        assert history.fold(event)
    assert len(history) == 50
    assert history.times_ms == [NOW + MANY // 200 - 1] * 50
    assert largest(history) <= 50
    assert len(history.encode()) < 2_000


def test_a_user_who_dislikes_everything_is_remembered_so_far() -> None:
    history = History()
    for n in range(5_000):
        event = {"event": "like", "value": -1, "target_type": "item", "target_id": f"i{n}"}
        history.fold({**event, "timestamp": NOW + n})
    assert largest(history) == HIDDEN
    assert "i4999" in history.hidden


def test_a_user_with_a_million_events_has_one_place_in_the_flood_tables() -> None:
    rate, metronome = Rate(10_000, 5_000), Metronome(10_000, 200)
    over = sum(rate.over("u", NOW + n // 500) for n in range(MILLION))
    assert over == MILLION - 5_000
    for n in range(MANY):
        metronome.is_bot("u", (f"i{n}",), NOW + 100 * n, NOW + 100 * n)
    assert largest(rate) <= 3
    assert largest(metronome) <= 200


def test_users_with_one_event_do_not_grow_the_flood_tables() -> None:
    rate, metronome = Rate(10_000, 5_000), Metronome(10_000, 200)
    for n in range(MILLION // 2):
        rate.over(n, NOW)
    for n in range(flood.WATCHED + 10_000):
        metronome.is_bot(f"u{n}", (), NOW, NOW)
    assert largest(rate) <= flood.WATCHED
    assert largest(metronome) <= flood.WATCHED


def test_events_do_not_grow_the_windows() -> None:
    resends, ids, sources = Resends(20_000), IdWindow(20_000), SourceWindow()
    record = RawRecord("clickstream", 0, 0, b"k", b"", (), NOW)
    for n in range(MANY):
        resends.add(f"e{n}", "u", record)
        ids.add(f"e{n}")
    for n in range(3 * MANY):
        sources.mark("clickstream:0", n)
    assert len(resends) == len(ids) == 20_000
    assert largest(resends) == largest(ids) == 20_000
    assert largest(sources) == sources.size // 8  # bytes
    assert len(sources.snapshot()) < 2 * sources.size // 8


async def test_users_do_not_grow_the_store_in_memory() -> None:
    store, at = MemoryStore(capacity=10_000, ids=1_000), None
    for first in range(0, 3 * MANY, 50_000):
        users = {f"u{n}": b"x" for n in range(first, first + 50_000)}
        await store.apply(0, Change(at, first + 50_000, users, ids=[b"d" * 16] * 50_000))
        at = first + 50_000
    assert largest(store) == 10_000


def test_items_do_not_grow_popularity_and_the_item_table() -> None:
    popularity, table = (
        Popularity(86_400.0, 5_000),
        ItemTable(np.eye(3, dtype=np.float32), ["a"], 9),
    )
    vector = np.ones(3, np.float32)
    for n in range(MANY // 2):
        popularity.add(f"i{n}", NOW)
        table.put(f"i{n}", vector)
    assert len(popularity) <= 5_000
    assert largest(popularity) <= 5_000
    assert len(table) == 9


def test_events_do_not_grow_the_training_buffer() -> None:
    buffer = RollingBuffer(10_000, 86_400_000)
    for first in range(0, 3 * MANY, 10_000):
        names = [f"u{n}" for n in range(first, first + 10_000)]
        buffer.extend(names, names, [1] * 10_000, [NOW + first] * 10_000)
    held = buffer.snapshot()
    assert len(held) == len(held.user_ids) == len(held.item_ids) == 10_000
    assert largest(buffer) <= 20_000


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(flood, "WATCHED", 500)
    return Settings(resend_window=500)


def test_no_table_of_the_cleaner_grows_with_names(small: Settings) -> None:
    """Every id, header name, tenant and unknown field is new, in every record."""
    cleaner = Cleaner(small)
    dice = random.Random(3)
    for n in range(2_000):
        body = Maker(f"m{n}", NOW).event(
            item_id=f"i{n}", session_id=f"s{n}", tenant=f"t{n}", **{f"field{n}": n}
        )
        sent = body._replace(headers=((f"h{n}", b"1"), (f"ce_{n}", b"x")))
        record = sent._replace(partition=dice.randrange(4)).raw(n, NOW)
        cleaner.clean([record], NOW)
    assert largest(cleaner) <= 501


def test_no_label_is_made_of_what_was_sent() -> None:
    """Anybody may write to the dead letters: a reason that is none is counted as one."""
    board = Board()
    page = Live(Topics(), board, lambda *_: None, NOW)
    for n in range(500):
        told = {"__streams.errors.exception": f"made up {n}"}
        page.fold(page_records.record("recaug.dead-letters", "u", b"{}", NOW, **told), NOW)
    page.publish(NOW)
    assert board.news({})["dead"]["reasons"] == {"unknown": 500}
