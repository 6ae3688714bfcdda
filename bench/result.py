"""What a bench found, as a line to read or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """Medians over rounds run in turn; `ratio` is how many times better ours is.

    peer    who was measured beside us; empty where the figure stands for itself
    theirs  None without a peer, as `ratio` is
    config  under which conditions, and what else was measured
    """

    bench: str
    ours: float
    peer: str
    theirs: float | None
    ratio: float | None
    unit: str
    config: dict[str, Any]

    @classmethod
    def of_rates(
        cls,
        bench: str,
        ours: Sequence[float],
        peer: str,
        theirs: Sequence[float],
        unit: str,
        **config: Any,
    ) -> Result:
        """Of two lists of rates, higher being better."""
        mine, other = median(ours), median(theirs)
        return cls(bench, mine, peer, other, mine / other, unit, config)

    @classmethod
    def of_times(
        cls,
        bench: str,
        ours: Sequence[float],
        peer: str,
        theirs: Sequence[float],
        unit: str,
        **config: Any,
    ) -> Result:
        """Of two lists of times or sizes, lower being better."""
        mine, other = median(ours), median(theirs)
        return cls(bench, mine, peer, other, other / mine, unit, config)

    @classmethod
    def alone(cls, bench: str, ours: Sequence[float], unit: str, **config: Any) -> Result:
        """Of one list, for what has no peer."""
        return cls(bench, median(ours), "", None, None, unit, config)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        ours = f"{self.bench:<10} ours {shown(self.ours):>10} {self.unit:<18}"
        if self.theirs is not None:
            ours += f" {self.peer} {shown(self.theirs)}   ratio {shown(self.ratio)}"
        return f"{ours}   {self.settings}".rstrip()

    @property
    def settings(self) -> str:
        """The conditions, as they are shown."""
        return " ".join(f"{name}={_plain(value)}" for name, value in self.config.items())


def shown(value: float | None) -> str:
    """A number as people read it: about three digits, thousands apart."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of all are not above, by nearest rank. Raises ValueError on none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    above = -(-len(ordered) * percent // 100)  # rounded up
    return ordered[max(0, int(above) - 1)]


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return shown(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
