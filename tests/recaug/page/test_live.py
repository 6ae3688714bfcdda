"""Records go in, sections of the page come out."""

from __future__ import annotations

from typing import Any

import pytest

from recaug.page.board import Board, Message
from recaug.page.live import Live
from recaug.page.pairs import GAP_MS, SHOWN, Pair
from tests.recaug.page.records import (
    TOPICS,
    answer,
    answered,
    cleaned,
    click,
    document,
    record,
)

START_MS = 1_764_000_000_000


class Window:
    """A page with its board, and what it delivered to whom."""

    def __init__(self) -> None:
        self.board, self.delivered = Board(), list[tuple[str, Message]]()
        self.live = Live(TOPICS, self.board, lambda *post: self.delivered.append(post), START_MS)

    def fold(self, *records: Any, now_ms: float = START_MS) -> None:
        for one in records:
            self.live.fold(one, now_ms)

    def shown(self, now_ms: float = START_MS) -> Message:
        self.live.publish(now_ms)
        return self.board.news({})


@pytest.fixture
def window() -> Window:
    return Window()


def test_your_answer_names_titles_evidence_and_the_time_each_stage_took(window: Window) -> None:
    window.live.traces.at("e1").sent_ms = START_MS
    window.fold(
        document("a", "Frost Tent"),
        document("b", "Elm Stove"),
        click("you-abcdef", "e1", "a", START_MS + 2),
        cleaned("you-abcdef", "e1", "a", START_MS + 7),
    )
    made = answered("you-abcdef", answer("e1", "b", because="a"), START_MS + 17)
    window.fold(made, now_ms=START_MS + 20.0)
    ((user, message),) = window.delivered
    assert user == "you-abcdef"
    assert message["event_id"] == "e1"
    assert message["stages"] == {"kafka_in": 2, "clean": 5, "recommend": 10, "kafka_out": 3}
    (item,) = message["items"]
    assert (item["title"], item["evidence"]) == ("Elm Stove", "Frost Tent")
    assert (item["reason"], item["did"]) == ("similar_to_recent_click", "click")
    assert window.live.list_of("you-abcdef") == message


def test_a_reason_says_how_you_came_upon_its_evidence_or_what_you_searched(window: Window) -> None:
    you, name = "you-abcdef", TOPICS.events.name
    about = {"event_id": "e1", "user_id": you, "timestamp": START_MS}
    liked = {**about, "event": "like", "target_type": "item", "target_id": "a", "value": 1}
    searched = {**about, "event": "search", "search_term": "tent"}
    window.fold(document("a", "Frost Tent"))
    window.fold(record(name, you, liked), record(name, you, searched))
    window.fold(answered(you, answer("e1", "b", because="a")))
    found = {
        **answer("e2", "b"),
        "items": [{"item_id": "b", "reasons": [{"code": "matches_search"}]}],
    }
    window.fold(answered(you, found))
    window.fold(answered(you, answer("e3", "b", because="never touched")))
    told = [(m["items"][0]["evidence"], m["items"][0]["did"]) for _, m in window.delivered]
    assert told == [("Frost Tent", "like"), ("tent", "search"), ("never touched", None)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_pair_is_kept_whole_whichever_is_read_first(
    window: Window, order: tuple[int, int]
) -> None:
    happened, made = cleaned("u", "e1", "a"), answered("u", answer("e1", "b"))
    window.fold(*((happened, made)[number] for number in order))
    assert window.live.pairs.whole("e1") == Pair("u", happened.value, made.value or b"")
    assert window.shown()["pairs"][0]["id"] == "e1"


def test_other_peoples_answers_are_delivered_to_nobody(window: Window) -> None:
    window.fold(answered("u-1", answer("e1", "b")))
    assert window.delivered == []
    assert window.live.list_of("u-1") is None


def test_latency_is_from_the_input_topic_to_the_answer_by_the_brokers_clock(window: Window) -> None:
    for number, took_ms in enumerate((10, 20, 30)):
        window.fold(
            click("u", f"e{number}", "a", START_MS),
            cleaned("u", f"e{number}", "a", START_MS + 4),
            answered("u", answer(f"e{number}", "b"), START_MS + took_ms),
        )
    now = window.shown()["now"]
    assert (now["p50"], now["p99"]) == (20, 30)
    assert now["stages"] == {"clean": 4, "recommend": 16}


def test_an_answer_to_an_event_never_seen_has_no_latency(window: Window) -> None:
    window.fold(answered("u", answer("before the page", "b"), START_MS))
    assert window.shown()["now"]["p50"] is None


def test_rates_count_what_was_written_read_or_not(window: Window) -> None:
    for topic in TOPICS.behaviour:
        window.live.count(topic.name, 10, TOPICS)
    window.live.count(TOPICS.recommendations.name, 25, TOPICS)
    window.live.count(TOPICS.dead_letters.name, 5, TOPICS)
    window.live.count(TOPICS.events.name, 999, TOPICS)
    shown = window.shown(START_MS + 1_000)
    assert shown["points"]["events"] == [30]
    assert shown["points"]["recommendations"] == [25]
    assert shown["points"]["rejects"] == [5]


def test_the_model_in_use_is_the_one_that_answered_last(window: Window) -> None:
    assert window.shown()["models"]["serving"] is None
    window.fold(answered("u", answer("e1", "b")))
    assert window.shown()["models"]["serving"]["version"] == "v1"


def test_every_attempt_is_listed_once_in_order_of_time(window: Window) -> None:
    def attempt(version: str, minute: int, promoted: bool) -> dict[str, Any]:
        at = f"2026-11-24T05:{minute:02d}:00Z"
        return {"name": "main", "version": version, "promoted": promoted, "created_at": at}

    topic = TOPICS.models.name
    window.fold(
        record(topic, "main/v2", attempt("v2", 9, False)),
        record(topic, "main/v1", attempt("v1", 4, True)),
        record(topic, "main/v1", attempt("v1", 4, True)),
        record(topic, "main", attempt("v1", 4, True), START_MS + 5),
    )
    models = window.shown()["models"]
    assert [one["version"] for one in models["attempts"]] == ["v1", "v2"]
    assert models["promotions"] == [{"version": "v1", "at_ms": START_MS + 5}]


def test_fallbacks_are_a_share_of_the_newest_answers(window: Window) -> None:
    assert window.shown()["now"]["fallback"] is None
    window.fold(answered("u", answer("e1", "b")))
    window.fold(*(answered("u", answer(f"f{n}", "b", fallback="popular")) for n in range(3)))
    assert window.shown()["now"]["fallback"] == 0.75


def test_dead_letters_say_why_and_from_where(window: Window) -> None:
    letter = record(
        TOPICS.dead_letters.name,
        "u-7",
        b"\xff{not json" + b"x" * 500,
        START_MS,
        **{
            "__streams.errors.exception": "bad_json",
            "__streams.errors.message": "value is no JSON: send one object",
            "__streams.errors.topic": "clickstream",
            "__streams.errors.partition": "3",
            "__streams.errors.offset": "41",
        },
    )
    window.fold(letter, letter)
    dead = window.shown()["dead"]
    assert dead["reasons"] == {"bad_json": 2}
    newest = dead["newest"][0]
    assert (newest["name"], newest["fate"]) == ("clickstream:3:41", "open")
    assert newest["message"] == "value is no JSON: send one object"
    assert newest["meaning"].startswith("Not one JSON document")
    assert "recaug dlq retry clickstream:3:41" in newest["command"]
    assert len(newest["value"]) == 241


def test_what_was_done_about_a_letter_is_told_and_is_no_letter(window: Window) -> None:
    about = {
        "__streams.errors.exception": "missing_field",
        "__streams.errors.message": "item_id is missing: add it.",
        "__streams.errors.topic": "clickstream",
        "__streams.errors.partition": "3",
    }
    for offset in ("41", "42"):
        where = {"__streams.errors.offset": offset}
        window.fold(record(TOPICS.dead_letters.name, "u", {"event": "click"}, 0, **about, **where))
    done = {"__streams.errors.offset": "41", "recaug.handled": "retried"}
    window.fold(record(TOPICS.dead_letters.name, None, b"", 0, **about, **done))
    dead = window.shown()["dead"]
    assert [(one["name"], one["fate"]) for one in dead["newest"]] == [
        ("clickstream:3:42", "open"),
        ("clickstream:3:41", "retried"),
    ]
    assert dead["reasons"] == {"missing_field": 2}
    assert dead["newest"][0]["field"] == "item_id"
    assert dead["newest"][0]["command"] == "recaug dlq retry clickstream:3:42 --set item_id=VALUE"


def test_a_command_to_paste_holds_nothing_that_somebody_wrote(window: Window) -> None:
    forged = {"__streams.errors.topic": "x; rm -rf ~", "__streams.errors.partition": "1"}
    window.fold(record(TOPICS.dead_letters.name, "u", b"{", 0, **forged))
    assert window.shown()["dead"]["newest"][0]["command"] == "recaug dlq list"


def test_pairs_are_a_sample_but_yours_are_all_there(window: Window) -> None:
    window.fold(document("b", "Elm Stove"))
    window.fold(answered("u-1", answer("e1", "b")), answered("u-2", answer("e2", "b")))
    window.fold(
        answered("you-abcdef", answer("e3", "b")), answered("you-abcdef", answer("e4", "b"))
    )
    pairs = window.shown()["pairs"]
    assert [pair["user"] for pair in pairs] == ["you-abcdef", "you-abcdef", "u-1"]
    assert pairs[0]["titles"] == ["Elm Stove"]


def test_no_more_pairs_are_kept_than_shown(window: Window) -> None:
    for number in range(3 * SHOWN):
        made = answered("u", answer(f"e{number}", "b"))
        window.fold(made, now_ms=START_MS + number * GAP_MS)
    pairs = window.shown()["pairs"]
    assert len(pairs) == SHOWN
    assert pairs[0]["id"] != pairs[-1]["id"]


def test_before_your_first_click_there_is_what_others_like(window: Window) -> None:
    window.fold(document("a", "Frost Tent"), document("b", "Elm Stove"))
    for number, item in enumerate(("a", "b", "b")):
        window.fold(cleaned("u", f"e{number}", item, START_MS))
    popular = window.shown(START_MS + 1_000)["popular"]
    assert [item["title"] for item in popular] == ["Elm Stove", "Frost Tent"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff\x00",
        b"[1, 2]",
        b'"text"',
        b"{}",
        b'{"items": 5, "source_event": 1, "event": 2, "created_at": 3}',
    ],
)
def test_bytes_of_any_kind_are_no_reason_to_stop(window: Window, value: bytes | None) -> None:
    for topic in window.live.topics:
        window.fold(record(topic, "k", value), record(topic, None, value))
    assert window.shown()["pairs"] is not None


def test_who_is_erased_is_shown_no_longer(window: Window) -> None:
    letters = [
        record(TOPICS.dead_letters.name, "ann-7f3a", b"{", START_MS),
        record(TOPICS.dead_letters.name, None, b'{"user_id": "ann-7f3a"', START_MS),
        record(TOPICS.dead_letters.name, "bob", b"[", START_MS),
    ]
    window.fold(*letters, answered("ann-7f3a", answer("e1", "b")))
    window.fold(cleaned("ann-7f3a", "e1", "a"), cleaned("bob", "e2", "b"))
    window.fold(answered("bob", answer("e2", "b")), now_ms=START_MS + GAP_MS)
    assert len(window.shown()["dead"]["newest"]) == 3
    assert [person["id"] for person in window.shown(START_MS + 1_000)["people"]] == [
        "ann-7f3a",
        "bob",
    ]
    window.fold(record(TOPICS.clean_users.name, "ann-7f3a", None))
    shown = window.shown(START_MS + 2_000)
    assert [person["id"] for person in shown["people"]] == ["bob"]
    assert window.live.pairs.whole("e1") is None
    assert [letter["key"] for letter in shown["dead"]["newest"]] == ["bob"]
    assert [pair["user"] for pair in shown["pairs"]] == ["bob"]
    window.fold(record(TOPICS.clean_users.name, "bob", {"user_id": "bob"}))
    assert [pair["user"] for pair in window.shown()["pairs"]] == ["bob"]
