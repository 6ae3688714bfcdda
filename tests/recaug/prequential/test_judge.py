from __future__ import annotations

from math import log2
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.history import History
from recaug.message import Request
from recaug.prequential import judge as module
from recaug.prequential.judge import PERIOD_MS, Judge
from recaug.prequential.record import Cell, Record, Sums

NOW = 1_764_000_000_000
TTL_S = 60.0
Lists = tuple[str, ...]


class User:
    """One user's requests, in the order of the log, as `recaug.fold` makes them."""

    def __init__(self, name: str = "u1", limit: int = 50) -> None:
        self.name, self.history, self.offset = name, History(limit), 0

    def does(self, kind: str, *items: str, **more: Any) -> Request:
        self.offset += 1
        event: dict[str, Any] = {
            "event": kind, "event_id": f"{self.name}-{self.offset}", "user_id": self.name,
            "timestamp": NOW + self.offset, **more,
        }  # fmt: skip
        if kind in ("click", "view"):
            event["item_id"] = items[0]
        elif kind == "purchase":
            event["items"] = [{"item_id": item} for item in items]
        elif items:
            event |= {"target_type": "item", "target_id": items[0]}
        self.history.fold(event)
        copy = History.decode(self.history.encode(), self.history.limit)
        return Request(event, copy, "recaug.events", 0, self.offset, NOW)


def total(judge: Judge, version: str | None = "v1") -> Cell:
    return {record.version: record.total() for record in taken(judge)}.get(version, Cell())


def taken(judge: Judge) -> list[Record]:
    return judge.take(NOW + PERIOD_MS, None)


def see(judge: Judge, request: Request, *lists: Lists, version: str | None = "v1") -> Any:
    served, popularity = lists or ((), ())
    return judge.see(request, version, served, popularity, NOW)


@pytest.fixture
def judge() -> Judge:
    return Judge("main", TTL_S)


def test_the_next_event_is_looked_for_in_the_list_before_it(judge: Judge) -> None:
    user = User()
    see(judge, user.does("click", "a"), ("x", "b"), ("y", "z", "b"))
    see(judge, user.does("click", "b"), ("b",), ("b",))
    found = total(judge)
    assert found.targets == 1
    assert found.served == Sums(hits=1, ndcg=1 / log2(3), mrr=1 / 2)
    assert found.popularity == Sums(hits=1, ndcg=1 / 2, mrr=1 / 3)
    assert found.gain_squares == pytest.approx((1 / log2(3) - 1 / 2) ** 2)
    assert (found.source, found.bucket) == ("clicks", "new")


def test_the_first_event_and_what_was_had_before_are_no_targets(judge: Judge) -> None:
    user = User()
    for item in ("a", "a", "b", "a"):
        see(judge, user.does("click", item), ("a", "b"), ("a", "b"))
    see(judge, user.does("view", "b"), ("a", "b"), ("a", "b"))
    assert total(judge).targets == 1  # b, when it was new


def test_each_new_item_of_a_purchase_is_a_target(judge: Judge) -> None:
    user = User()
    see(judge, user.does("click", "a"), ("b", "c"), ())
    see(judge, user.does("purchase", "a", "c", "d", "c"), (), ())
    found = total(judge)
    assert (found.targets, found.served.hits, found.served.mrr) == (2, 1, 1 / 2)


def test_a_dislike_is_no_target(judge: Judge) -> None:
    user = User()
    see(judge, user.does("click", "a"), ("b",), ("b",))
    see(judge, user.does("like", "b", value=-1), ("b",), ("b",))
    assert taken(judge) == []


def test_only_ten_places_count(judge: Judge) -> None:
    user, many = User(), tuple(f"i{n}" for n in range(12))
    see(judge, user.does("click", "a"), many, many[::-1])
    see(judge, user.does("click", "i10"), (), ())
    found = total(judge)
    assert (found.served.hits, found.popularity.hits) == (0, 1)


def test_a_target_belongs_to_the_version_source_and_length_of_its_list(judge: Judge) -> None:
    user = User()
    see(judge, user.does("search", search_term="x"), ("a",), (), version=None)
    see(judge, user.does("click", "a"), ("b",), (), version="v1")
    see(judge, user.does("like", "b"), ("c",), (), version="v2")
    see(judge, user.does("click", "c"), (), (), version="v3")
    for n in range(18):
        user.does("click", f"other-{n}")
    see(judge, user.does("click", "d"), ("e",), (), version="v3")
    see(judge, user.does("click", "e"), (), (), version="v3")
    places = {
        (record.version, cell.source, cell.bucket, cell.targets, cell.served.hits)
        for record in taken(judge)
        for cell in record.cells
    }
    assert places == {
        (None, "searches", "new", 1, 1), ("v1", "clicks", "new", 1, 1),
        ("v2", "social", "new", 1, 1), ("v3", "clicks", "short", 1, 0),
        ("v3", "clicks", "long", 1, 1),
    }  # fmt: skip


def test_what_is_read_again_counts_once(judge: Judge) -> None:
    user = User()
    events = [user.does("click", item) for item in "abc"]
    for request in [*events, *events, events[2]]:
        see(judge, request, ("b", "c"), ("b", "c"))
    assert total(judge).targets == 2


def test_a_list_is_judged_until_it_expires(judge: Judge) -> None:
    for name, late_ms in (("u1", 0), ("u2", 1)):
        user = User(name)
        see(judge, user.does("click", "a"), ("b",), ())
        judge.see(user.does("click", "b"), "v1", (), (), NOW + 1000 * TTL_S + late_ms)
    assert total(judge).targets == 1


def test_of_whom_nothing_may_be_known_nothing_is_kept(judge: Judge) -> None:
    for name, loss in (("u1", {"consent": False}), ("u2", {"history": None}), ("u3", None)):
        user = User(name)
        assert see(judge, user.does("click", "a"), ("b",), ()) is not None
        request = user.does("search", search_term="x")
        if loss is None:
            judge.forget(name)
        else:
            fields = {n: getattr(request, n) for n in Request.__slots__ if not n.startswith("_")}
            assert see(judge, Request(**{**fields, **loss}), ("b",), ()) is None
        see(judge, user.does("click", "b"), (), ())
    assert taken(judge) == []


def test_the_frozen_list_is_compared_on_the_same_targets(judge: Judge) -> None:
    user = User()
    see(judge, user.does("click", "a"), ("b",), ())
    see(judge, user.does("click", "b"), ("x", "c"), ("c",)).frozen = ("x", "y", "c")
    see(judge, user.does("click", "c"), (), ())
    found = total(judge)
    assert (found.targets, found.served.hits, found.sample.targets) == (2, 2, 1)
    assert found.sample.served == Sums(hits=1, ndcg=1 / log2(3), mrr=1 / 2)
    assert found.sample.popularity == Sums(hits=1, ndcg=1.0, mrr=1.0)
    assert found.sample.frozen == Sums(hits=1, ndcg=1 / 2, mrr=1 / 3)


def test_a_record_every_ten_seconds_and_none_of_nothing(judge: Judge) -> None:
    user = User()
    see(judge, user.does("click", "a"), ("b",), ())
    assert judge.take(NOW + PERIOD_MS, "v0") == []
    see(judge, user.does("click", "b"), ("c",), ())
    assert judge.take(NOW + 2 * PERIOD_MS - 1, "v0") == []
    (record,) = judge.take(NOW + 2 * PERIOD_MS, "v0")
    assert (record.model, record.version, record.frozen_version) == ("main", "v1", "v0")
    assert (record.from_ms, record.to_ms) == (NOW + PERIOD_MS, NOW + 2 * PERIOD_MS)
    assert judge.take(NOW + 9 * PERIOD_MS, "v0") == []


def test_users_and_versions_are_bounded(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "USERS", 2)
    monkeypatch.setattr(module, "VERSIONS", 1)
    users = [User(f"u{n}") for n in range(3)]
    for number, user in enumerate(users):
        see(judge, user.does("click", "a"), ("b",), (), version=f"v{number}")
    for user in (*users[1:], users[0]):
        see(judge, user.does("click", "b"), (), ())
    # u0 was forgotten for u2; of the others the first brings its version.
    assert [(record.version, record.total().targets) for record in taken(judge)] == [("v1", 1)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["u1", "u2"]),
            st.sampled_from(["click", "view", "search"]),
            st.sampled_from("abcdef"),
            st.permutations("abcdef").map(tuple),
        ),
        max_size=40,
    )
)
def test_every_new_item_after_the_first_list_is_a_target(
    steps: list[tuple[str, str, str, Lists]],
) -> None:
    """Against the definition, from a log that is read whole."""
    judge, users = Judge("main", TTL_S), {name: User(name) for name in ("u1", "u2")}
    targets, ranks, had, last = 0, 0.0, {"u1": "", "u2": ""}, dict[str, Lists]()
    for name, kind, item, order in steps:
        if kind != "search" and item not in had[name]:
            had[name] += item
            if name in last:
                targets += 1
                ranks += 1 / (last[name].index(item) + 1)
        last[name] = order
        request = users[name].does(kind, *([item] if kind != "search" else []))
        see(judge, request, order, order[::-1])
    found = total(judge)
    assert (found.targets, found.served.hits) == (targets, targets)
    assert found.served.mrr == pytest.approx(ranks)
