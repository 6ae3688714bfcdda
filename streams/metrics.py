"""The metrics of one worker: counted as batches are settled, the rest looked up when asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from faust.types import TP
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client import generate_latest as render
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.process_collector import ProcessCollector

from recaug import bounds
from recaug import worker_metrics as m
from recaug.local.banner import version
from recaug.worker_metrics import Metric
from streams.effort import Done, Effort
from streams.transport import Batch

# A second line for every counter, and nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]

#: By partition: where reading has come to, and where the partition ends.
Standing = Callable[[], Mapping[TP, tuple[int, int]]]

#: Looked up by `Moment` rather than counted.
_LOOKED_UP = (m.ASSIGNED, m.POSITION_LAG, m.TIME_LAG, m.IN_FLIGHT, m.LIMITS)


class Metrics:
    """`metrics[m.CONSUMED]` is prometheus-client's object for it.

    standing     set once there is a consumer
    """

    def __init__(self, service: str, effort: Effort) -> None:
        self.registry = CollectorRegistry()
        self._made = {
            metric: _made(metric, self.registry)
            for metric in m.of(service)
            if metric not in _LOOKED_UP
        }
        self[m.SERVICE].labels(service, version()).set(1)
        self._effort = effort
        self.standing: Standing = dict
        self._newest_ms: dict[TP, int] = {}
        effort.heard.append(self._heard)
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def __getitem__(self, metric: Metric) -> Any:
        return self._made[metric]

    def page(self) -> bytes:
        """What Prometheus reads."""
        return render(self.registry)

    def settled(self, batch: Batch) -> None:
        """Count a batch that has had its effect."""
        for tp, records in batch.parts.items():
            self[m.CONSUMED].labels(tp.topic).inc(len(records))
            self._newest_ms[tp] = records[-1].timestamp

    def store_called(self, call: str, seconds: float, failed: bool) -> None:
        """Count a call of the store of users."""
        self[m.REDIS].labels(call).observe(seconds)
        if failed:
            self[m.REDIS_ERRORS].labels(call).inc()

    def serves(self, model: Mapping[str, Any]) -> None:
        """Note which model answers from now on, as messages name it."""
        self[m.MODEL].clear()
        names = (model["name"], model["version"], model["precision"], model["provider"])
        self[m.MODEL].labels(*names).set(1)
        self[m.LOADED].set_to_current_time()
        self[m.SWAPS].labels("served").inc()

    def _heard(self, done: Done) -> None:
        self[m.BATCH_SIZE].observe(done.records)
        for stage, seconds in done.stages.items():
            if seconds > 0:
                self[m.PROCESSING].labels(stage).observe(seconds)
        self[m.PROCESSING].labels("total").observe(done.seconds)

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """What is true at the moment; called by the registry for every page."""
        standing, now_ms = self.standing(), time.time() * 1000
        yield _gauge(m.ASSIGNED, {(): len(standing)})
        yield _gauge(m.IN_FLIGHT, {(): self._effort.in_hand})
        left = {tp: max(0, end - at) for tp, (at, end) in standing.items()}
        yield _gauge(m.POSITION_LAG, {_labels(tp): n for tp, n in left.items()})
        yield _gauge(
            m.TIME_LAG, {_labels(tp): self._age_s(tp, n, now_ms) for tp, n in left.items()}
        )
        limits = CounterMetricFamily(m.LIMITS.family.name, m.LIMITS.family.about, labels=["limit"])
        for bound, met in bounds.counts().items():
            limits.add_metric([str(bound)], met)
        yield limits

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: the registry need not ask for all of it to know the names."""
        return iter(())

    def _age_s(self, tp: TP, left: int, now_ms: float) -> float:
        newest_ms = self._newest_ms.get(tp)
        if newest_ms is None or not (left or self._effort.in_hand):
            return 0.0
        return max(0.0, (now_ms - newest_ms) / 1000)


def _made(metric: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    name, kind, about = metric.family
    if kind == "histogram":
        return Histogram(name, about, metric.labels, registry=registry, buckets=metric.buckets)
    made = Counter if kind == "counter" else Gauge
    return made(name, about, metric.labels, registry=registry)


def _gauge(metric: Metric, values: Mapping[tuple[str, ...], float]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(metric.family.name, metric.family.about, labels=metric.labels)
    for labels, value in values.items():
        gauge.add_metric(labels, value)
    return gauge


def _labels(tp: TP) -> tuple[str, ...]:
    return tp.topic, str(tp.partition)
