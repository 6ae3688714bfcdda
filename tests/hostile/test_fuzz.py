"""Any bytes, damaged events, any headers and keys: one sound outcome, by the hundreds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recaug.clean import RawRecord
from tests.hostile.catalogue import CASES
from tests.hostile.frame import decode, encode
from tests.hostile.sent import Maker
from tests.hostile.total import INPUTS, check

NOW = 1_764_000_000_000
ROOT = Path(__file__).parents[2]

#: The rows' own records, small ones, as what to start from.
SEEDS = [
    sent
    for tag, case in CASES.items()
    for sent in case.records(Maker(tag, NOW))[:3]
    if len(sent.value or b"") < 2_000
]
patiently = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])

names = st.sampled_from(
    ["content-type", "ce_id", "ce_type", "ce_source", "ce_specversion", "ce_time"]
) | st.text(max_size=12)
values = st.binary(max_size=40) | st.sampled_from(
    [b"application/cloudevents+json", b"io.recaug.event.click.v1", b"1.0", b"4", b"-1"]
)
headers = st.lists(st.tuples(names, values), max_size=8).map(tuple)
keys = (
    st.none()
    | st.binary(max_size=40)
    | st.text(max_size=20).map(lambda text: text.encode("utf-8", "replace"))
)


@patiently
@given(st.sampled_from(INPUTS), keys, st.binary(max_size=300), headers)
def test_any_bytes(topic: str, key: bytes | None, value: bytes, given_headers: tuple) -> None:  # type: ignore[type-arg]
    check(RawRecord(topic, 0, 0, key, value, given_headers, NOW), NOW)


@st.composite
def damaged(draw: st.DrawFn) -> RawRecord:
    """A seed with some bytes put in, taken out or taken from another seed."""
    seed = draw(st.sampled_from(SEEDS))
    value = seed.value or b""
    for _ in range(draw(st.integers(0, 3))):
        at, cut = draw(st.integers(0, len(value))), draw(st.integers(0, 12))
        other = draw(st.sampled_from(SEEDS)).value or b""
        begin = draw(st.integers(0, len(other)))
        patch = draw(st.binary(max_size=6) | st.just(other[begin : begin + 40]))
        value = value[:at] + patch + value[at + cut :]
    key = draw(st.just(seed.key) | keys)
    topic = draw(st.just(seed.topic) | st.sampled_from(INPUTS))
    return RawRecord(topic, 0, 0, key, value, (*seed.headers[:20], *draw(headers)), NOW)


@patiently
@given(damaged())
def test_damaged_events(record: RawRecord) -> None:
    check(record, NOW)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@patiently
@given(st.sampled_from(["search_term", "item_id", "user_id", "event_id", "properties", "context",
                        "timestamp", "event", "items", "tenant"]), json_values)  # fmt: skip
def test_any_value_in_any_field(name: str, value: object) -> None:
    maker = Maker("f1", NOW)
    body = maker.body() if name != "search_term" else maker.body("search", search_term="x")
    sent = maker.event(**{**body, name: value})
    check(sent.raw(0, NOW), NOW)


def test_every_seed_that_fits_a_frame_reads_back_from_it() -> None:
    fits = [
        sent
        for sent in SEEDS
        if len(sent.key or b"") <= 254
        and len(sent.headers) <= 8
        and all(len(text) <= 255 for _, text in sent.headers)
    ]
    assert len(fits) > len(SEEDS) / 2
    for sent in fits:
        raw = decode(encode(sent), NOW)
        assert (raw.topic, raw.key, raw.value, tuple(raw.headers)) == (
            sent.topic, sent.key, sent.value or b"", sent.headers,
        )  # fmt: skip


def test_the_fuzzer_runs_and_finds_what_is_wrong() -> None:
    """A thousand runs in a process of its own, for it instruments what it imports."""
    command = [sys.executable, "-m", "tests.hostile.fuzz", "--runs", "300"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2_000:]
    assert f"{len(SEEDS)} seeds" in done.stdout
    broken = subprocess.run(
        [*command, "--refuse", "click"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert broken.returncode != 0
    assert "reproduce with: RawRecord(" in broken.stderr
