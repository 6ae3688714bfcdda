"""learn's checkpoint against the log: a contiguous prefix of every partition, each event once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recaug.audit.rows import Rows
from recaug.audit.windows import differences, effects
from recaug.windows import IdWindow, SourceWindow


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What learn has folded, as its newest checkpoint tells."""

    place: Path
    events: int
    positions: dict[int, int]

    @classmethod
    def newest(cls, data_dir: Path) -> Checkpoint | None:
        """None where there is none to be read: learn runs elsewhere or has written none yet."""
        root = data_dir / "learn" / "checkpoints"
        try:
            place = root / (root / "CURRENT").read_text("ascii").strip()
            state = json.loads((place / "state.json").read_bytes())
            positions = {int(number): int(at) for number, at in state["positions"].items()}
            return cls(place, int(state["events"]), positions)
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return None

    def differences(self, rows: Rows, resend_window: int) -> Iterator[str]:
        """Yield what it and the log say differently, in words."""
        folded = 0
        for number, at in self.positions.items():
            try:
                sources, ids = self._windows(number, resend_window)
            except FileNotFoundError:
                return  # learn has written a newer one meanwhile and deleted this
            except ValueError as damaged:
                yield f"the windows of partition {number} cannot be read: {damaged}"
                return
            yield from differences(rows, number, at, sources, ids)
            folded += len(effects(rows, number, at)) if number in rows.begin else 0
        if not any(rows.begin.values()) and folded != self.events:
            yield f"it counts {self.events:,} events, the log holds {folded:,} below its positions"

    def _windows(self, number: int, resend_window: int) -> tuple[SourceWindow, IdWindow]:
        sources, ids = SourceWindow(), IdWindow(resend_window)
        sources.restore((self.place / f"{number}.sources").read_bytes())
        ids.restore((self.place / f"{number}.ids").read_bytes())
        return sources, ids
