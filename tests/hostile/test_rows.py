"""Every row of the catalogue through the real cleaner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recaug.clean import Accepted, Cleaner, Duplicate, Outcome, Rejected
from recaug.events import Reason
from recaug.settings import Settings
from tests.hostile.catalogue import CASES, ROWS
from tests.hostile.page import PATH, page
from tests.hostile.row import Fate
from tests.hostile.sent import Maker

ROOT = Path(__file__).parents[2]
NOW = 1_764_000_000_000


def fate(outcome: Outcome) -> Reason | Fate:
    if isinstance(outcome, Rejected):
        return outcome.reason
    return Fate.DUPLICATE if isinstance(outcome, Duplicate) else Fate.ACCEPTED


def test_every_row_is_there_and_tested() -> None:
    assert [row.number for row in ROWS] == list(range(1, 67))
    for row in ROWS:
        assert row.cases or row.test
        assert not row.test or (ROOT / row.test).exists(), row.number


@pytest.mark.parametrize("tag", CASES)
def test_case(tag: str) -> None:
    case = CASES[tag]
    sent = case.records(Maker(tag, NOW))
    records = [one.raw(offset, NOW) for offset, one in enumerate(sent)]
    *before, outcome = Cleaner(Settings(**case.settings)).clean(records, NOW)
    assert fate(outcome) == case.outcome, outcome
    assert {fate(one) for one in before} <= {Fate.ACCEPTED}
    if isinstance(outcome, Rejected):
        assert outcome.message.isprintable()
        assert len(outcome.message) < 1_000
    elif isinstance(outcome, Accepted):
        kept = json.loads(outcome.value or b"{}")
        assert {name: kept.get(name) for name in case.keeps} == dict(case.keeps)


@pytest.mark.parametrize("name", ["r35-0", "r35-1", "r35-2"])
def test_a_time_in_another_unit_is_the_same_time(name: str) -> None:
    (sent,) = CASES[name].records(Maker(name, NOW))
    (outcome,) = Cleaner(Settings()).clean([sent.raw(0, NOW)], NOW)
    assert isinstance(outcome, Accepted)
    assert json.loads(outcome.value or b"")["timestamp"] == NOW


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / PATH).read_text(encoding="utf-8") == page(), "run: python -m tests.hostile"
