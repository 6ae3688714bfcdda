"""A real data set through the whole house, every line accounted for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.house import ROOT, House, until

pytestmark = pytest.mark.e2e

DATA = Path(os.environ.get("RECAUG_DATA", ROOT.parent / "shared" / "data"))


def test_all_of_ml_100k_is_accounted_for(tmp_path: Path) -> None:
    ratings = DATA / "ml-100k" / "ml-100k.inter.gz"
    assert ratings.exists(), f"{ratings} is missing: set RECAUG_DATA to the folder of data sets"
    with House(tmp_path, "--traffic", f"replay:{ratings}:max", "--no-page") as house:
        until(lambda: "all has been published" in house.said(), 240.0, house._explain)
        assert house.stop() == 0, house._explain()
    report = house.report()
    events, answers = report["events"], report["recommendations"]
    known = events["accepted"] + sum(events["rejected"].values()) + events["duplicates"]
    assert events["published"] == known == 100_000
    assert events["accepted"] == 100_000
    assert answers["missing"] == 0
    assert answers["distinct"] + answers["superseded"] == answers["expected"] == 100_000
