"""What may be learned and what is to be predicted: leave-one-out, by time, or period by period.

Every event has a stage, and stages never go back within a user: a fold learns from the stages
before its own and is tested on that one.

  loo       all but two ── last but one (validation) ── last of each user (test)
  time      oldest 85 % ── 5 % (validation) ── newest 10 % (test), cut between two times
  periods   for each period but the first: all before it (a tenth of the users of the last one is
            validation) ── the period (test)

Validation events are in the histories of the test. Whoever has nothing to choose by them may learn
from them too, except in leave-one-out, whose published figures are all without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from recaug.batch import FIRST_ROW, Int64, Sequences, sequences
from recaug.errors import Failure
from recaug.evaluation.dataset import DataSet
from recaug.evaluation.targets import Bool, Targets, targets

SPLITS = {"loo": "leave-one-out", "time": "by time", "periods": "period by period"}
VALIDATION, TEST = 0.05, 0.1
#: Parts that data with times is cut into where periods are asked for.
PERIODS = 8
#: Share of a period's users that validate.
WATCHED = 0.1
#: Targets of a fold, evenly thinned: so many as leave so many scores, but so many at most and at
#: least. Ranking a million items for 50,000 of them takes half an hour, for each contender.
VALIDATED, TESTED = (200_000_000, 10_000, 500), (1_000_000_000, 50_000, 2_000)


@dataclass(frozen=True, slots=True)
class Fold:
    """One thing to learn from and to be tested on."""

    name: str  # its period; empty where there is one fold
    source: Sequences  # everybody's events, of rows
    known: Bool  # (n,) what is learned from: the oldest events of each user
    before: Bool  # (n,) the same, and validation where it may be learned from
    validation: Targets
    test: Targets
    size: int  # rows that may be shown: items that have an event before the test, or a text
    counts: Int64  # (rows,) events of each row in `before`
    repeats: bool  # whether what a user has had may be what it wants next
    arriving: bool = (
        True  # whether an item without an event is new, not one whose last were held out
    )


@dataclass(frozen=True, slots=True)
class Split:
    name: str  # of SPLITS
    why: str
    vocabulary: list[str]  # item i has row i + 2
    folds: list[Fold]  # oldest first, over one `source`

    @property
    def filtered(self) -> bool:
        """Whether the figures named first leave out what a user has had, as is usual."""
        return not self.folds[0].repeats


def split(data: DataSet, wanted: str = "", seed: int = 0) -> Split:
    """Split as `wanted`, else as fits the data.

    :raises Failure: the data cannot be split so, or too little is left to learn from or to test.
    """
    name, why = (wanted, "as asked for") if wanted else _fitting(data)
    raw = sequences(data.users, data.items, data.kinds, data.times_ms)
    stages = _stages(data, raw, name)
    numbers, firsts = _arrival(raw, stages)
    source = replace(raw, rows=numbers[raw.rows] + FIRST_ROW)
    if name == "periods":
        periods = range(1, int(stages.max()) + 1)
        sessions = data.periods is not None
        folds = [_period(source, stages, firsts, at, sessions, seed) for at in periods]
    else:
        folds = [_only(source, stages, firsts, by_time=name == "time")]
    folds = [fold for fold in folds if len(fold.test) and fold.known.any()]
    if not folds:
        raise Failure(
            f"{data.path.name} cannot be split {SPLITS[name]}",
            f"{len(data.users):,} events leave nothing to learn from, or nothing to predict",
            "name a larger file, or another --split",
        )
    return Split(name, why, [data.item_ids[item] for item in np.argsort(numbers)], folds)


def _fitting(data: DataSet) -> tuple[str, str]:
    if data.periods is not None:
        return "periods", "it is a directory of periods"
    return ("time", "the data has times") if data.timed else ("loo", "the data has no times")


def _stages(data: DataSet, raw: Sequences, name: str) -> Int64:
    """The stage of every event of `raw`, (n,)."""
    if name == "periods":
        return _period_of(data, raw)
    if name == "loo":
        stages = _last_two(raw)
    else:
        _refuse_untimed(data, name)
        stages = cut(raw.times_ms, [1 - TEST - VALIDATION, 1 - TEST])
    # What only the test has can be shown where there is something to know it by.
    wordless = np.array([item not in data.texts for item in data.item_ids], np.bool_)
    return np.where((stages == 2) & wordless[raw.rows], 3, stages)


def _period_of(data: DataSet, raw: Sequences) -> Int64:
    if data.periods is not None:
        return data.periods[raw.order]
    _refuse_untimed(data, "periods")
    return cut(raw.times_ms, [part / PERIODS for part in range(1, PERIODS)])


def _refuse_untimed(data: DataSet, name: str) -> None:
    if not data.timed:
        raise Failure(
            f"{data.path.name} cannot be split {SPLITS[name]}", "it has no times",
            "use --split loo, or a file with a column called timestamp",
        )  # fmt: skip


def _last_two(raw: Sequences) -> Int64:
    """2 for the last event of each user who has three, 1 for the one before, 0 for all others."""
    owners = raw.owners()
    from_end = raw.starts[1:][owners] - np.arange(len(owners))
    long = np.diff(raw.starts)[owners] >= 3
    return np.where(long, np.maximum(3 - from_end, 0), 0)


def cut(times_ms: Int64, shares: Sequence[float]) -> Int64:
    """Number each event by how many of these shares of all events lie before it, (n,).

    Equal times stay together. Shares that fall on one busy time move apart: where there are enough
    times no part is empty.
    """
    distinct, place = np.unique(times_ms, return_inverse=True)
    step = np.arange(len(shares))
    edges = np.sort(place)[(np.array(shares) * len(place)).astype(np.int64)]
    edges = np.maximum.accumulate(np.maximum(edges, 1) - step) + step
    edges = np.minimum(edges, len(distinct) - len(shares) + step)
    return np.searchsorted(edges, place, side="right").astype(np.int64)


def _arrival(raw: Sequences, stages: Int64) -> tuple[Int64, Int64]:
    """The number of each item by its first stage, time and place in the log; stages by number.

    What may be shown at a stage is thereby a beginning of the table.
    """
    order = np.lexsort((raw.order, raw.times_ms, stages))
    _, first = np.unique(raw.rows[order], return_index=True)
    arrived = np.argsort(first)
    numbers = np.empty(len(first), np.int64)
    numbers[arrived] = np.arange(len(first))
    return numbers, stages[order][first[arrived]]


def most(of: tuple[int, int, int], size: int) -> int:
    """Targets that are ranked among `size` rows, most; `of` is `VALIDATED` or `TESTED`."""
    scores, upper, lower = of
    return max(lower, min(upper, scores // size))


def _only(source: Sequences, stages: Int64, firsts: Int64, by_time: bool) -> Fold:
    before = stages < (2 if by_time else 1)
    size = FIRST_ROW + int((firsts < 3).sum())
    return Fold(
        "", source, known=stages < 1, before=before,
        validation=targets(source, stages == 1, most(VALIDATED, size), visit=True),
        test=targets(source, stages >= 2, most(TESTED, size), visit=True),
        size=size,
        counts=np.bincount(source.rows[before], minlength=len(firsts) + FIRST_ROW),
        repeats=False, arriving=by_time,
    )  # fmt: skip


def _period(
    source: Sequences, stages: Int64, firsts: Int64, at: int, sessions: bool, seed: int
) -> Fold:
    rng = np.random.default_rng((seed, at))
    watched = rng.random(len(source.starts) - 1)[source.owners()] < WATCHED
    newest, before = stages == at - 1, stages < at
    size = FIRST_ROW + int((firsts < at).sum())
    return Fold(
        str(at), source, known=before & ~(newest & watched), before=before,
        validation=targets(source, newest & watched, most(VALIDATED, size), visit=True),
        test=targets(source, stages == at, most(TESTED, size), visit=True),
        size=size,
        counts=np.bincount(source.rows[before], minlength=len(firsts) + FIRST_ROW),
        repeats=sessions,
    )  # fmt: skip
