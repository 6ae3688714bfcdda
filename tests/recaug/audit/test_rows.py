"""The arrays against a ledger kept in plain dictionaries."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.audit.findings import Check, Findings
from recaug.audit.rows import AGAIN, DUE, LATE, NONE, Rows, Source, number_of
from recaug.errors import Failure
from recaug.windows import IdWindow

WINDOW = 2


@dataclass(frozen=True)
class Entry:
    """One record of the log: its source partition and offset, event, user."""

    source: int
    offset: int
    event: int
    user: int

    @property
    def coordinates(self) -> str:
        return f"clicks:{self.source}:{self.offset}"


def entries(events: int = 5) -> st.SearchStrategy[list[Entry]]:
    # What a source record says follows from where it is, as it does in a real log.
    where = st.tuples(st.integers(0, 1), st.integers(0, 12))
    return st.lists(where, max_size=40).map(
        lambda places: [Entry(s, o, (s * 13 + o) % events, o % 2) for s, o in places]
    )


def build(log: list[Entry], partition: int = 0, window: int = WINDOW) -> tuple[Rows, Findings]:
    findings = Findings()
    rows = Rows({partition: 0}, {partition: len(log)}, findings, window)
    for offset, one in enumerate(log):
        rows.add(
            partition, offset, f"clicks:{one.source}", one.offset, number_of(str(one.event)),
            one.user, DUE,
        )  # fmt: skip
    rows.seal()
    return rows, findings


@given(entries())
def test_every_source_has_one_first_row_and_the_rest_are_copies(log: list[Entry]) -> None:
    rows, findings = build(log)
    first: dict[str, int] = {}
    for row, one in enumerate(log):
        first.setdefault(one.coordinates, row)
        assert rows.first[row] == first[one.coordinates]
    assert rows.copies == len(log) - len(first)
    assert rows.firsts().tolist() == sorted(first.values())
    assert findings.count(Check.DOUBLED_EVENT, Check.COPIES_DIFFER) == 0
    for source in (0, 1):
        name = f"clicks:{source}"
        taken = rows.sources.get(name, Source(name)).take(np.arange(-1, 14))
        assert taken.tolist() == [first.get(f"{name}:{at}", NONE) for at in range(-1, 14)]


@given(entries(events=26))
def test_what_is_out_of_order_is_what_a_user_would_see(log: list[Entry]) -> None:
    _, findings = build(log)
    wrong, seen = 0, set[str]()
    by_user: dict[tuple[int, int], list[int]] = {}
    for one in log:
        if one.coordinates not in seen:
            seen.add(one.coordinates)
            by_user.setdefault((one.source, one.user), []).append(one.offset)
    for offsets in by_user.values():
        # In the order of the source, how often does the log go backwards?
        places = [offsets.index(offset) for offset in sorted(offsets)]
        wrong += sum(b < a for a, b in pairwise(places))
    assert findings.count(Check.ORDER) == wrong


@given(entries(events=3))
def test_a_resend_has_an_effect_when_the_window_has_forgotten_it(log: list[Entry]) -> None:
    one_user = [Entry(one.source, one.offset, one.event, 0) for one in log]
    rows, _ = build(one_user)
    window, seen = IdWindow(WINDOW), set[str]()
    ever: set[int] = set()
    for row, one in enumerate(one_user):
        flags = int(rows.flags[row])
        if one.coordinates in seen:
            assert not flags & (AGAIN | LATE)
            continue
        seen.add(one.coordinates)
        fresh = window.add(str(one.event))
        assert bool(flags & AGAIN) == (not fresh)
        assert bool(flags & LATE) == (fresh and one.event in ever)
        ever.add(one.event)


@given(entries())
def test_ids_are_found_in_the_order_of_the_log(log: list[Entry]) -> None:
    rows, _ = build(log)
    firsts = rows.firsts().tolist()
    for event in range(6):
        expected = [row for row in firsts if log[row].event == event]
        assert list(rows.find(number_of(str(event)))) == expected


def test_places_of_several_partitions() -> None:
    rows = Rows({0: 5, 1: 7, 3: 2}, {0: 8, 1: 7, 3: 4}, Findings(), WINDOW)
    assert len(rows) == 5
    assert [rows.place(row) for row in range(5)] == [(0, 5), (0, 6), (0, 7), (3, 2), (3, 3)]
    assert [rows.row(p, o) for p, o in ((0, 5), (3, 3), (1, 7), (0, 4), (0, 8), (9, 0))] == [
        0, 4, NONE, NONE, NONE, NONE,
    ]  # fmt: skip


@given(st.lists(st.integers(0, 300), unique=True))
def test_a_source_may_be_read_in_any_order(offsets: list[int]) -> None:
    source = Source("clicks:0")
    for row, offset in enumerate(offsets):
        source.put(offset, row)
    assert [source.row(offset) for offset in offsets] == list(range(len(offsets)))
    assert sum(source.row(offset) != NONE for offset in range(-1, 302)) == len(offsets)


def test_a_record_in_two_partitions_has_two_effects() -> None:
    findings = Findings()
    rows = Rows({}, {0: 1, 1: 1}, findings, WINDOW)
    for partition in (0, 1):
        rows.add(partition, 0, "clicks:0", 5, number_of("e"), 1, DUE)
    rows.seal()
    assert findings.count(Check.DOUBLED_EVENT) == 1


def test_too_many_events_are_refused_before_memory_is() -> None:
    with pytest.raises(Failure, match="too many events"):
        Rows({}, {0: 2**31}, Findings(), WINDOW)
