"""Where a service reads from after its group's offsets were set by somebody else."""

from __future__ import annotations

import orjson
from faust.types import TP

from recaug.events import Rejection, dead_letter
from recaug.events.reasons import Reason
from recaug.kafka import Record
from streams.moved import _newest, _start

AT = TP("clickstream", 1)


def test_every_kind_of_output_names_its_source() -> None:
    why = Rejection(Reason.BAD_JSON, "no JSON")
    letter = dead_letter(why, ("searches", 2, 7), b"u", b"{", [])
    source = {"topic": "recaug.events", "partition": 3, "offset": 41}
    records = [
        Record("recaug.events", 1, 0, 0, b"u", b"{}", (("src", b"clickstream:1:11"),)),
        Record("recaug.events", 1, 1, 0, b"u", b"{}", (("src", b"clickstream:1:9"),)),
        Record("dead", 0, 0, 0, letter.key, letter.value, tuple(letter.headers)),
        Record("out", 0, 0, 0, b"u", orjson.dumps({"source_event": source}), ()),
    ]
    found = {AT: 12, TP("searches", 2): 8, TP("recaug.events", 3): 42}
    assert _newest(records) == found


def test_nothing_is_skipped_whereto_the_group_was_moved() -> None:
    assert _start(AT, 500, {AT: 200}) == 200
    assert _start(AT, 100, {AT: 200}) is None  # back: where the operator wants it
    assert _start(AT, None, {AT: 200}) is None  # deleted: from the beginning, as Kafka does
    assert _start(AT, 500, {}) == 0
