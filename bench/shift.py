"""How soon each scorer is as good as it gets once everybody wants something else.

The simulated shop at its default size, 2,000 people and 2,000 goods, an event a person and day.
After 40,000 events it changes, at once and for all, in one of these ways:

  nothing      goes on as before: what more events alone bring
  taste        all that people choose by is drawn anew: what is popular, the categories, prices and
               sizes they like; what goes with what stays
  everything   and every good takes another's place, so that what goes with what is new as well

Popularity (half-life a day) and neighbours learn every event; the model is trained as the service
trains it, after 10,000 events or when the drift detector raises its alarm on the lists that would
have been served; from 10,000 events after the change on that is asked at the figures' steps alone.

A scorer is judged by what it makes of the same 2,000 targets from long after the change, as if it
had stopped learning after so many events, of all people together; what a user did is known in full.
So its figures after 0, 50, 100 … 40,000 events differ by what it has learned and nothing else. The
last is its new optimum, and `ours` the number of events from which on it has 90 % of that. `kept`
is what it has of it without having learned anything after the change, `early` that after 200
events, both in per cent, and `fine_tunes` how many there were by then. NDCG@10, means over seeds.
The last line of each change says in how many seeds the detector raised its alarm after the change
(after how many events: `by_seed`), how often before it, and what served lists were worth in the
5,000 events before and after.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from bench.progress import say
from bench.result import Result, shown
from models.contender import Neural
from recaug import batch
from recaug.drift import PageHinkley
from recaug.evaluation import Bool, Float64, Score, Scores, Targets, ndcg, popularity, targets
from recaug.evaluation.baselines.sessionknn import Sessions
from recaug.evaluation.fused import fused
from recaug.evaluation.others import Others
from recaug.evaluation.ranking import rank
from recaug.evaluation.splits import Fold
from recaug.evaluation.weighing import choose
from recaug.events import KINDS, items_of, user_key
from recaug.fusion import Fusion
from recaug.settings import Settings
from recaug.simulate import World
from recaug.triggers import due

SEEDS = (0, 1, 2)
CHANGES = ("nothing", "taste", "everything")
START_MS, DAY_MS = 1_700_000_000_000, 86_400_000
#: The newest part of what is known validates.
VALIDATES = 0.05
#: Events back within which the same again is no target, as in the service.
HISTORY = 50
ENOUGH = 0.9


@dataclass(frozen=True, slots=True)
class Size:
    """Of a shop and its log, in events; the log begins at 0 and the change is at `before`."""

    people: int = 2_000
    goods: int = 2_000
    before: int = 40_000
    watched: int = 5_000  # before the change the model is trained for the last time so long ago
    steps: tuple[int, ...] = (
        0, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 40_000,
    )  # fmt: skip
    judged: int = 5_000  # after the last step: those that have the targets
    group: int = 250  # lists whose loss the detector hears of at once
    trained_s: float = 20.0  # processor seconds

    def at_ms(self, number: int) -> int:
        return START_MS + number * (DAY_MS // self.people)


QUICK = Size(
    people=200, goods=300, before=4_000, watched=500, steps=(0, 50, 100, 200, 500, 2_000, 4_000),
    judged=1_000, group=100, trained_s=2.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Adapted:
    curves: dict[str, list[float]]  # NDCG@10 by scorer, at each step
    fine_tunes: list[int]  # after the change, by each step
    alarms: list[int]  # of the detector, in events after the change
    served: tuple[float, float]  # mean of the lists `watched` before, and as long after it


def run(quick: bool) -> Iterator[Result]:
    torch.set_num_threads(1)
    size = QUICK if quick else Size()
    for change in CHANGES:
        found = []
        for seed in SEEDS[:1] if quick else SEEDS:
            found.append(adapted(simulated(size, seed, change), size, seed))
            _tell(f"shift of {change}, seed {seed}", found[-1])
        yield from results(size, change, found)


def _tell(what: str, found: Adapted) -> None:
    curves = (
        f"{name} {' '.join(shown(100 * one) for one in curve)}"
        for name, curve in found.curves.items()
    )
    say(f"{what}: {'; '.join(curves)}; fine-tunes {found.fine_tunes}, alarms at {found.alarms}")


def results(size: Size, change: str, found: Sequence[Adapted]) -> Iterator[Result]:
    about = {
        "change": change, "seeds": len(found), "people": size.people, "goods": size.goods,
    }  # fmt: skip
    for name in found[0].curves:
        curve = np.mean([one.curves[name] for one in found], axis=0)
        step = settled(curve)
        each = [size.steps[settled(np.array(one.curves[name]))] for one in found]
        early = size.steps.index(200)
        yield Result.alone(
            "shift", [size.steps[step]], "events to 90 %", scorer=name, **about,
            by_seed="/".join(map(str, each)), kept=100 * curve[0] / curve[-1],
            early=100 * curve[early] / curve[-1], optimum=100 * curve[-1],
            fine_tunes=max(one.fine_tunes[step] for one in found),
        )  # fmt: skip
    first = [next((alarm for alarm in one.alarms if alarm >= 0), None) for one in found]
    served = 100 * np.mean([one.served for one in found], axis=0)
    yield Result.alone(
        "shift", [len(first) - first.count(None)], "alarms", **about,
        by_seed="/".join("–" if alarm is None else str(alarm) for alarm in first),
        before=sum(alarm < 0 for one in found for alarm in one.alarms),
        served_before=float(served[0]), served_after=float(served[1]),
    )  # fmt: skip


def settled(curve: Float64) -> int:
    """The first step from which on a curve has `ENOUGH` of its last value."""
    below = np.flatnonzero(curve < ENOUGH * curve[-1])
    return int(below[-1]) + 1 if len(below) else 0


def simulated(size: Size, seed: int, change: str) -> batch.Sequences:
    """Two shops one after the other: the same goods and the same people's names, other tastes."""
    worlds = [World(2 * seed + which, size.people, size.goods) for which in (1, 2)]
    worlds[1] = worlds[change != "nothing"]
    goods = [item.item_id for item in worlds[0].items]
    places = {good: good for good in goods}
    if change == "everything":
        places = dict(zip(goods, np.random.default_rng(seed).permutation(goods), strict=True))
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    rows = []
    for number in range(size.before + size.steps[-1] + size.judged):
        later = number >= size.before
        event = worlds[later].event(size.at_ms(number))
        user = users.setdefault(user_key(event), len(users))
        for item in items_of(event):
            named = places[item] if later else item
            row = items.setdefault(named, batch.FIRST_ROW + len(items))
            rows.append((user, row, KINDS[event["event"]], event["timestamp"]))
    columns = np.array(rows, np.int64).T
    return batch.sequences(columns[0], columns[1], columns[2], columns[3])


def adapted(source: batch.Sequences, size: Size, seed: int) -> Adapted:
    """Go through the log, learn as a service does, and judge at each step."""
    live, settings, drift = Live(source, size, seed), Settings(), PageHinkley()
    curves, tunes, alarms = defaultdict[str, list[float]](list), list[int](), list[int]()
    trained = seen = size.before - size.watched
    live.follow(seen)
    live.fine_tune(seen)
    drifted, fine_tunes, served = False, 0, (list[Float64](), list[Float64]())
    for number in _stops(size):
        worth = live.served(seen, number)
        if number <= size.before + size.watched:
            served[number > size.before].append(worth)
        if len(worth) and drift.add(1.0 - float(worth.mean()), len(worth)):
            alarms.append(number - size.before)
            drift.reset()
            drifted = True
        live.follow(number)
        seen = number
        if due(settings, number - trained, 0.0, first=False, drifted=drifted):
            live.fine_tune(number)
            drift.reset()
            drifted, trained, fine_tunes = False, number, fine_tunes + 1
        if number - size.before in size.steps:
            tunes.append(fine_tunes)
            for name, mean in live.judged().items():
                curves[name].append(mean)
    before, after = (float(np.concatenate(part).mean()) for part in served)
    return Adapted(curves, tunes, alarms, (before, after))


def _stops(size: Size) -> list[int]:
    """Where something happens: groups of lists, twice as long after the change, and the steps."""
    groups = range(-size.watched + size.group, 2 * size.watched + 1, size.group)
    return [size.before + number for number in sorted({*groups, *size.steps})]


class Live:
    """All scorers as they stand after some number of events."""

    def __init__(self, source: batch.Sequences, size: Size, seed: int) -> None:
        torch.manual_seed(seed)
        self._source, self._size = source, size
        self._half_life_s = Settings().popularity_half_life_s
        self._rows = int(source.rows.max()) + 1
        self._fresh = ~source.repeats(HISTORY)
        last = size.before + size.steps[-1]
        self._wanted = targets(source, self._between(last, last + size.judged) & self._fresh)
        self._sessions, self._others = Sessions(), Others(source)
        self._neural = Neural(
            "model", None, lambda: size.trained_s, torch.device("cpu"), seed, lambda *_: None,
            clock=time.process_time,
        )  # fmt: skip
        self._fusion = Fusion.alone()
        self._counts: Float64 = np.zeros(0)

    def _between(self, start: int, stop: int) -> Bool:
        times = self._source.times_ms
        return (times >= self._size.at_ms(start)) & (times < self._size.at_ms(stop))

    def follow(self, number: int) -> None:
        """Learn all events before `number`, as neighbours and popularity do."""
        fold = self._fold(number)
        self._sessions.fit(fold)
        self._counts = self._teach(self._others, fold.before)

    def fine_tune(self, number: int) -> None:
        """Train the model on them, and choose what each scorer is worth in the list."""
        fold, others = self._fold(number), Others(self._source)
        self._neural.fit(fold)
        self._teach(others, fold.known)
        self._fusion = choose(fold, self._neural.score_known, others)

    def served(self, start: int, stop: int) -> Float64:
        """NDCG@10 of each list served for the events of a span, as things stand, (T,)."""
        wanted = targets(self._source, self._between(start, stop) & self._fresh)
        return self._worth(self._list(), wanted)

    def judged(self) -> dict[str, float]:
        """Mean NDCG@10 of each scorer on the targets from long after the change."""
        scorers: dict[str, Score] = {
            "popularity": self._popular, "neighbours": self._sessions.score,
            "model": self._neural.score, "list": self._list(),
        }  # fmt: skip
        return {
            name: float(self._worth(score, self._wanted).mean()) for name, score in scorers.items()
        }

    def _popular(self, part: Targets) -> Scores:
        return np.broadcast_to(self._counts, (len(part), self._rows))

    def _list(self) -> Score:
        return fused(self._neural.score, self._fusion, self._others)

    def _worth(self, score: Score, wanted: Targets) -> Float64:
        return ndcg(rank(score, self._source, wanted, self._rows).unseen)

    def _teach(self, others: Others, known: Bool) -> Float64:
        """Teach what is `known`; returns how popular each row is by then."""
        rows, times = self._source.rows[known], self._source.times_ms[known]
        counts = popularity(rows, times, int(times.max()), self._half_life_s, self._rows)
        others.learn(known, counts, counts == 0)
        return counts

    def _fold(self, number: int) -> Fold:
        before = self._between(0, number)
        known = self._between(0, number - int(VALIDATES * number))
        validation = targets(self._source, before & ~known & self._fresh)
        counts = np.bincount(self._source.rows[before], minlength=self._rows)
        return Fold(
            "", self._source, known, before, validation, self._wanted, self._rows, counts,
            repeats=False,
        )  # fmt: skip
