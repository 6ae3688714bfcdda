"""When taste has changed: a detector that sums what a loss is above its mean.

Page, "Continuous inspection schemes" (Biometrika 1954); Hinkley, "Inference about the change-point
from cumulative sum tests" (Biometrika 1971); as a drift detector: Gama et al., "A survey on concept
drift adaptation" (ACM Computing Surveys 2014).
"""

from __future__ import annotations

#: A rise of the mean loss that is none, and the sum above that which is an alarm, in events: a rise
#: by .05 is noticed after about 5,000 of them, one by .15 after 1,500. Noise sums up to as much
#: hardly ever: about e^−20 for each time it begins to.
TOLERATED, ALARM = 0.01, 200.0


class PageHinkley:
    """Fed with mean losses of groups of events, each loss in 0 … 1."""

    def __init__(self, tolerated: float = TOLERATED, alarm: float = ALARM) -> None:
        self._tolerated, self._alarm = tolerated, alarm
        self.reset()

    def reset(self) -> None:
        """Begin anew, as after a change that was acted upon."""
        self._events, self._mean = 0, 0.0
        self._sum = self._least = 0.0

    def add(self, loss: float, events: int) -> bool:
        """Take in the mean loss of `events`; True where it has risen for good."""
        if events < 1:
            return False
        self._events += events
        self._mean += (loss - self._mean) * events / self._events
        self._sum += events * (loss - self._mean - self._tolerated)
        self._least = min(self._least, self._sum)
        return self._sum - self._least > self._alarm
