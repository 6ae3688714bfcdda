"""RESULTS.md holds every result once, beside its goal, and says what it was made on."""

from __future__ import annotations

from bench import machine
from bench.report import render
from bench.result import Result

RESULTS = [
    Result.of_rates("train", [30.0], "RecTools", [10.0], "events/cpu s", loss="softmax"),
    Result.of_rates("ingest", [49_000.0], "stock Faust agent", [1_000.0], "events/s", rounds=2),
    Result.alone("state", [500.0], "MB/million users", note="a|b"),
]


def page() -> str:
    notes = {"ingest": "The clean stage alone."}
    missing = {"train": "the fine-tune ended", "growth": "the broker died"}
    return render(
        RESULTS, missing, notes, {"cores": "2"}, "2025-11-24T16:00+00:00", "abc-dirty", True
    )


def test_it_says_when_where_and_of_what() -> None:
    text = page()
    for row in ("| date | 2025-11-24T16:00+00:00 |", "| commit | `abc-dirty` |", "| mode | quick |",
                "| cores | 2 |"):  # fmt: skip
        assert row in text


def test_each_result_is_one_row_with_its_goal() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| ")]
    assert "| 30.0 | events/cpu s | RecTools | 10.0 | 3.00 | ratio ≥ 2 met | loss=softmax |" in rows
    assert (
        "| 49,000 | events/s | stock Faust agent | 1,000 | 49.0 | ratio ≥ 50 MISSED: 49.0 | "
        "rounds=2 |" in rows
    )


def test_a_bar_in_a_cell_is_no_new_column() -> None:
    assert "note=a\\|b |" in page()


def test_benches_come_in_order_with_what_they_measure() -> None:
    text = page()
    assert "## ingest\n\nThe clean stage alone.\n" in text
    assert text.index("## ingest") < text.index("## state") < text.index("## train")


def test_met_and_missed_are_counted() -> None:
    assert "2 of 3 goals met; 1 missed; not measured: growth, train." in page()


def test_a_bench_that_failed_is_told_with_what_it_did_measure() -> None:
    text = page()
    assert "## growth\n\n\n\n**Not measured whole: the broker died.**\n" in text
    assert "**Not measured whole: the fine-tune ended.**\n\n| ours |" in text


def test_the_machine_is_known() -> None:
    facts = machine.facts()
    assert int(facts["cores"]) >= 1
    assert all(facts.values())
    assert machine.commit().removesuffix("-dirty").isalnum()
