"""The windows of a reader that folds as it should, and of readers that do not."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from recaug.audit.windows import differences, effects
from recaug.windows import IdWindow, SourceWindow
from tests.recaug.audit.test_rows import WINDOW, Entry, build, entries

SIZE = 8
PREFIX = st.integers(0, 40)


class Reader:
    """Folds like learn and recommend do, but for the rows it is told to skip."""

    def __init__(self, log: Sequence[Entry], until: int, skip: int | None = None) -> None:
        self.sources, self.ids, self.folded = SourceWindow(SIZE), IdWindow(WINDOW), 0
        for row, one in enumerate(log[:until]):
            source = f"clicks:{one.source}"
            if row == skip or self.sources.seen(source, one.offset):
                continue
            self.sources.mark(source, one.offset)
            self.folded += self.ids.add(str(one.event))


def in_order(log: list[Entry]) -> list[Entry]:
    """Sources come in their order, as clean writes them; every third is written twice."""
    ordered = sorted(set(log), key=lambda one: (one.offset, one.source))
    alone = [Entry(one.source, one.offset, one.event, 0) for one in ordered]
    return [copy for n, one in enumerate(alone) for copy in [one] * (1 + (n % 3 == 0))]


#: Logs of one user, of which nothing is out of order and no id is used twice.
LOGS = entries(events=26).filter(bool).map(in_order)


@given(entries().map(in_order), PREFIX)
def test_a_prefix_folded_once_agrees(log: list[Entry], until: int) -> None:
    until = min(until, len(log))
    rows, _ = build(log)
    reader = Reader(log, until)
    assert list(differences(rows, 0, until, reader.sources, reader.ids)) == []
    assert len(effects(rows, 0, until)) == reader.folded


@given(LOGS, st.data())
def test_a_position_that_claims_more_or_less_than_was_folded_differs(
    log: list[Entry], data: st.DataObject
) -> None:
    rows, _ = build(log)
    # A copy changes nothing.
    until = data.draw(st.sampled_from(rows.firsts().tolist()))
    reader, further = Reader(log, until), Reader(log, until + 1)
    assert list(differences(rows, 0, until + 1, reader.sources, reader.ids))
    assert list(differences(rows, 0, until, further.sources, further.ids))


@given(LOGS, st.data())
def test_an_event_left_out_shows(log: list[Entry], data: st.DataObject) -> None:
    rows, _ = build(log)
    newest = {one.source: one.offset for one in log}
    # Beyond what a window remembers nothing can show.
    kept = [n for n, one in enumerate(log) if one.offset > newest[one.source] - SIZE]
    skip = data.draw(st.sampled_from([n for n in kept if log.count(log[n]) == 1] or [None]))
    reader = Reader(log, len(log), skip)
    said = list(differences(rows, 0, len(log), reader.sources, reader.ids))
    assert bool(said) == (skip is not None)
    if skip is not None and log[skip].offset < newest[log[skip].source]:
        assert any("is not marked" in one for one in said)


def test_a_position_past_the_log_is_one() -> None:
    rows, _ = build([])
    assert list(differences(rows, 0, 1, SourceWindow(), IdWindow())) == [
        "it stands at 0:1, past the end of the log"
    ]
