"""Erased people leave the training buffer and its files; no reading of the log brings them back.

Time is the broker's: one log of happenings in order, of which two topics each hold a part, read at
different speeds, with crashes in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.collect import Collector, drop_older
from recaug.settings import Settings

CONFIG = Settings(buffer_events=100, resend_window=50)
PEOPLE = ("person-ann-7f3a", "person-bob-91c2", "person-cid-e04d")

EVENT, ERASE, REFUSE, ALLOW = "event", "erase", "refuse", "allow"
happenings = st.lists(
    st.tuples(
        st.sampled_from([EVENT, EVENT, EVENT, EVENT, ERASE, REFUSE, ALLOW]), st.sampled_from(PEOPLE)
    ),
    max_size=25,
)
# How much more of each topic is read, and what becomes of the process afterwards.
batches = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 4), st.sampled_from(["on", "save", "crash"])),
    max_size=12,
)
Happening = tuple[str, str]


@dataclass(frozen=True)
class Logged:
    """A record as any client gives it, appended at `timestamp`."""

    offset: int
    timestamp: int
    key: bytes
    value: bytes
    partition: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


def events_of(made: Sequence[Happening]) -> list[Logged]:
    at = [(n, user) for n, (what, user) in enumerate(made) if what == EVENT]
    return [
        Logged(offset, n, user.encode(), orjson.dumps({
            "event": "click", "event_id": f"e{n}", "timestamp": n, "user_id": user,
            "item_id": f"i{n}",
        }))
        for offset, (n, user) in enumerate(at)
    ]  # fmt: skip


def documents_of(made: Sequence[Happening]) -> list[Logged]:
    at = [(n, what, user) for n, (what, user) in enumerate(made) if what != EVENT]
    return [
        Logged(offset, n, user.encode(), b"" if what == ERASE else orjson.dumps(
            {"user_id": user, "consent": {"personalization": what == ALLOW}}
        ))
        for offset, (n, what, user) in enumerate(at)
    ]  # fmt: skip


def remembered(made: Sequence[Happening]) -> list[tuple[str, str]]:
    """(user, item) of the events that may be learned from once all has been read."""
    since, refused = dict.fromkeys(PEOPLE, -1), set[str]()
    for n, (what, user) in enumerate(made):
        if what == ERASE or (what == ALLOW and user in refused):
            since[user] = n
        if what != EVENT:
            refused.discard(user)
        if what == REFUSE:
            refused.add(user)
    return [
        (user, f"i{n}")
        for n, (what, user) in enumerate(made)
        if what == EVENT and n > since[user] and user not in refused
    ]


def held(collector: Collector) -> list[tuple[str, str]]:
    rows = collector.buffer.snapshot()
    return [
        (rows.user_ids[user], rows.item_ids[item])
        for user, item in zip(rows.users, rows.items, strict=True)
    ]


@dataclass
class World:
    """A learn worker that keeps dying, and the two topics it reads."""

    made: list[Happening]
    root: Path
    documents_lead: bool
    collector: Collector = field(init=False)

    def __post_init__(self) -> None:
        self.events, self.documents = events_of(self.made), documents_of(self.made)
        self.restart()

    def restart(self) -> None:
        self.collector = Collector.load(CONFIG, self.root)

    def batch(self, events: int, documents: int) -> None:
        """Read on, as `streams.learn` does."""
        at = self.collector.positions.get(0, 0)
        more = self.events[at : at + events]
        at = self.collector.profile_positions.get(0, 0)
        until = at + documents
        while self.documents_lead and more and until < len(self.documents):
            if self.documents[until].timestamp > more[-1].timestamp:
                break
            until += 1
        gone = self.collector.profiles(self.documents[at:until])
        self.collector.fold(more)
        if gone:
            self.collector.save(self.root)
            drop_older(self.root)
            self.none_of(gone)

    def none_of(self, users: set[str]) -> None:
        back = {user for user, _ in held(self.collector)}  # as a new person
        for path in self.root.rglob("*"):
            for user in users - back if path.is_file() else ():
                assert user.encode() not in path.read_bytes(), path

    def run(self, plan: Sequence[tuple[int, int, str]]) -> list[tuple[str, str]]:
        for events, documents, then in plan:
            self.batch(events, documents)
            if then == "save":
                self.collector.save(self.root)
            elif then == "crash":
                self.restart()
        self.batch(len(self.events), len(self.documents))
        return held(self.collector)


@given(happenings, batches)
def test_what_is_learned_from_is_the_log_without_what_was_erased(
    tmp_path_factory: pytest.TempPathFactory,
    made: list[Happening],
    plan: list[tuple[int, int, str]],
) -> None:
    world = World(made, tmp_path_factory.mktemp("learn"), documents_lead=True)
    assert world.run(plan) == remembered(made)


@given(happenings, batches)
def test_nobody_comes_back_whichever_topic_is_read_first(
    tmp_path_factory: pytest.TempPathFactory,
    made: list[Happening],
    plan: list[tuple[int, int, str]],
) -> None:
    """Documents that are late may take a little more with them, of these users and no others."""
    found = World(made, tmp_path_factory.mktemp("learn"), documents_lead=False).run(plan)
    wanted = remembered(made)
    assert [row for row in wanted if row in found] == found
    spoken_of = {user for what, user in made if what != EVENT}
    others = [row for row in wanted if row[0] not in spoken_of]
    assert [row for row in found if row[0] not in spoken_of] == others


def test_every_event_counts_as_folded_whoever_it_is_of(tmp_path: Path) -> None:
    made = [(EVENT, PEOPLE[0]), (EVENT, PEOPLE[1]), (ERASE, PEOPLE[0])]
    world = World(made, tmp_path, documents_lead=True)
    assert world.run([]) == [(PEOPLE[1], "i1")]
    assert (world.collector.events, world.collector.positions) == (2, {0: 2})
    assert world.collector.profile_positions == {0: 1}


def test_a_refusal_told_again_takes_nobody_out_of_the_files_again() -> None:
    made = [(EVENT, PEOPLE[0]), (REFUSE, PEOPLE[0]), (REFUSE, PEOPLE[0])]
    collector, documents = Collector(CONFIG), documents_of(made)
    assert collector.profiles(documents[:1]) == {PEOPLE[0]}
    assert collector.profiles(documents) == set()
