"""Figures of all contenders as plain data: what `recaug evaluate --json` writes.

The figures of a model are those that leave out what the user has had (`filtered`), except where a
user may well want the same again, as in sessions; both are there under their names. `…_ci` is a
95 % interval by bootstrap over users.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from recaug.batch import Int64
from recaug.evaluation import buckets, metrics
from recaug.evaluation.intervals import compare, interval
from recaug.evaluation.run import Result
from recaug.evaluation.splits import Fold, Split
from recaug.evaluation.targets import Bool

#: Metrics of buckets and periods, and the one that decides and has an interval.
SHORT = ("hr@10", "ndcg@10", "hr@20", "mrr@20")
DECIDES = "ndcg@10"
#: What is ours: the list that is served, and the model in it alone. Neither is the other's rival.
OWN = ("ours", "neural")
#: Slices of time in which a test that is one fold is shown.
SLICES = 10

Figures = dict[str, Any]


def report(
    data: str, split: Split, results: Sequence[Result], seconds: float, seed: int = 0
) -> Figures:
    """The whole report, figures to six places."""
    pool = Pool(split)
    models = {one.name: _model(pool, one, seed) for one in results}
    for one in results:
        rivals = [other for other in results if other is not one and other.name not in OWN]
        if rivals:
            strongest = max(rivals, key=lambda rival: float(models[rival.name][DECIDES]))
            models[one.name]["against"] = _against(pool, one, strongest, seed)
    found = {
        "data": data, "split": split.name, "filtered": split.filtered, "seconds": seconds,
        "models": models, "periods": _periods(pool, results),
    }  # fmt: skip
    rounded: Figures = _rounded(found)
    return rounded


class Pool:
    """The targets of all folds end to end, and how they fall into parts; masks are (T,)."""

    def __init__(self, split: Split) -> None:
        self.split = split
        folds = split.folds
        starts = np.concatenate([fold.test.starts for fold in folds])
        self.users: Int64 = np.unique(starts, return_inverse=True)[1]
        self.seen_so_far: Bool = np.concatenate([f.test.rows < f.size for f in folds])
        self.items = _joined(folds, lambda fold: buckets.by_item(fold.counts, fold.test))
        self.history = _joined(folds, lambda fold: buckets.by_history(fold.test))

    def judged(self, one: Result, filtered: bool) -> tuple[Int64, Bool]:
        """The places of one kind, (T,), and which of them count."""
        if not filtered:
            places = np.concatenate([ranked.places for ranked in one.ranked])
            return places, np.ones(len(places), np.bool_)
        places = np.concatenate([ranked.unseen for ranked in one.ranked])
        return places, ~np.concatenate([ranked.repeated for ranked in one.ranked])

    def periods(self) -> list[tuple[str, Bool]]:
        """Names and targets of the periods; of a test that is one fold, slices of its time."""
        folds = self.split.folds
        if len(folds) > 1:
            number = np.repeat(np.arange(len(folds)), [len(fold.test) for fold in folds])
            return [(fold.name, number == at) for at, fold in enumerate(folds)]
        if self.split.name != "time":
            return []
        asked = folds[0].test.asked_ms  # in order
        slices = np.searchsorted(asked, asked[np.arange(SLICES) * len(asked) // SLICES])
        number = np.searchsorted(slices, np.arange(len(asked)), side="right")
        return [(_date(int(asked[number == at][0])), number == at) for at in np.unique(number)]


def _model(pool: Pool, one: Result, seed: int) -> Figures:
    filtered, unfiltered = (_figures(pool, one, kind, seed) for kind in (True, False))
    places, kept = pool.judged(one, pool.split.filtered)
    return {
        **(filtered if pool.split.filtered else unfiltered),
        "seconds": one.seconds,
        **_lists(pool.split, one),
        "filtered": filtered,
        "unfiltered": unfiltered,
        "seen_so_far": _short(places[kept & pool.seen_so_far]),
        "items": {n: _short(places[kept & mask]) for n, mask in pool.items.items()},
        "history": {n: _short(places[kept & mask]) for n, mask in pool.history.items()},
    }


def _figures(pool: Pool, one: Result, filtered: bool, seed: int) -> Figures:
    places, kept = pool.judged(one, filtered)
    values = metrics.values(DECIDES, places[kept])
    bounds = interval(values, pool.users[kept], seed)
    return {"targets": int(kept.sum()), **metrics.means(places[kept]), f"{DECIDES}_ci": bounds}


def _lists(split: Split, one: Result) -> Figures:
    """Means over folds of what the lists show."""
    both = list(zip(split.folds, one.ranked, strict=True))
    coverage = [metrics.coverage(ranked.lists, fold.size) for fold, ranked in both]
    novelty = [metrics.novelty(ranked.lists, fold.counts[: fold.size]) for fold, ranked in both]
    return {"coverage@10": float(np.mean(coverage)), "novelty@10": float(np.mean(novelty))}


def _against(pool: Pool, one: Result, rival: Result, seed: int) -> Figures:
    own, kept = pool.judged(one, pool.split.filtered)
    theirs, _ = pool.judged(rival, pool.split.filtered)
    mine, other = (metrics.values(DECIDES, places[kept]) for places in (own, theirs))
    found = compare(mine, other, pool.users[kept], seed)
    return {"model": rival.name, DECIDES: found.mean, f"{DECIDES}_ci": (found.low, found.high),
            "p": found.p}  # fmt: skip


def _periods(pool: Pool, results: Sequence[Result]) -> list[Figures]:
    return [_period(pool, name, mask, results) for name, mask in pool.periods()]


def _period(pool: Pool, name: str, mask: Bool, results: Sequence[Result]) -> Figures:
    models: Figures = {}
    for one in results:
        places, kept = pool.judged(one, pool.split.filtered)
        inside = kept & mask
        models[one.name] = {
            **_short(places[inside]), "seen_so_far": _short(places[inside & pool.seen_so_far]),
        }  # fmt: skip
    return {"period": name, "targets": int(mask.sum()),
            "new_items": float(1 - pool.seen_so_far[mask].mean()), "models": models}  # fmt: skip


def _short(places: Int64) -> Figures:
    means = metrics.means(places)
    return {"targets": len(places), **{name: means[name] for name in SHORT}}


def _joined(folds: Sequence[Fold], parts: Callable[[Fold], dict[str, Bool]]) -> dict[str, Bool]:
    each = [parts(fold) for fold in folds]
    return {name: np.concatenate([one[name] for one in each]) for name in each[0]}


def _date(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}"


def _rounded(found: Any) -> Any:
    if isinstance(found, float):
        return round(found, 6)
    if isinstance(found, dict):
        return {name: _rounded(value) for name, value in found.items()}
    return [_rounded(value) for value in found] if isinstance(found, list | tuple) else found
