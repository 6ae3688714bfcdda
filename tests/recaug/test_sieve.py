"""What of `recommendations` a reader gets, record by record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recaug.events import Recommendation, recommendation_id
from recaug.kafka import Record
from recaug.message import Answer
from recaug.sieve import Erased, Sieve, Wanted
from tests.recaug.lists import answer

NOW_MS = 1_764_000_000_000
LISTS, USERS = "recommendations", "recaug.users"


def record(one: Answer, offset: int = 0, at_ms: int = NOW_MS) -> Record:
    return Record(LISTS, 0, offset, at_ms, one.key, one.value, tuple(one.headers))


def made(user: str = "u1", name: str = "e1", **fields: Any) -> Record:
    return record(answer(user, name, made_ms=NOW_MS, **fields))


def sieve(stale: bool = False, **wanted: Any) -> Sieve:
    parts = {"users": None, "models": None, "events": None, "where": None, **wanted}
    return Sieve(Wanted.of(**parts), LISTS, stale)


def null(topic: str, user: bytes | None, at_ms: int) -> Record:
    return Record(topic, 0, 0, at_ms, user, None, ())


def test_a_list_is_told_once() -> None:
    reader = sieve()
    found = reader.take(made(), NOW_MS)
    assert isinstance(found, Recommendation)
    assert (found.recommendation_id, found.user_id) == (recommendation_id("e1"), "u1")
    assert reader.take(made(), NOW_MS) is None
    assert isinstance(reader.take(made(name="e2"), NOW_MS), Recommendation)
    assert reader.skipped == {"duplicate": 1}


@pytest.mark.parametrize("without", [(), ("ce_expirytime",)])
def test_a_list_is_told_until_it_expires(without: tuple[str, ...]) -> None:
    """By its header; by its body, where another version wrote it without one."""
    # Made at NOW_MS, in 2 ms, and good for a minute from then on.
    one = answer("u1", "e1", made_ms=NOW_MS, lives_s=60)
    headers = [(name, value) for name, value in one.headers if name not in without]
    found = record(Answer(one.key, one.value, headers))
    reader = sieve()
    assert reader.take(found, NOW_MS + 60_002) is None
    assert reader.skipped == {"expired": 1}
    assert reader.take(found, NOW_MS + 60_001) is not None, "an expired one was not told"
    assert sieve(stale=True).take(found, NOW_MS + 10**9) is not None


@pytest.mark.parametrize(
    ("wanted", "user", "event", "model", "told"),
    [
        ({"users": ["u1", "u2"]}, "u2", "click", "v1", True),
        ({"users": ["u1", "u2"]}, "u3", "click", "v1", False),
        ({"users": []}, "u1", "click", "v1", False),
        ({"events": ["search"]}, "u1", "search", "v1", True),
        ({"events": ["search"]}, "u1", "click", "v1", False),
        ({"models": ["v2"]}, "u1", "click", "v2", True),
        ({"models": ["v2"]}, "u1", "click", "v1", False),
        ({"models": ["v1"], "users": ["u2"]}, "u1", "click", "v1", False),
    ],
)
def test_lists_are_chosen_by_key_and_headers(
    wanted: dict[str, list[str]], user: str, event: str, model: str, told: bool
) -> None:
    reader = sieve(**wanted)
    found = reader.take(made(user=user, event=event, model=model), NOW_MS)
    assert (found is not None) == told
    assert reader.skipped == ({} if told else {"filtered": 1})


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (lambda r: r.header("fallback") == b"", True),
        (lambda r: r.header("fallback") != b"", False),
    ],
)
def test_any_question_to_the_headers_may_be_asked(
    where: Callable[[Record], bool], told: bool
) -> None:
    assert (sieve(where=where).take(made(), NOW_MS) is not None) == told


def test_what_is_not_wanted_is_not_parsed() -> None:
    broken = made()
    broken = Record(LISTS, 0, 0, NOW_MS, b"u1", b"{broken", broken.headers)
    reader = sieve(users=["u2"])
    assert reader.take(broken, NOW_MS) is None
    assert reader.skipped == {"filtered": 1}


def test_one_unreadable_record_does_not_stop_the_next() -> None:
    reader = sieve()
    for value in (b"", b"{broken", b"[]", b'{"items": []}'):
        assert reader.take(Record(LISTS, 0, 0, NOW_MS, b"u1", value, ()), NOW_MS) is None
    assert reader.skipped == {"unreadable": 4}
    assert reader.take(made(), NOW_MS) is not None


def test_one_name_is_no_list_of_names() -> None:
    with pytest.raises(TypeError, match="'u1' is one name"):
        sieve(users="u1")


@pytest.mark.parametrize("topic", [LISTS, USERS])
def test_a_null_is_an_erasure_and_older_lists_of_that_user_are_not_told(topic: str) -> None:
    reader = sieve()
    assert reader.take(null(topic, b"u1", NOW_MS), NOW_MS) == Erased("u1")
    before, after = (answer("u1", name, made_ms=NOW_MS) for name in ("e1", "e2"))
    assert reader.take(record(before, at_ms=NOW_MS), NOW_MS) is None
    assert reader.take(record(after, at_ms=NOW_MS + 1), NOW_MS) is not None
    assert reader.take(made(user="u2"), NOW_MS) is not None
    assert reader.skipped == {"erased": 1}


def test_a_profile_and_a_null_without_a_key_say_nothing() -> None:
    reader = sieve()
    assert reader.take(Record(USERS, 0, 0, NOW_MS, b"u1", b"{}", ()), NOW_MS) is None
    assert reader.take(null(LISTS, None, NOW_MS), NOW_MS) is None
    assert reader.skipped == {}
