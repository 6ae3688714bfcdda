"""Which models may answer when."""

from __future__ import annotations

import json

import pytest

from recaug.audit.findings import Check, Findings
from recaug.audit.promotions import CHANGEOVER_MS, SKEW_MS, Promotions, Served
from recaug.kafka import Record


def promotions(*told: tuple[int, str, str]) -> Promotions:
    """Announcements: when, under which key, of which version."""
    made = Promotions("main")
    for at_ms, key, version in told:
        value = {"name": "main", "version": version, "promoted": True}
        made.add(Record("models", 0, 0, at_ms, key.encode(), json.dumps(value).encode(), ()))
    return made


def champions(*versions: str) -> Promotions:
    """Each announced at 0 under both keys, one after the other."""
    pairs = [[(0, f"main/{v}", v), (0, "main", v)] for v in versions]
    return promotions(*(one for pair in pairs for one in pair))


def serve(known: Promotions, *seen: tuple[int, str | None], at_ms: int = 10**6) -> Served:
    served = Served(known, Findings())
    for partition, version in seen:
        served.add(partition, version, at_ms, "here")
    return served


def test_a_swap_is_another_model_or_the_first() -> None:
    known = champions("a", "b")
    assert serve(known).swaps == 0
    assert serve(known, (0, None), (0, None)).swaps == 0
    assert serve(known, (0, "a"), (0, "a")).swaps == 0  # resumed with a model
    assert serve(known, (0, None), (0, "a"), (0, "b")).swaps == 2
    # A worker that restarted, before it had loaded it:
    assert serve(known, (0, "a"), (0, None), (0, "a")).swaps == 0
    assert serve(known, (0, "a"), (0, "b"), (0, "a")).swaps == 2  # rolled back


def test_workers_that_change_over_one_after_the_other_are_one_swap() -> None:
    seen = (0, "a"), (1, "a"), (0, "b"), (1, "a"), (0, "b"), (1, "b")
    assert serve(champions("a", "b"), *seen).swaps == 1


@pytest.mark.parametrize(
    ("version", "at_ms", "wrong"),
    [
        ("v1", 5_000, None),
        ("v1", 5_000 - SKEW_MS, None),  # the clocks of two brokers
        ("v1", 4_999 - SKEW_MS, Check.MODEL_EARLY),
        ("v2", 9_000, Check.MODEL_UNKNOWN),
        # Its own announcement is gone or never was, so this one need not be the first.
        ("v3", 1_000, None),
    ],
)
def test_a_model_answers_once_it_is_announced(
    version: str, at_ms: int, wrong: Check | None
) -> None:
    known = promotions((5_000, "main/v1", "v1"), (5_000, "main", "v1"), (8_000, "main", "v3"))
    assert known.check(version, at_ms) is wrong


def test_losers_and_other_models_may_not_answer() -> None:
    made = Promotions("main")
    for name, promoted in (("main", False), ("other", True)):
        value = {"name": name, "version": "v1", "promoted": promoted}
        record = Record("models", 0, 0, 0, f"{name}/v1".encode(), json.dumps(value).encode(), ())
        assert made.add(record) == value  # an attempt, all the same
    assert made.check("v1", 9_000) is Check.MODEL_UNKNOWN


@pytest.mark.parametrize("key,value", [(None, b"{}"), (b"main", b"\xff"), (b"main", None)])
def test_what_is_no_announcement_is_none(key: bytes | None, value: bytes | None) -> None:
    made = Promotions("main")
    assert made.add(Record("models", 0, 0, 0, key, value, ())) is None


def test_back_is_a_step_that_no_rollback_ordered() -> None:
    known = champions("a", "b")
    late = CHANGEOVER_MS + 1
    assert known.went_back("b", "a", late)
    assert not known.went_back("a", "b", late)
    assert not known.went_back("b", "a", CHANGEOVER_MS)  # the partition may change hands
    assert not known.went_back("b", "eaten by compaction", late)

    back = promotions((0, "main", "a"), (0, "main", "b"), (2 * late, "main", "a"))
    assert back.went_back("b", "a", 2 * late - SKEW_MS - 1)
    assert not back.went_back("b", "a", 2 * late)


def test_back_is_found_within_a_partition_once() -> None:
    findings = Findings()
    served = Served(champions("a", "b"), findings)
    for where, (partition, version) in enumerate([(0, "b"), (1, "a"), (0, "a"), (0, "a")]):
        served.add(partition, version, 10**6, str(where))
    assert [(one.check, one.count, one.examples) for one in findings.problems()] == [
        (Check.MODEL_BACK, 1, ("2 by a after b",))
    ]
    assert served.versions == {"a", "b"}
