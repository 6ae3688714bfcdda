"""Every limit is where the table says, as large as it says, and counted where it bites."""

from __future__ import annotations

import importlib
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from recaug.bounds import LIMITS, Bound, counts, hit, report
from recaug.bounds import counting as module
from recaug.settings import Settings
from recaug.table import ItemTable

ROOT = Path(__file__).parents[2]
#: In the whole tree but where they are listed.
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("recaug", "streams")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path.parent.name != "bounds"
)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts of this test alone."""
    monkeypatch.setattr(module, "_counts", dict.fromkeys(Bound, 0))
    monkeypatch.setattr(module, "_told", {})


def test_every_name_has_its_limit() -> None:
    assert list(LIMITS) == list(Bound)
    assert all(limit.then and not limit.then.endswith(".") for limit in LIMITS.values())


@pytest.mark.parametrize("bound", Bound)
def test_the_table_says_what_the_code_does(bound: Bound) -> None:
    limit = LIMITS[bound]
    if limit.where.startswith("RECAUG_"):
        field = limit.where.removeprefix("RECAUG_").lower()
        assert Settings.model_fields[field].default == limit.default
        return
    place, _, names = limit.where.partition(":")
    found = importlib.import_module(place)
    values = [getattr(found, name) for name in names.split(", ") if name]
    assert len(values) != 1 or values == [limit.default] or str(values[0]) in str(limit.default)


@pytest.mark.parametrize("bound", Bound)
def test_every_limit_is_counted_somewhere(bound: Bound) -> None:
    assert re.search(rf"\bBound\.{bound.name}\b", SOURCE), f"{bound} is met nowhere"


def test_nothing_is_lost_between_threads() -> None:
    def work(_: int) -> None:
        for _ in range(2_000):
            hit(Bound.HISTORY)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    hit(Bound.HIDDEN, 5)
    assert counts()[Bound.HISTORY] == 16_000
    assert {bound for bound, count in counts().items() if count} == {Bound.HISTORY, Bound.HIDDEN}


def test_counts_are_told_when_they_change(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    report()
    hit(Bound.HISTORY, 3)
    report()
    report()
    hit(Bound.HISTORY)
    report()
    assert [record.getMessage() for record in caplog.records] == [
        "limits met so far: {'history': 3}",
        "limits met so far: {'history': 4}",
    ]


def test_a_full_item_table_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    table = ItemTable(np.eye(3, dtype=np.float32), ["a"], limit=2)
    vector = np.ones(3, np.float32)
    assert table.put("b", vector)
    assert not table.put("c", vector)
    assert not table.put("d", vector)
    assert counts()[Bound.ITEM_TABLE] == 2
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "item_table" in record.getMessage()
    assert "gets no row" in record.getMessage()
