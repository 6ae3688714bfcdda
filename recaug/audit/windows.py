"""Whether a reader's duplicate windows hold exactly what the log says below its position.

A reader's state is right when it has folded a contiguous prefix of the log, each event once. Its
windows, which are written with the state, show that for the newest events: 65,536 offsets of every
source and `RECAUG_RESEND_WINDOW` event ids of every partition, in the order they were folded.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recaug.audit.rows import AGAIN, Int64, Rows, Source
from recaug.windows import DIGEST_BYTES, IdWindow, SourceWindow

#: Offsets beyond the highest folded that are looked at for marks that should not be there.
AHEAD = 1_024


def effects(rows: Rows, partition: int, until: int) -> Int64:
    """Rows that have an effect on whoever folds a partition up to an offset."""
    firsts = rows.firsts(partition, until)
    return np.compress((rows.flags[firsts] & AGAIN) == 0, firsts)


def differences(
    rows: Rows, partition: int, next_offset: int, sources: SourceWindow, ids: IdWindow
) -> Iterator[str]:
    """Yield what a reader's windows and the log say differently, in words.

    :param next_offset: the reader's position; below it everything must be folded.
    """
    if next_offset > rows.end.get(partition, 0):
        yield f"it stands at {partition}:{next_offset}, past the end of the log"
        return
    for source in rows.sources.values():
        yield from _marks(rows, source, partition, next_offset, sources)
    yield from _ids(rows, partition, next_offset, ids)


def _marks(
    rows: Rows, source: Source, partition: int, next_offset: int, window: SourceWindow
) -> Iterator[str]:
    span = rows.span(partition)
    known = source.rows
    here = np.flatnonzero((known >= span.start) & (known < span.stop))
    if not len(here):
        return
    folded = here[known[here] < rows.span(partition, next_offset).stop]
    lowest = int(here[0])
    highest = int(folded[-1]) if len(folded) else lowest - 1
    below = set(folded[folded > highest - window.size].tolist())
    for at in range(max(lowest, highest - window.size + 1), min(highest + AHEAD, len(known))):
        marked = window.seen(source.name, source.base + at)
        if marked != (at in below):
            place = rows.place(int(known[at])) if known[at] >= 0 else None
            said = "is marked as folded" if marked else "is not marked as folded"
            where = f"recaug.events {place[0]}:{place[1]}" if place else "not in the log"
            yield f"{source.name}:{source.base + at} ({where}) {said} at {partition}:{next_offset}"


def _ids(rows: Rows, partition: int, next_offset: int, window: IdWindow) -> Iterator[str]:
    kept = np.frombuffer(window.snapshot(), np.dtype("<i8")).reshape(-1, DIGEST_BYTES // 8)[:, 0]
    folded = rows.ids[effects(rows, partition, next_offset)]
    whole = rows.begin[partition] == 0
    wanted = min(len(folded), window.size)
    if len(kept) < wanted or (whole and len(kept) > wanted):
        yield f"it holds {len(kept):,} event ids at {partition}:{next_offset}, not {wanted:,}"
        return
    differs = np.flatnonzero(kept[len(kept) - wanted :] != folded[len(folded) - wanted :])
    if len(differs):
        back = wanted - int(differs[-1])
        yield f"the event id {back:,} before {partition}:{next_offset} is another than in the log"
