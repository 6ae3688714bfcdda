"""Which events are traced, by whom it is decided, and what a header must look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from recaug.errors import Failure
from recaug.settings import Settings
from streams.traceparent import TraceParent, by_place, found
from streams.traces import Traces, open_traces

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = (f"00-{TRACE}-{SPAN}-{flags}".encode() for flags in ("01", "00"))


class Place(NamedTuple):
    topic: str = "clickstream"
    partition: int = 1
    offset: int = 7


def traces(share: float, chance: Callable[[], float]) -> tuple[Traces, InMemorySpanExporter]:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return Traces(provider.get_tracer("t"), "g", share, provider.shutdown, chance), kept


def never() -> float:
    raise AssertionError("nobody was to be asked: the sender decided")


def test_the_sender_decides_where_it_said_anything() -> None:
    made, kept = traces(0.5, never)
    made.begin_batch()
    header = made.process(Place(), SAMPLED)
    assert made.process(Place(), UNSAMPLED) == UNSAMPLED
    made.end_batch()
    (span,) = kept.get_finished_spans()
    assert header == f"00-{TRACE}-{span.context.span_id:016x}-01".encode()
    assert span.parent is not None and f"{span.parent.span_id:016x}" == SPAN


@pytest.mark.parametrize(("chance", "spans"), [(0.0099, 1), (0.01, 0)])
def test_one_in_a_hundred_of_the_others_begins_a_trace(chance: float, spans: int) -> None:
    made, kept = traces(0.01, lambda: chance)
    made.begin_batch()
    assert (made.process(Place(), None) is not None) is bool(spans)
    made.end_batch()
    ended = kept.get_finished_spans()
    assert len(ended) == spans and all(span.parent is None for span in ended)


def test_spans_begin_with_their_batch_and_end_when_it_is_written() -> None:
    made, kept = traces(0.0, never)
    made.begin_batch()
    made.process(Place(), SAMPLED)
    assert kept.get_finished_spans() == ()
    made.end_batch()
    made.begin_batch()
    made.end_batch()
    assert len(kept.get_finished_spans()) == 1


def test_a_batch_without_a_traced_event_is_not_scored_in_a_trace() -> None:
    made, kept = traces(0.0, lambda: 0.5)
    made.begin_batch()
    made.process(Place(), None)
    made.score(1, 1, 2, "v1")
    made.end_batch()
    assert kept.get_finished_spans() == ()


GOOD = [SAMPLED, UNSAMPLED, f"00-{TRACE}-{SPAN}-ff".encode()]
BAD = [
    b"", b"00", SAMPLED.upper(), b"01" + SAMPLED[2:], SAMPLED + b"-x", SAMPLED + b"\n",
    f"00-{'0' * 32}-{SPAN}-01".encode(), f"00-{TRACE}-{'0' * 16}-01".encode(), b"\xff" * 55,
]  # fmt: skip


@pytest.mark.parametrize("value", GOOD)
def test_a_good_header_is_found_and_written_as_it_came(value: bytes) -> None:
    assert found([("src", b"x"), ("traceparent", value)]) == value
    assert TraceParent.parse(value).header() == value


@pytest.mark.parametrize("value", BAD)
def test_what_is_no_trace_context_goes_no_further(value: bytes) -> None:
    assert found([("traceparent", value)]) is None


def test_of_two_headers_the_first_good_one_counts() -> None:
    assert found([("traceparent", b"no"), ("traceparent", SAMPLED)]) == SAMPLED
    assert found([("Traceparent", SAMPLED)]) is None


def test_contexts_are_kept_by_place() -> None:
    class Polled(NamedTuple):
        partition: int
        offset: int
        headers: list[tuple[str, bytes]]

    plain = Polled(0, 1, [("src", b"a")])
    traced = Polled(1, 2, [("src", b"b"), ("traceparent", SAMPLED)])
    assert by_place([plain, traced]) == {(1, 2): (traced, SAMPLED)}  # type: ignore[list-item]


@pytest.mark.parametrize("address", ["collector:4318", "ftp://x", "http://"])
def test_an_address_that_is_none_is_three_lines(address: str) -> None:
    with pytest.raises(Failure, match="RECAUG_TRACES"):
        open_traces(Settings(traces=address), "clean")


def test_in_production_spans_travel_encrypted_or_not_at_all() -> None:
    with pytest.raises(Failure, match="https"):
        open_traces(Settings(traces="http://collector:4318", env="production"), "clean")


def test_on_the_console_a_span_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    made = open_traces(Settings(traces="console"), "clean")
    made.begin_batch()
    made.process(Place(), SAMPLED)
    made.end_batch()
    made.close()
    (line,) = capsys.readouterr().err.splitlines()
    assert '"process clickstream"' in line and '"recaug-clean"' in line
