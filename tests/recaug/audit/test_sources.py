from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recaug.audit.sources import ACCEPTED, REJECTED, Sources, coordinates
from recaug.kafka import Record

CLICKS = ("clicks", 0)
TOPICS = st.text(st.characters(codec="utf-8"), min_size=1)


def record(offset: int, at_ms: int = 1_000) -> Record:
    return Record(*CLICKS, offset, at_ms, None, b"", ())


@given(
    first=st.integers(0, 50),
    count=st.integers(0, 50),
    settled=st.lists(st.tuples(st.integers(0, 120), st.sampled_from([ACCEPTED, REJECTED]))),
)
def test_every_record_has_one_fate_or_is_open(
    first: int, count: int, settled: list[tuple[int, int]]
) -> None:
    sources = Sources({CLICKS: first}, {CLICKS: first + count})
    for offset in range(first, first + count):
        sources.add(record(offset, 1_000 + offset))
    known: set[int] = set()
    for offset, fate in settled:
        fresh = first <= offset < first + count and offset not in known
        assert sources.settle(*CLICKS, offset, fate) == (1_000 + offset if fresh else None)
        known |= {offset} if fresh else set()
    left = dict(sources.open()).get(CLICKS, [])
    assert left == [n for n in range(first, first + count) if n not in known]
    assert sources.published == count


def test_an_offset_without_a_record_is_nobodys() -> None:
    sources = Sources({}, {CLICKS: 3})
    sources.add(record(1))
    assert sources.settle(*CLICKS, 0, ACCEPTED) is None
    assert sources.settle("other", 0, 1, ACCEPTED) is None
    assert list(sources.open()) == [(CLICKS, [1])]


@given(
    st.text(st.characters(codec="utf-8"), min_size=1), st.integers(0, 10**6), st.integers(0, 10**12)
)
def test_coordinates_round_trip(topic: str, partition: int, offset: int) -> None:
    written = f"{topic}:{partition}:{offset}".encode()
    assert coordinates(written) == (topic, partition, offset)


@given(st.binary())
def test_coordinates_are_total(written: bytes) -> None:
    found = coordinates(written)
    assert found is None or (found[1] >= 0 and found[2] >= 0)


def test_no_coordinates() -> None:
    for nothing in (None, b"", b"topic", b"topic:1", b"topic:-1:2", b"topic:1:x"):
        assert coordinates(nothing) is None
