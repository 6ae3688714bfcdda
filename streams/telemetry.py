"""What a worker tells of itself, in one place: its effort, its metrics, and its traces if asked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from recaug import worker_metrics as m
from streams.effort import Effort
from streams.metrics import Metrics
from streams.transport import Batch

if TYPE_CHECKING:
    from streams.traces import Traces


class Telemetry:
    """Of one worker. Handlers count in `metrics`, and name their stages to `effort`.

    joined    whether the group has said which partitions are the worker's, be it none
    """

    def __init__(self, service: str, traces: Traces | None = None) -> None:
        self.effort = Effort()
        self.metrics = Metrics(service, self.effort)
        self.traces = traces
        self.joined = False

    def rebalanced(self) -> None:
        """The group has said which partitions are the worker's."""
        self.joined = True
        self.metrics[m.REBALANCES].inc()

    def taken(self, batch: Batch) -> None:
        """A batch is in hand."""
        self.effort.taken(len(batch.records))
        if self.traces is not None:
            self.traces.begin_batch()

    def settled(self, batch: Batch) -> None:
        """Its effect is durable."""
        self.metrics.settled(batch)
        self.effort.settled()
        if self.traces is not None:
            self.traces.end_batch()


@cache
def unheard(service: str) -> Telemetry:
    """For a handler outside a worker: nobody asks it, and all of a service share it."""
    return Telemetry(service)
