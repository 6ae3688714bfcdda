"""Spans of single events, and of the batch that scored them; behind RECAUG_TRACES.

A trace follows one event: `process clickstream` (clean), `process recaug.events` (recommend), each
the parent of what comes after it, and the header `traceparent` of the list is the last of them. Who
sends the event decides whether it is traced; where they did not, one in so many is. A batch is
scored in one run for all its events, so `score` is a trace of its own, linked to each of them.

Names and attributes are OpenTelemetry's for messaging. A record's key is a user: it is left out.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from recaug.errors import Failure
from recaug.local.banner import version
from recaug.settings import Settings
from streams.traceparent import TraceParent

CONSOLE = "console"

#: Longest that a collector may take for a batch of spans, seconds; then they are lost.
EXPORT_S = 5.0


class Place(Protocol):
    """Where a record was read."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...


class Traces:
    """The spans of one worker, a batch at a time.

    :param share: of the events without a `traceparent`, how many begin a trace here.
    """

    def __init__(
        self,
        tracer: Tracer,
        group: str,
        share: float,
        close: Callable[[], object],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._tracer, self._group, self._share, self._chance = tracer, group, share, chance
        self._open: list[Span] = []
        self._began_ns = time.time_ns()
        self.close = close

    def begin_batch(self) -> None:
        self._began_ns, self._open = time.time_ns(), []

    def end_batch(self) -> None:
        """What it wrote is acknowledged: its spans end."""
        for span in self._open:
            span.end()
        self._open = []

    def process(
        self,
        place: Place,
        parent: bytes | None,
        error: str = "",
        **attributes: str,
    ) -> bytes | None:
        """The header to send on: of a new span where the event is traced, else what it came with.

        :param parent: the header it came with, if any.
        :param error: why it was refused.
        """
        came = None if parent is None else TraceParent.parse(parent)
        if not (came.is_sampled if came else self._chance() < self._share):
            return parent
        span = self._tracer.start_span(
            f"process {place.topic}",
            context=None if came is None else set_span_in_context(_remote(came)),
            kind=SpanKind.CONSUMER,
            attributes={**self._messaging(place), **_ours(attributes)},
            start_time=self._began_ns,
        )
        if error:
            span.set_attribute("error.type", error)
            span.set_status(Status(StatusCode.ERROR, error))
        self._open.append(span)
        return _header(span)

    def score(self, requests: int, began_ns: int, ended_ns: int, model: str) -> None:
        """The one run for all of the batch, if anything in it is traced."""
        if not self._open:
            return
        span = self._tracer.start_span(
            "score",
            links=[Link(span.get_span_context()) for span in self._open],
            attributes={"messaging.batch.message_count": requests, "recaug.model.version": model},
            start_time=began_ns,
        )
        span.end(ended_ns)

    def _messaging(self, place: Place) -> dict[str, str | int]:
        return {
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": place.topic,
            "messaging.destination.partition.id": str(place.partition),
            "messaging.consumer.group.name": self._group,
            "messaging.kafka.offset": place.offset,
        }


def _ours(attributes: Mapping[str, str]) -> dict[str, str]:
    return {f"recaug.{name}": value for name, value in attributes.items()}


def _remote(came: TraceParent) -> Span:
    flags = TraceFlags(came.flags)
    return NonRecordingSpan(SpanContext(came.trace_id, came.span_id, True, flags))


def _header(span: Span) -> bytes:
    own = span.get_span_context()
    return TraceParent(own.trace_id, own.span_id, int(own.trace_flags)).header()


def open_traces(settings: Settings, service: str) -> Traces:
    """Traces that go where RECAUG_TRACES says.

    :raises Failure: it is no address, or one that may not be used in production.
    """
    resource = {"service.name": f"recaug-{service}", "service.version": version()}
    if settings.worker:
        resource["service.instance.id"] = settings.worker
    provider = TracerProvider(resource=Resource.create(resource))
    provider.add_span_processor(BatchSpanProcessor(_exporter(settings)))
    tracer = provider.get_tracer("recaug", version())
    return Traces(tracer, settings.group(service), settings.traces_share, provider.shutdown)


def _exporter(settings: Settings) -> SpanExporter:
    if settings.traces == CONSOLE:
        return ConsoleSpanExporter(out=sys.stderr, formatter=lambda span: f"{span.to_json(None)}\n")
    return OTLPSpanExporter(endpoint=_endpoint(settings), timeout=EXPORT_S)


def _endpoint(settings: Settings) -> str:
    parts = urlsplit(settings.traces)
    schemes = ("https",) if settings.env == "production" else ("http", "https")
    if parts.scheme not in schemes or not parts.netloc:
        raise Failure(
            "spans cannot be sent where RECAUG_TRACES says",
            f"it must be {CONSOLE} or an OTLP/HTTP address that begins with "
            f"{' or '.join(f'{scheme}://' for scheme in schemes)}",
            f"RECAUG_TRACES={schemes[-1]}://collector:4318   (empty: no traces)",
        )
    return settings.traces if parts.path.strip("/") else f"{settings.traces.rstrip('/')}/v1/traces"
