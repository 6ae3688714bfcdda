"""Records counted, from records written by hand."""

from __future__ import annotations

from typing import Any

from recaug.exporter.tally import Tally
from recaug.prequential.record import Cell
from recaug.prequential.record import Record as Metric
from recaug.settings import Settings
from tests.recaug.exporter.strict import Page, parse
from tests.recaug.page.records import TOPICS, answer, click, record

MODEL = {"model": "main"}


def told(*records: Any) -> Page:
    tally = Tally(Settings(kafka="127.0.0.1:1"))
    for one in records:
        tally.fold(one, 0.0)
    return parse(tally.metrics())


def attempt(version: str, promoted: bool, at_ms: int, **metrics: Any) -> Any:
    value = {"name": "main", "version": version, "promoted": promoted, "metrics": metrics}
    return record(TOPICS.models.name, f"main/{version}", value, at_ms)


def test_nothing_is_nought_for_every_reason_and_fallback() -> None:
    page = told()
    for name in ("recaug_dead_letters_total", "recaug_recommendations_total"):
        assert set(page.of(name).values()) == {0.0}
    assert not page.of("recaug_model_info")


def test_refusals_are_counted_by_a_closed_list_of_reasons() -> None:
    reasons = ("bad_json", "bad_json", "no_user", "made up by a stranger")
    header = "__streams.errors.exception"
    dropped = record(
        TOPICS.dead_letters.name, "k", b"", **{header: "bad_json", "recaug.handled": "dropped"}
    )
    letters = [record(TOPICS.dead_letters.name, "k", b"", **{header: r}) for r in reasons]
    page = told(*letters, dropped)
    counts = {
        dict(labels)["reason"]: count
        for labels, count in page.of("recaug_dead_letters_total").items()
        if count
    }
    assert counts == {"bad_json": 2, "no_user": 1, "unknown": 1}


def test_freshness_is_from_append_to_append() -> None:
    page = told(
        click("u", "e1", "i", at_ms=1_000),
        record(TOPICS.recommendations.name, "u", answer("e1", "i"), at_ms=1_200),
        record(TOPICS.recommendations.name, "u", answer("unseen", "i"), at_ms=9_000),
    )
    name = "recaug_event_to_recommendation_seconds"
    assert (page.at(f"{name}_count"), page.at(f"{name}_sum")) == (1, 0.2)
    assert page.at(f"{name}_bucket", le="0.1") == 0
    assert page.at(f"{name}_bucket", le="0.25") == 1
    assert page.at("recaug_recommendations_total", fallback="none") == 2


def test_a_fallback_that_is_none_of_ours_adds_no_label() -> None:
    lists = [answer("e", "i", fallback=name) for name in ("popular", "x" * 900)]
    page = told(*(record(TOPICS.recommendations.name, "u", one) for one in lists))
    assert page.at("recaug_recommendations_total", fallback="popular") == 1
    assert page.at("recaug_recommendations_total", fallback="unknown") == 1


def test_models_are_the_last_promoted_and_the_newest_attempt() -> None:
    page = told(
        attempt("v1", True, 1_000),
        record(TOPICS.models.name, "main", {"version": "v1"}, 1_500),
        attempt("v2", False, 8_000, challenger={"ndcg@10": 0.25}, popularity={"ndcg@10": 0.1}),
        record(TOPICS.models.name, "another", {"version": "w1"}, 9_000),
    )
    assert page.at("recaug_model_info", **MODEL, version="v1") == 1
    assert page.at("recaug_model_promoted_timestamp_seconds", **MODEL) == 1.5
    assert page.at("recaug_model_trained_timestamp_seconds", **MODEL) == 8.0
    assert page.at("recaug_model_attempts_total", **MODEL, outcome="promoted") == 1
    assert page.at("recaug_model_attempts_total", **MODEL, outcome="refused") == 1
    assert page.at("recaug_model_gate_ndcg", **MODEL, ranker="challenger") == 0.25
    assert len(page.of("recaug_model_info")) == 1


def test_how_good_lists_are_is_of_the_model_that_is_followed() -> None:
    def measured(model: str) -> Any:
        cell = Cell(source="clicks", bucket="new", targets=7)
        metric = Metric(
            model=model, version="v1", frozen_version=None, from_ms=0, to_ms=1, cells=(cell,)
        )
        return record(TOPICS.metrics.name, model, metric.to_bytes())

    page = told(measured("main"), measured("another"))
    assert list(page.of("recaug_prequential_targets_total").values()) == [7]


def test_what_strangers_write_is_passed_over() -> None:
    for value in (b"", b"[]", b"{}", b"5", b"\xff", b'{"version": 3, "source_event": 1}', None):
        for topic in (TOPICS.models, TOPICS.metrics, TOPICS.recommendations, TOPICS.clickstream):
            told(record(topic.name, "main", value), record(topic.name, None, value))


def test_written_counts_what_nobody_looked_at() -> None:
    tally = Tally(Settings(kafka="127.0.0.1:1"))
    for topic in (TOPICS.clickstream, TOPICS.social, TOPICS.dead_letters, TOPICS.models):
        tally.count(topic.name, 5, TOPICS)
    page = parse(tally.metrics())
    assert {dict(k)["kind"]: v for k, v in page.of("recaug_records_total").items()} == {
        "events": 10, "recommendations": 0, "dead_letters": 5
    }  # fmt: skip
