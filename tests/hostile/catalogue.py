"""All rows, and all cases by name."""

from __future__ import annotations

from tests.hostile import bytes_rows, field_rows, sender_rows, text_rows
from tests.hostile.row import Case, Row

ROWS: tuple[Row, ...] = (*bytes_rows.ROWS, *field_rows.ROWS, *text_rows.ROWS, *sender_rows.ROWS)

#: Every case under a tag of its own, which is in the ids of its records.
CASES: dict[str, Case] = {
    f"r{row.number}-{place}": case for row in ROWS for place, case in enumerate(row.cases)
}
