"""Which items a model goes on knowing: those that somebody has touched lately.

A vocabulary only grows, and with it every bundle, every table and every softmax. An item whose last
event is older than what is learned from has nothing more to say; it leaves its row. Should it come
back it is a new item, placed by its text. Rows are gathered by name, so that nobody else's meaning
changes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recaug.batch import FIRST_ROW, Int64
from recaug.buffer import Snapshot
from recaug.registry import Bundle

#: A bundle's file: epoch milliseconds of the last event of each item, (items,).
SEEN = "seen.npy"


def last_seen(vocabulary: Sequence[str], known: Int64, snapshot: Snapshot) -> Int64:
    """When each item had its last event, (items,); `known` are the times of the first of them.

    What is new to the snapshot's log and to `known` alike has the time of its newest event: now.
    """
    now = int(snapshot.times_ms.max(initial=0))
    newest = np.zeros(len(snapshot.item_ids), np.int64)
    np.maximum.at(newest, snapshot.items, snapshot.times_ms)
    times = dict(zip(snapshot.item_ids, newest.tolist(), strict=True))
    found = np.array([times.get(item, 0) for item in vocabulary], np.int64)
    found[: len(known)] = np.maximum(found[: len(known)], known)
    return np.where(found > 0, found, now)


def times(parent: Bundle, items: int) -> Int64:
    """What a bundle says of its items; 0 where it does not say."""
    return parent.array(SEEN) if parent.has(SEEN) else np.zeros(items, np.int64)


def kept(seen_ms: Int64, snapshot: Snapshot, age_s: float) -> Int64:
    """Rows of a table to go on with, in order, the two without an item among them.

    seen_ms  (items,) of the last event of each item, as `last_seen` has it
    age_s    before the newest event: who was seen last so long ago, or longer, is left behind
    """
    now = int(snapshot.times_ms.max(initial=0))
    lately = np.flatnonzero(seen_ms > now - int(age_s * 1000))
    return np.concatenate((np.arange(FIRST_ROW), lately + FIRST_ROW)).astype(np.int64)
