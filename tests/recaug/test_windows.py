"""The duplicate windows against naive models: deliver, replay, crash, restore."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from recaug.windows import IdWindow, SourceWindow, coordinates

SIZE = 32


class NaiveSources:
    """Every offset ever marked, and the rule about old ones."""

    def __init__(self) -> None:
        self.marked: dict[str, set[int]] = {}

    def seen(self, source: str, offset: int) -> bool:
        marked = self.marked.get(source, set())
        return offset in marked or (bool(marked) and offset <= max(marked) - SIZE)

    def mark(self, source: str, offset: int) -> None:
        self.marked.setdefault(source, set()).add(offset)


class SourceMachine(RuleBasedStateMachine):
    """Marks at random, and every way a window is carried over."""

    def __init__(self) -> None:
        super().__init__()
        self.window, self.naive = SourceWindow(SIZE), NaiveSources()
        self.stored: dict[str, bytes] = {}

    @rule(source=st.sampled_from(["a:0", "a:1"]), offset=st.integers(0, 200))
    def mark(self, source: str, offset: int) -> None:
        if not self.naive.seen(source, offset):
            self.naive.mark(source, offset)
        self.window.mark(source, offset)

    @rule()
    def carry_over_by_cells(self) -> None:
        self.stored.update(self.window.delta())
        self.window = SourceWindow(SIZE)
        self.window.absorb(self.stored)

    @rule()
    def store_without_reading_back(self) -> None:
        self.stored.update(self.window.delta())

    @rule()
    def carry_over_by_snapshot(self) -> None:
        self.stored.update(self.window.delta())
        snapshot = self.window.snapshot()
        self.window = SourceWindow(SIZE)
        self.window.restore(snapshot)

    @invariant()
    def answers_like_the_naive_one(self) -> None:
        for source in ("a:0", "a:1", "never:0"):
            for offset in range(240):
                assert self.window.seen(source, offset) == self.naive.seen(source, offset)


class ReplayMachine(RuleBasedStateMachine):
    """A reader of a growing log whose effects, windows and position are stored together.

    It may die at any point, may be handed the log from earlier than it had got to, and the log may
    hold records twice: each source offset must have its effect exactly once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.log: list[tuple[str, int]] = []
        self.produced = {"a:0": 0, "b:0": 0}
        self.store: dict[str, Any] = {"position": 0, "cells": {}, "effects": {}}
        self.start()

    def start(self) -> None:
        self.position = self.store["position"]
        self.window = SourceWindow(SIZE)
        self.window.absorb(self.store["cells"])
        self.effects: dict[tuple[str, int], int] = dict(self.store["effects"])

    @rule(source=st.sampled_from(["a:0", "b:0"]), skip=st.integers(0, 40))
    def produce(self, source: str, skip: int) -> None:
        offset = self.produced[source] + skip
        self.log.append((source, offset))
        self.produced[source] = offset + 1

    @precondition(lambda self: self.log)
    @rule(back=st.integers(1, 6))
    def the_writer_repeats_itself(self, back: int) -> None:
        self.log.extend(self.log[-back:])

    @rule(count=st.integers(1, 8))
    def deliver(self, count: int) -> None:
        for record in self.log[self.position : self.position + count]:
            if not self.window.seen(*record):
                self.window.mark(*record)
                self.effects[record] = self.effects.get(record, 0) + 1
        self.position = min(len(self.log), self.position + count)

    @rule()
    def apply(self) -> None:
        self.store["position"] = self.position
        self.store["cells"] = {**self.store["cells"], **self.window.delta()}
        self.store["effects"] = dict(self.effects)

    @rule()
    def crash(self) -> None:
        self.start()

    @rule(back=st.integers(1, 10))
    def rewind(self, back: int) -> None:
        self.position = max(0, self.position - back)

    @invariant()
    def no_effect_twice(self) -> None:
        assert set(self.effects.values()) <= {1}

    def teardown(self) -> None:
        self.deliver(len(self.log))
        assert self.effects == dict.fromkeys(self.log, 1)


class IdMachine(RuleBasedStateMachine):
    """Ids at random against a list cut to its newest."""

    def __init__(self) -> None:
        super().__init__()
        self.window, self.naive = IdWindow(7), [""]
        self.naive.clear()
        self.stored: list[bytes] = []

    @rule(event_id=st.sampled_from([f"e{n}" for n in range(15)]))
    def add(self, event_id: str) -> None:
        assert self.window.add(event_id) == (event_id not in self.naive)
        if event_id not in self.naive:
            self.naive = [*self.naive, event_id][-7:]

    @rule()
    def carry_over_by_added(self) -> None:
        self.stored += self.window.added()
        self.window = IdWindow(7)
        self.window.restore(b"".join(self.stored))

    @rule()
    def carry_over_by_snapshot(self) -> None:
        self.stored += self.window.added()
        snapshot = self.window.snapshot()
        self.window = IdWindow(7)
        self.window.restore(snapshot)

    @invariant()
    def answers_like_the_naive_one(self) -> None:
        assert len(self.window) == len(self.naive)
        for n in range(16):
            assert self.window.seen(f"e{n}") == (f"e{n}" in self.naive)


for machine in (SourceMachine, ReplayMachine, IdMachine):
    machine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

TestSources = SourceMachine.TestCase
TestReplays = ReplayMachine.TestCase
TestIds = IdMachine.TestCase


def test_a_batch_changes_few_bytes() -> None:
    window = SourceWindow()
    for offset in range(500):
        window.mark("clickstream:0", offset)
    assert window.delta() == {
        "clickstream:0": b"499",
        "clickstream:0#0": b"\xff" * 62 + b"\x0f" + b"\x00" * 65,
    }
    assert window.delta() == {}
    window.mark("clickstream:0", 66_000)
    delta = window.delta()
    assert delta["clickstream:0"] == b"66000"
    # 66000 takes the place of 464, the first bit of byte 58; 465 to 499 are still in the window.
    assert delta["clickstream:0#0"][57:63] == b"\x00\xff\xff\xff\xff\x0f"


def test_older_than_the_window_counts_as_seen() -> None:
    window = SourceWindow(8)
    window.mark("a:0", 100)
    assert [offset for offset in range(80, 110) if not window.seen("a:0", offset)] == [
        *range(93, 100),
        *range(101, 110),
    ]


@pytest.mark.parametrize("size", [0, 4, 12, -8])
def test_source_window_is_a_power_of_two(size: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        SourceWindow(size)


@given(st.binary(max_size=80))
def test_restoring_any_bytes_fails_cleanly(data: bytes) -> None:
    for window in (SourceWindow(SIZE), IdWindow(5)):
        try:
            window.restore(data)
        except ValueError:
            continue
        again = type(window)(window.size)
        again.restore(window.snapshot())
        assert again.snapshot() == window.snapshot()


def test_cells_of_another_size_are_refused() -> None:
    window = SourceWindow(64)
    window.mark("a:0", 3)
    with pytest.raises(ValueError, match="does not fit"):
        SourceWindow(32).absorb(window.delta())
    with pytest.raises(ValueError, match="high mark"):
        SourceWindow(64).absorb({"a:0#0": bytes(8)})


def test_a_smaller_id_window_keeps_the_newest() -> None:
    window = IdWindow(10)
    for n in range(10):
        window.add(f"e{n}")
    smaller = IdWindow(3)
    smaller.restore(window.snapshot())
    assert [n for n in range(10) if smaller.seen(f"e{n}")] == [7, 8, 9]
    assert smaller.added() == []


def test_coordinates() -> None:
    assert coordinates(b"clickstream:3:918233") == ("clickstream:3", 918_233)
    assert coordinates("t1.a:b:0:7") == ("t1.a:b:0", 7)
    for bad in ("", "a", "a:1", ":1:2", "a:x:2", "a:1:-2", "a:1:2.0"):
        with pytest.raises(ValueError, match="topic:partition:offset"):
            coordinates(bad)
