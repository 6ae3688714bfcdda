"""Every partition of every service as a cell: how much of it is unread, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recaug.lag import Part, Row


def strips(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """One strip for each row, with a cell for each of its partitions."""
    return [
        {"group": row.group, "topic": row.topic, "cells": [cell(part, row) for part in row.parts]}
        for row in rows
    ]


def cell(part: Part, row: Row) -> dict[str, Any]:
    return {
        "partition": part.partition,
        "lag": part.position.lag,
        "age_s": None if part.time_lag_s is None else round(part.time_lag_s, 1),
        "verdict": part.verdict.value,
        "hot": row.hot is not None and row.hot.partition == part.partition,
    }
