"""Items and users against a ledger kept in plain dictionaries."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recaug.audit.documents import DocumentInputs, Documents, Shelf
from recaug.audit.findings import Check, Findings
from recaug.audit.inputs import Limits
from recaug.audit.refused import Refused
from recaug.events import parse_item_key
from recaug.kafka import Record

ITEMS = "items:0"
WRITTEN = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.integers(0, 12)))


def key_of(number: int) -> int:
    return hash(b"i%d" % number)


@given(WRITTEN)
def test_the_newest_of_a_key_is_what_may_be_last(written: list[tuple[int, str, int]]) -> None:
    findings = Findings()
    shelf = Shelf("clean items", findings)
    last: dict[tuple[int, str], int] = {}
    newest: dict[tuple[int, str], int] = {}
    for key, source, offset in written:
        shelf.add(key_of(key), source, offset)
        last[key, source] = offset
        newest[key, source] = max(offset, newest.get((key, source), -1))
    shelf.seal()
    assert findings.count(Check.DOCUMENT_ORDER) == sum(last[at] < newest[at] for at in last)
    for key in range(5):
        for source in "abc":
            assert shelf.newest(key_of(key), source) == newest.get((key, source), -1)
    for source in "abc":
        there = {offset for _, name, offset in written if name == source}
        assert shelf.has(source, np.arange(13)).tolist() == [at in there for at in range(13)]


def test_fates_of_documents() -> None:
    findings, refused, tally = Findings(), Refused(), Documents()
    shelf = Shelf("clean items", findings)
    shelf.add(key_of(1), ITEMS, 4)
    shelf.seal()
    refused.add(ITEMS, 1, "bad_json")
    refused.seal()
    limits = Limits({("items", 0): 6}, kept_ms=100)
    judge = DocumentInputs(shelf, refused, parse_item_key, limits, findings, tally)

    def record(
        offset: int, key: bytes | None, at_ms: int = 200, value: bytes | None = b"{}"
    ) -> Record:
        return Record("items", 0, offset, at_ms, key, value, ())

    judge.judge(
        ITEMS,
        [
            record(0, b"i1"),  # a newer one is there
            record(1, b"i2"),  # refused
            record(2, b"i3", value=None),  # deleted, and the delete with it
            record(3, b"i4", at_ms=99),  # its dead letter may be gone
            record(4, b"i1"),  # there
            record(5, None),  # nowhere, and without a key, so it should have been refused
            record(6, b"i5"),  # not acknowledged yet
        ],
    )
    assert tally == Documents(
        published=7,
        accepted=1,
        rejected=tally.rejected,
        replaced=2,
        missing=1,
        waiting=1,
        expired=1,
    )
    assert dict(tally.rejected) == {"bad_json": 1}
    [problem] = findings.problems()
    assert (problem.check, problem.examples) == (Check.MISSING_DOCUMENT, ("items:0:5",))
