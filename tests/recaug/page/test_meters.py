"""Seconds are closed one by one, and the newest two minutes are kept."""

from __future__ import annotations

from recaug.page.meters import POINTS, Meters


def test_counts_become_the_point_of_their_second() -> None:
    meters = Meters(100.0)
    meters.count("events", 7)
    assert not meters.tick(100.9)
    meters.count("events")
    assert meters.tick(101.0)
    meters.count("recommendations", 4)
    assert meters.tick(102.5)
    points = meters.points()
    assert points["events"] == [8, 0]
    assert points["recommendations"] == [0, 4]


def test_seconds_in_which_nobody_looked_are_points_too() -> None:
    meters = Meters(100.0)
    meters.count("events", 9)
    meters.tick(104.0)
    assert meters.points()["events"] == [9, 0, 0, 0]


def test_a_clock_that_goes_back_closes_nothing() -> None:
    meters = Meters(100.0)
    assert not meters.tick(50.0)
    assert meters.points()["events"] == []


def test_only_two_minutes_are_kept() -> None:
    meters = Meters(0.0)
    meters.tick(10 * POINTS)
    assert len(meters.points()["events"]) == POINTS


def test_rates_are_means_of_the_last_three_seconds() -> None:
    meters = Meters(0.0)
    for second, number in enumerate((100, 10, 20, 30), start=1):
        meters.count("events", number)
        meters.tick(float(second))
    assert meters.now(4.0)["events"] == 20.0


def test_latency_percentiles_are_of_the_last_seconds() -> None:
    meters = Meters(0.0)
    meters.latency(900.0, {"clean": 800.0, "recommend": 100.0}, 0.1)
    for value in (10.0, 20.0, 30.0):
        meters.latency(value, {"clean": 4.0}, 7.0)
    now = meters.now(8.0)
    assert (now["p50"], now["p99"]) == (20.0, 30.0)
    assert now["stages"] == {"clean": 4.0, "recommend": None}
