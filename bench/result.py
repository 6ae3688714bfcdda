"""What a bench found, as a line to read or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """Medians over rounds run in turn; `ratio` is how many times better ours is."""

    bench: str
    ours: float
    peer: str
    theirs: float
    ratio: float
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

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        settings = " ".join(f"{name}={value}" for name, value in self.config.items())
        return (
            f"{self.bench:<8} ours {self.ours:>12,.0f} {self.unit}   {self.peer} "
            f"{self.theirs:>12,.0f}   ratio {self.ratio:.1f}   {settings}"
        )
