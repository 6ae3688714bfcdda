"""Intervals that hold at every size of a sample at once, however often somebody looks.

A gate is asked after every fine-tune, a rollback after every few events. An interval made for one
look would be wrong before long; this one is wrong in one sequence of so many, ever.

Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic
confidence sequences" (Annals of Statistics, 2024), theorem 2.2.
"""

from __future__ import annotations

import math

#: Sequences in which the truth is outside at some time, most.
ALPHA = 0.05


def radius(count: int, variance: float, tightest: int, alpha: float = ALPHA) -> float:
    """Half the width of the interval around the mean of the first `count` values.

    variance  of a value, as the sample has it
    tightest  size of sample for which the interval is made as narrow as can be

    Infinite for no value at all.
    """
    if count < 1:
        return math.inf
    spread = -2.0 * math.log(alpha)
    squared = (spread + math.log(spread + 1.0)) / tightest  # ρ²
    grown = count * squared + 1.0
    bound = 2.0 * grown / (count * count * squared) * math.log(math.sqrt(grown) / alpha)
    return math.sqrt(variance * bound)
