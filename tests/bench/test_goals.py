"""Which goal a result is measured by, and when it is met."""

from __future__ import annotations

from bench.goals import GOALS, goals_of, verdict
from bench.result import Result


def ingest(rate: float) -> Result:
    return Result.of_rates("ingest", [rate], "stock Faust agent", [1_000.0], "events/s")


def test_a_goal_is_met_from_its_bound_on() -> None:
    assert verdict(ingest(50_000.0)) == "ratio ≥ 50 met"
    assert verdict(ingest(49_000.0)) == "ratio ≥ 50 MISSED: 49.0"


def test_a_goal_for_one_peer_is_no_goal_for_another() -> None:
    result = Result.of_rates("ingest", [50.0], "Quix Streams 3.28", [10.0], "events/s")
    assert [str(goal) for goal in goals_of(result)] == ["ratio ≥ 2.5"]


def test_a_goal_holds_under_its_conditions_only() -> None:
    def at(rate: int) -> Result:
        return Result.of_times(
            "latency", [10.0], "stock Faust agents", [300.0], "ms p99", rate=rate, fine_tune=False
        )

    assert verdict(at(100)) == "≤ 12 ms met"
    assert verdict(at(500)) == ""
    assert verdict(at(1_000)) == "≤ 40 ms met; ratio ≥ 20 met"


def test_a_figure_of_the_conditions_can_be_the_measure() -> None:
    grown = Result.alone("growth", [500.0], "cpu s/million events", grown="users", times_base=1.3)
    assert verdict(grown) == "times_base ≤ 1.2 MISSED: 1.30"


def test_without_the_figure_there_is_no_goal() -> None:
    assert verdict(Result.alone("growth", [500.0], "cpu s/million events")) == ""


def test_every_bench_that_is_to_reach_something_has_a_goal() -> None:
    assert {goal.bench for goal in GOALS} == {
        "ingest", "latency", "saturation", "score", "state", "freshness", "growth", "train",
        "learn", "social", "shift",
    }  # fmt: skip
