"""Prints how long the pipeline took to recover from each fault, at the end of the test run."""

from __future__ import annotations

from typing import Any

from pytest import TestReport

PROPERTY = "recovery"


def pytest_terminal_summary(terminalreporter) -> None:  # type: ignore[no-untyped-def]
    """A table fault → seconds; nothing where no fault was tested."""
    found: list[Any] = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if found:
        terminalreporter.section("recovery from faults")
        for fault, seconds in sorted(found, key=lambda pair: int(pair[0].split()[0][1:])):
            terminalreporter.line(f"{seconds:7.1f} s  {fault}")
