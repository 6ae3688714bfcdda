"""Write docs/reference/hostile-input.md."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.page import PATH, page

if __name__ == "__main__":
    (Path(__file__).parents[2] / PATH).write_text(page(), encoding="utf-8")
