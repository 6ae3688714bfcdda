"""How good a ranking is, and whether a challenger may serve.

Every target is ranked among the full catalogue, never among samples; ties are broken by the lower
row, so that the same scores give the same figures on any machine. What the user's kept history
holds is never shown, so it is neither a candidate nor a target.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recaug.batch import FIRST_ROW, PAD_ROW, Int64, Sequences

Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Scores = npt.NDArray[np.floating]

#: Rank of a target that cannot be shown: no list is long enough.
MISS = int(np.iinfo(np.int64).max)
TOP = 10
#: Fewer held-out targets than this decide nothing.
LEAST = 50
#: How far below the champion a challenger may be, as a share: this much always, since it knows what
#: happened since; what noise explains beyond it; and never more than the second.
FREE_LOSS, WORST_LOSS = 0.005, 0.02
#: Scores held at once while ranking, most: 32 MB as float32.
BLOCK = 8_000_000

#: Scores of every row for each of some targets, (b, N).
Score = Callable[["Targets"], Scores]


@dataclass(frozen=True, slots=True)
class Targets:
    """Events to be predicted from what their user did before, in order of time."""

    at: Int64  # (T,) the event's place in its `Sequences`
    starts: Int64  # (T,) where that user's events start
    rows: Int64  # (T,) its row of the item table; below 2 where training never saw the item
    asked_ms: Int64  # (T,) when the list was made: at the user's event before

    def __len__(self) -> int:
        return len(self.at)

    def part(self, chosen: Int64 | slice) -> Targets:
        return Targets(
            self.at[chosen], self.starts[chosen], self.rows[chosen], self.asked_ms[chosen]
        )


def newest(source: Sequences, share: float) -> Bool:
    """The newest `share` of all events by time, then log order, (n,)."""
    order = np.lexsort((source.order, source.times_ms))
    mask = np.zeros(len(order), np.bool_)
    mask[order[len(order) - int(len(order) * share) :]] = True
    return mask


#: Newest events held out, most: more than are ever ranked (see `targets`).
HELD_OUT = 3_000


def hold_out(source: Sequences, allowed: Bool, least: int = 200) -> Bool:
    """The newest tenth of the log; up to three tenths where `least` allowed events need it.

    At most `HELD_OUT` events: what is held out is not learned from for so long.
    """
    few = HELD_OUT / max(1, len(source.order))
    for share in (min(0.1, few), 0.1, 0.2):
        mask = newest(source, share)
        if int((mask & allowed).sum()) >= least:
            return mask
    return newest(source, 0.3)


def targets(source: Sequences, chosen: Bool, most: int = 2_000) -> Targets:
    """The chosen events that have one of the same user before them, evenly thinned to `most`."""
    starts = source.starts[source.owners()]
    at = np.flatnonzero(chosen & (np.arange(len(starts)) > starts))
    at = at[np.lexsort((source.order[at], source.times_ms[at]))]
    if len(at) > most:
        at = at[np.linspace(0, len(at) - 1, most).astype(np.int64)]
    return Targets(at, starts[at], source.rows[at], source.times_ms[at - 1])


def ranks(score: Score, source: Sequences, wanted: Targets, length: int, size: int) -> Int64:
    """The place of each target among all `size` rows, 0 the best, (T,); `MISS` where unknown.

    The `length` events before a target are what the user has seen, and are no candidates.
    Raises ValueError where a score is not a number.
    """
    found = np.full(len(wanted), MISS, np.int64)
    step = max(1, min(128, BLOCK // size))
    for start in range(0, len(wanted), step):
        part = wanted.part(slice(start, start + step))
        scores = np.array(score(part), copy=True)
        if np.isnan(scores).any():
            raise ValueError("a score is not a number")
        _hide(scores, source, part, length)
        found[start : start + step] = _places(scores, part.rows)
    return found


def popular(source: Sequences, half_life_s: float, size: int) -> Score:
    """Decayed counts of everything before the first of the targets given, as served at the time."""

    def score(part: Targets) -> Scores:
        now = int(part.asked_ms.min())
        before = source.times_ms < now
        rows, times = source.rows[before], source.times_ms[before]
        counts = popularity(rows, times, now, half_life_s, size)
        return np.broadcast_to(counts, (len(part), size))

    return score


def popularity(
    rows: npt.NDArray[np.integer], times_ms: Int64, now_ms: int, half_life_s: float, size: int
) -> Float64:
    """Events of each row, each worth half as much for every half-life before `now_ms`, (size,)."""
    weight = np.exp2((times_ms - now_ms) / (1000.0 * half_life_s))
    return np.bincount(rows, weight, minlength=size).astype(np.float64)


def ndcg(places: Int64, k: int = TOP) -> Float64:
    """1 / log2(2 + place) of each target within the first k, else 0, (T,)."""
    near = np.minimum(places, k).astype(np.float64)
    return np.where(places < k, 1.0 / np.log2(near + 2.0), 0.0)


def hits(places: Int64, k: int = TOP) -> Float64:
    """1 for each target within the first k, else 0, (T,)."""
    return (places < k).astype(np.float64)


def resampled(values: Float64, seed: int, rounds: int = 1_000) -> Float64:
    """Means of `rounds` samples of `values` drawn with replacement, sorted (bootstrap)."""
    rng = np.random.default_rng(seed)
    size = len(values)
    return np.sort([values[rng.integers(0, size, size)].mean() for _ in range(rounds)])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the challenger may serve, in words and figures."""

    promoted: bool
    reason: str
    metrics: dict[str, Any]


def gate(challenger: Int64, champion: Int64 | None, popularity: Int64, seed: int = 0) -> Verdict:
    """Judge the places that three rankings give the same held-out targets; all (T,).

    Promoted iff NDCG@10 beats recent popularity beyond chance (95 %, paired bootstrap) and is not
    below the champion's by more than noise explains (one standard error, between 0.5 % and 2 %).
    """
    rivals = {"challenger": challenger, "popularity": popularity}
    if champion is not None:
        rivals["champion"] = champion
    metrics: dict[str, Any] = {"targets": len(challenger)}
    metrics |= {name: _summary(places) for name, places in rivals.items()}
    if len(challenger) < LEAST:
        few = f"only {len(challenger)} held-out events to judge by, at least {LEAST} are needed"
        return Verdict(False, few, metrics)
    own, other = metrics["challenger"]["ndcg@10"], metrics["popularity"]["ndcg@10"]
    margin = resampled(ndcg(challenger) - ndcg(popularity), seed)
    metrics["over_popularity"] = _interval(margin)
    if margin[len(margin) // 20] <= 0:
        return Verdict(False, f"does not beat popularity: {_versus(own, other)}", metrics)
    reason = f"beats popularity: {_versus(own, other)}"
    if champion is None:
        return Verdict(True, reason, metrics)
    best = metrics["champion"]["ndcg@10"]
    margin = resampled(ndcg(challenger) - ndcg(champion), seed)
    metrics["over_champion"] = _interval(margin)
    noise = float(margin.std())
    metrics["tolerance"] = min(max(noise, FREE_LOSS * best), WORST_LOSS * best)
    if own < best - metrics["tolerance"]:
        return Verdict(False, f"loses to the champion: {_versus(own, best)}", metrics)
    return Verdict(True, f"{reason}; the champion has {best:.4f}", metrics)


def _hide(scores: Scores, source: Sequences, part: Targets, length: int) -> None:
    scores[:, :FIRST_ROW] = -np.inf
    before = part.at[:, None] - np.arange(1, length + 1)
    rows = source.rows[np.maximum(before, 0)]
    seen = np.where(before >= part.starts[:, None], rows, PAD_ROW)
    np.put_along_axis(scores, seen, -np.inf, axis=1)


def _places(scores: Scores, rows: Int64) -> Int64:
    own = np.take_along_axis(scores, rows[:, None], axis=1)  # (b, 1)
    tied_before = (scores == own) & (np.arange(scores.shape[1]) < rows[:, None])
    places = (scores > own).sum(1) + tied_before.sum(1)
    return np.where(rows < FIRST_ROW, MISS, places)


def _summary(places: Int64) -> dict[str, float]:
    if not len(places):
        return {"ndcg@10": 0.0, "hr@10": 0.0}
    return {"ndcg@10": float(ndcg(places).mean()), "hr@10": float(hits(places).mean())}


def _interval(means: Float64) -> list[float]:
    """The middle nine tenths of resampled means."""
    return [float(means[len(means) // 20]), float(means[-1 - len(means) // 20])]


def _versus(own: float, other: float) -> str:
    return f"NDCG@10 {own:.4f} against {other:.4f}"
