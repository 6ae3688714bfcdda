"""`recaug explain` against a list that the real recommender made from a log on a real broker."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from kafka import KafkaProducer

from recaug.events import recommendation_id
from recaug.history import History
from recaug.kafka import admin, ensure_topics, producer
from recaug.message import Request
from recaug.recommend import Recommender
from recaug.registry import Registry
from recaug.settings import Settings
from recaug.signing import Keys
from tests.recaug import tiny
from tests.recaug.cli.shell import Shell

VECTORS: dict[str, list[float]] = {
    "a1": [1, 0],
    "a2": [0.9, 0.1],
    "a3": [0.8, 0.2],
    "b1": [0, 1],
    "b2": [0.1, 0.9],
}
#: Sessions count once, popularity a half, nothing is new: for every length of history.
FUSION = [[1.0, 0.5, 0.0]] * 6


class Shop:
    """Clean and recommend by hand, for one user and some others."""

    def __init__(self, shell: Shell, client: KafkaProducer) -> None:
        self.shell, self.client, self.settings = shell, client, shell.settings
        self.keys = Keys.of(shell.settings)
        self.keys.ensure()
        self.recommender = Recommender(shell.settings)
        self.history = History(shell.settings.history)
        self._offsets = 0

    def train(self, version: str = "v1") -> None:
        bundle = tiny.bundle(
            self.settings.registry, VECTORS, version, keys=self.keys, fusion=FUSION
        )
        self.recommender.swap(bundle)

    def click(self, user: str, item: str, number: int) -> tuple[dict[str, Any], int, int]:
        """Into the log, and into what the worker knows. Returns the event and its place."""
        event = {
            "event": "click", "event_id": f"{user}-{number}", "user_id": user, "item_id": item,
            "timestamp": time.time_ns() // 1_000_000,
        }  # fmt: skip
        topic, source = self.settings.topics.events.name, f"clickstream:0:{self._offsets}".encode()
        self._offsets += 1
        sent = self.client.send(
            topic, json.dumps(event).encode(), key=user.encode(), headers=[("src", source)]
        ).get(10)
        self.recommender.popular(event)
        if user == "me":
            self.history.fold(event)
        return event, sent.partition, sent.offset

    def answer(self, placed: tuple[dict[str, Any], int, int], **how: Any) -> dict[str, Any]:
        """Make the list as the service does, and send it."""
        event, partition, offset = placed
        now = time.time_ns() / 1e6
        log = self.settings.topics.events.name
        history = how.pop("history", self.history)
        request = Request(event, history, log, partition, offset, now, **how)
        (answer,) = self.recommender.answer([request], now)
        self.client.send(
            self.settings.topics.recommendations.name, answer.value, key=answer.key,
            headers=answer.headers,
        ).get(10)  # fmt: skip
        message: dict[str, Any] = json.loads(answer.value)
        return message

    def others(self) -> None:
        """What others clicked: b2 with a1 twice, and a3 alone most often."""
        for number, user in enumerate(("x", "y")):
            self.click(user, "a1", 2 * number)
            self.click(user, "b2", 2 * number + 1)
        for number in range(4):
            self.click(f"z{number}", "a3", number)

    def explain(self, *arguments: str) -> dict[str, Any]:
        done = self.shell.run("explain", *arguments, "-f", "json")
        assert done.code == 0, done.err
        told: dict[str, Any] = json.loads(done.out)
        return told


@pytest.fixture
def shop(shell: Shell) -> Iterator[Shop]:
    ensure_topics(shell.settings)
    client = producer(shell.settings.kafka, linger_ms=0)
    yield Shop(shell, client)
    client.close()


def test_a_list_is_taken_apart_into_what_each_scorer_said(shop: Shop) -> None:
    shop.train()
    shop.others()
    shop.click("me", "b1", 0)
    sent = shop.answer(shop.click("me", "a1", 1))
    told = shop.explain(sent["recommendation_id"], "--user", "me")
    assert told["recommendation"] == sent
    assert told["event"]["event_id"] == "me-1"
    assert told["state"]["exact"] is True
    assert [row["item_id"] for row in told["state"]["history"]] == ["b1", "a1"]
    assert told["listed_again"] == [item["item_id"] for item in sent["items"]]
    scores = {part["item_id"]: part for part in told["scores"]}
    assert set(scores) == {"a2", "a3", "b2"}, "what was clicked is not listed"
    for part in scores.values():
        each = [part[name] for name in ("model", "sessions", "popularity", "search", "new")]
        assert sum(each) == pytest.approx(part["listed"], abs=2e-3)
    assert scores["b2"]["sessions"] > 0, "others who clicked a1 clicked b2"
    assert scores["a2"]["sessions"] == scores["a2"]["popularity"] == 0, "nobody clicked it"
    assert not [note for note in told["notes"] if "differ" in note]

    text = shop.shell.run("explain", sent["recommendation_id"])
    assert text.code == 0
    for title in ("EVENT", "STATE", "RULES", "CANDIDATES", "ITEMS", "CERTAIN"):
        assert f"\n{title}\n" in text.out
    assert "3 of 3 items would be listed again" in text.out
    assert "the history is what it was then" in text.out
    assert "2 items that the user has had or disliked were left out" in text.out


def test_a_worker_that_had_counted_more_is_not_taken_for_exact(shop: Shop) -> None:
    shop.train()
    shop.others()
    placed = shop.click("me", "a1", 0)
    for number in range(20):  # long ago: no longer in the log
        old = {**placed[0], "item_id": "a2", "user_id": f"old{number}", "event_id": f"o{number}"}
        shop.recommender.popular(old)
    sent = shop.answer(placed)
    told = shop.explain(sent["recommendation_id"])
    scores = {part["item_id"]: part for part in told["scores"]}
    assert scores["a2"]["popularity"] == 0, "nobody clicked it as far as is known"
    assert scores["a2"]["listed"] > scores["a2"]["total"]
    assert any("scores differ from those listed" in note for note in told["notes"])


def test_the_past_is_told_not_the_present(shop: Shop) -> None:
    shop.train()
    sent = shop.answer(shop.click("me", "a1", 0))
    shop.click("me", "b1", 1)
    told = shop.explain(sent["recommendation_id"])
    assert [row["item_id"] for row in told["state"]["history"]] == ["a1"]
    assert told["listed_again"] == [item["item_id"] for item in sent["items"]]


def test_without_the_model_the_rest_is_still_told(shop: Shop) -> None:
    shop.train()
    sent = shop.answer(shop.click("me", "a1", 0))
    (Registry(shop.settings.registry).root / "main" / "v1").rename(shop.settings.data_dir / "gone")
    told = shop.explain(sent["recommendation_id"])
    assert told["scores"] is None
    assert "scores are not known" in told["notes"][0]
    assert [row["item_id"] for row in told["state"]["history"]] == ["a1"]


def test_before_a_model_and_without_consent_the_rule_says_so(shop: Shop) -> None:
    shop.others()
    placed = shop.click("me", "a1", 0)
    first = shop.answer(placed)
    told = shop.explain(first["recommendation_id"])
    assert told["rules"][0].startswith("there was no model yet")
    assert [item["retriever"] for item in first["items"]] == ["sessions", "popularity"]
    assert [part["sessions"] is None for part in told["scores"]] == [False, True]
    for part in told["scores"]:
        assert part["total"] == pytest.approx(part["listed"], rel=1e-3)
    assert told["listed_again"] == [item["item_id"] for item in first["items"]]
    refused = shop.answer(shop.click("me", "b1", 1), consent=False, history=None)
    told = shop.explain(refused["recommendation_id"])
    assert told["rules"][0].startswith("the user wants no personal list")
    assert told["listed_again"] == [item["item_id"] for item in refused["items"]]


def test_a_log_that_was_cut_is_not_called_exact(shop: Shop) -> None:
    shop.train()
    shop.click("me", "b1", 0)
    event, partition, offset = shop.click("me", "a1", 1)
    sent = shop.answer((event, partition, offset))
    with admin(shop.settings.kafka) as client:
        from kafka import TopicPartition

        client.delete_records({TopicPartition(shop.settings.topics.events.name, partition): offset})
    told = shop.explain(sent["recommendation_id"])
    assert told["state"]["exact"] is False
    assert [row["item_id"] for row in told["state"]["history"]] == ["a1"]
    assert any("older events of this user are not kept" in note for note in told["notes"])


def test_of_who_was_erased_since_nothing_is_told(shop: Shop) -> None:
    sent = shop.answer(shop.click("me", "a1", 0))
    topic = shop.settings.topics.clean_users.name
    shop.client.send(topic, None, key=b"me", headers=[("src", b"users:0:0")]).get(10)
    done = shop.shell.run("explain", sent["recommendation_id"])
    assert (done.code, done.out) == (2, "")
    assert "its user was erased after it was made" in done.err
    assert "a1" not in done.err


def test_an_id_of_none_is_three_lines(shop: Shop) -> None:
    shop.answer(shop.click("me", "a1", 0))
    for arguments in ([recommendation_id("never")], [recommendation_id("never"), "--user", "me"]):
        done = shop.shell.run("explain", *arguments)
        assert done.code == 2
        assert [line[:7] for line in done.err.splitlines()] == ["error: ", "why:   ", "try:   "]


def test_where_models_cannot_run_it_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "recaug.explain", None)  # as where it cannot be imported
    done = Shell(Settings(), capsys).run("explain", "x")
    assert done.code == 2
    assert [line[:7] for line in done.err.splitlines()] == ["error: ", "why:   ", "try:   "]
    assert "make setup" in done.err
