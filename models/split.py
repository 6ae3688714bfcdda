"""Who may learn from which event: the log split by time, and rows given to its items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.batches import Bool, Log
from recaug import evaluation as evaluate
from recaug.batch import FIRST_ROW, UNKNOWN_ROW, Int64, Sequences, sequences
from recaug.buffer import Snapshot
from recaug.errors import Failure
from recaug.evaluation import Targets
from recaug.evaluation.splits import Fold

#: Share of the log between what is trained on and what is held out, for early stopping.
VALIDATION = 0.05
#: Newest events that a run learns to predict, most: what one CPU thread sees a few times in 25 s.
LEARNED = 100_000


@dataclass(frozen=True, slots=True)
class Split:
    """oldest ───────── asked in training ─────────┬─ validation ─┬─ held out ─ newest"""

    vocabulary: list[str]  # item i has row i + 2
    inherited: int  # of which the parent knew so many
    source: Sequences  # of rows
    log: Log  # to train on
    late: Bool  # (n,) the events that validation is chosen from
    validation: Targets
    test: Targets
    counts: Int64  # (rows,) training events of each row

    @property
    def rows(self) -> int:
        return len(self.vocabulary) + FIRST_ROW

    @property
    def early(self) -> Log:
        """What may be looked at before anything is trained: nothing that validates is in it."""
        return replace(self.log, known=self.log.known & ~self.late)

    def fold(self) -> Fold:
        """The same, as an evaluation has it."""
        before = self.log.known
        return Fold(
            "", self.source, before & ~self.late, before, self.validation, self.test, self.rows,
            self.counts, repeats=False,
        )  # fmt: skip


def split(snapshot: Snapshot, known: Sequence[str], length: int, capacity: int) -> Split:
    """Give rows to the items in `known`, then to those of the training part in order of arrival.

    An item that only the held-out part has gets none: it is a miss for everyone. Raises Failure
    where there is nothing to train on.
    """
    if not len(snapshot):
        why = "the buffer holds no events"
        raise Failure("cannot fine-tune", why, "send events first: recaug simulate")
    raw = sequences(snapshot.users, snapshot.items, snapshot.kinds, snapshot.times_ms)
    fresh = ~raw.repeats(length)
    held = evaluate.hold_out(raw, fresh)
    before = min(VALIDATION, float(held.mean()) / 2)
    late = evaluate.newest(raw, float(held.mean()) + before) & ~held
    arrived = snapshot.items[np.sort(raw.order[~held])]
    vocabulary = _vocabulary(known, snapshot.item_ids, arrived, capacity)
    source = replace(raw, rows=_rows(vocabulary, snapshot.item_ids)[raw.rows])
    recent = evaluate.newest(raw, min(1.0, LEARNED / len(snapshot)))
    return Split(
        vocabulary, len(known), source,
        log=Log(source, known=~held, asked=~held & ~late & fresh & recent),
        late=late,
        validation=evaluate.targets(source, late & fresh, 1_000),
        test=evaluate.targets(source, held & fresh),
        counts=np.bincount(source.rows[~held], minlength=len(vocabulary) + FIRST_ROW),
    )  # fmt: skip


def _vocabulary(
    known: Sequence[str], items: Sequence[str], arrived: npt.NDArray[np.integer], capacity: int
) -> list[str]:
    have = set(known)
    _, first = np.unique(arrived, return_index=True)
    names = (items[number] for number in arrived[np.sort(first)].tolist())
    new = [item for item in names if item not in have]
    return [*known, *new[: max(0, capacity - len(known))]]


def _rows(vocabulary: Sequence[str], items: Sequence[str]) -> Int64:
    place = {item: FIRST_ROW + i for i, item in enumerate(vocabulary)}
    return np.array([place.get(item, UNKNOWN_ROW) for item in items], np.int64)
