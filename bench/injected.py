"""What fake clicks on one item do to the lists of everybody else, and what `clean` stops of them.

MovieLens 100k by time: the newest tenth is predicted from what was before. Just before that, among
the last tenth of what is learned, somebody who wants a little-known film shown sends 1 % or 5 % of
the events that all people together have sent, and spends them in one of two ways:

  one account   clicks the film over and over
  copies        new accounts, each with the four newest films of somebody real, then the film

Every scorer then learns from all of it. `ours` is the share of lists that have the film among the
first ten, in per cent, and `without` that share where nobody cheats; `lost` is what HR@10 on all
other films loses, in points, with a 95 % interval over users (it includes that a model trained
twice differs a little). Over seeds, each with a film of its own.

`% stopped` is how many of the 5 % the clean stage refuses with its default limits, if they come at
such a pace: in step, or at random moments of that mean.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import orjson
import torch

from bench.datasets import dataset
from bench.progress import say
from bench.result import Result, shown
from models.contender import Neural
from recaug.batch import FIRST_ROW, Int64
from recaug.batch import Sequences as Log
from recaug.clean import Cleaner, RawRecord, Rejected
from recaug.evaluation import Float64, Score, Scores, Targets, hits, popular
from recaug.evaluation.baselines.popular import HALF_LIVES_S
from recaug.evaluation.baselines.sessionknn import Sessions
from recaug.evaluation.contenders import Contender, best
from recaug.evaluation.dataset import read
from recaug.evaluation.fused import Fused
from recaug.evaluation.intervals import compare
from recaug.evaluation.metrics import TOP
from recaug.evaluation.run import run as evaluated
from recaug.evaluation.splits import Fold, Split, split
from recaug.events import KINDS
from recaug.settings import Settings

DATA = "ml-100k/ml-100k.inter.gz"
SEEDS = (0, 1, 2)
SHARES = (0.01, 0.05)
#: Events of a film that is little known.
LITTLE = (5, 20)
#: In place of an attack and its share.
NOBODY = ("none", 0.0)
#: Films that a copy has had before it clicks.
COPIED = 4
#: Part of the events among which the attack comes.
LATE = 0.1
#: Processor seconds that a model trains for.
TRAINED_S, QUICK_S = 15.0, 2.0
#: Events a second, and whether they come in step.
PACES = ((1_000, True), (1_000, False), (10, False))
START_MS = 1_764_000_000_000


@dataclass(frozen=True, slots=True)
class Fakes:
    accounts: Int64  # (k,) rising from 0
    rows: Int64  # (k,)


@dataclass(frozen=True, slots=True)
class Reached:
    """What a scorer's lists had."""

    shown: Float64  # (T,) 1 for each list that has the film among its first ten
    hits: Float64  # (M,) 1 for each target but the film itself that is there
    users: Int64  # (M,)


#: By scorer.
Found = dict[str, Reached]


def one_account(fold: Fold, row: int, events: int, rng: np.random.Generator) -> Fakes:
    return Fakes(np.zeros(events, np.int64), np.full(events, row))


def copies(fold: Fold, row: int, events: int, rng: np.random.Generator) -> Fakes:
    """Accounts of `COPIED` + 1 events each."""
    source, count = fold.source, events // (COPIED + 1)
    known = np.bincount(source.owners()[fold.known], minlength=len(source.starts) - 1)
    people = rng.choice(np.flatnonzero(known >= COPIED), count)
    newest = (source.starts[people] + known[people])[:, None] - np.arange(COPIED, 0, -1)
    rows = np.column_stack([source.rows[newest], np.full(count, row)])  # (count, COPIED + 1)
    return Fakes(np.repeat(np.arange(count), COPIED + 1), rows.ravel())


ATTACKS: Mapping[str, Callable[[Fold, int, int, np.random.Generator], Fakes]] = {
    "one account": one_account, "copies": copies,
}  # fmt: skip


def run(quick: bool) -> Iterator[Result]:
    torch.set_num_threads(1)
    whole, seeds = split(read(dataset(DATA)), "time"), SEEDS[:1] if quick else SEEDS
    each = [attacked(whole, seed, QUICK_S if quick else TRAINED_S) for seed in seeds]
    yield from results(each)
    fold = whole.folds[0]
    rng, events = np.random.default_rng(0), int(SHARES[-1] * fold.known.sum())
    for name, make in ATTACKS.items():
        for pace, in_step in PACES:
            yield stopped(name, make(fold, FIRST_ROW, events, rng), pace, in_step, rng)


def attacked(whole: Split, seed: int, trained_s: float) -> dict[tuple[str, float], Found]:
    """What each attack reached, by its name and share; `NOBODY` is without any."""
    fold, rng = whole.folds[0], np.random.default_rng(seed)
    counts = fold.counts[: fold.size]
    row = int(rng.choice(np.flatnonzero((counts >= LITTLE[0]) & (counts <= LITTLE[1]))))
    found = {NOBODY: _found(whole, fold, row, seed, trained_s)}
    for name, make in ATTACKS.items():
        for share in SHARES:
            fakes = make(fold, row, int(share * fold.known.sum()), rng)
            cheated = injected(fold, fakes, rng)
            reached = found[name, share] = _found(whole, cheated, row, seed, trained_s)
            told = (f"{who} {shown(100 * one.shown.mean())}" for who, one in reached.items())
            say(f"injected, seed {seed}, {name}, {share:.0%}: {', '.join(told)} % of lists")
    return found


def results(each: Sequence[Mapping[tuple[str, float], Found]]) -> Iterator[Result]:
    for (name, share), scorer in ((at, who) for at in each[0] if at[1] for who in each[0][at]):
        own, none = (_joined([one[at][scorer] for one in each]) for at in ((name, share), NOBODY))
        loss = compare(none.hits, own.hits, own.users)
        yield Result.alone(
            "injected", [100 * own.shown.mean()], "% of lists", scorer=scorer, attack=name,
            fakes=f"{share:.0%}", without=100 * none.shown.mean(), hr=100 * none.hits.mean(),
            lost=100 * loss.mean, low=100 * loss.low, high=100 * loss.high, seeds=len(each),
        )  # fmt: skip


def injected(fold: Fold, fakes: Fakes, rng: np.random.Generator) -> Fold:
    """The fold with fake accounts behind everybody; what is validated and tested stays as it is."""
    source, more = fold.source, len(fakes.rows)
    late, newest = np.quantile(source.times_ms[fold.before], (1 - LATE, 1))
    times_ms = np.sort(rng.uniform(late, newest, more)).astype(np.int64)
    stops = np.cumsum(np.bincount(fakes.accounts))
    all_of = Log(
        np.concatenate([source.rows, fakes.rows]),
        np.concatenate([source.kinds, np.full(more, KINDS["click"])]),
        np.concatenate([source.times_ms, times_ms]),
        np.concatenate([source.starts, source.starts[-1] + stops]),
        np.concatenate([source.order, len(source.order) + np.arange(more)]),
    )
    learned = np.ones(more, np.bool_)
    return replace(
        fold, source=all_of, known=np.concatenate([fold.known, learned]),
        before=np.concatenate([fold.before, learned]),
        counts=fold.counts + np.bincount(fakes.rows, minlength=len(fold.counts)),
    )  # fmt: skip


class Popularity:
    """Recent popularity by a half-life that was chosen where nobody cheats."""

    name = "popularity"

    def __init__(self, honest: Fold) -> None:
        def known(half_life_s: float) -> Score:
            return popular(honest.source, half_life_s, honest.size, honest.known)

        self._half_life_s = best(HALF_LIVES_S, known, honest)
        self._score: Score | None = None

    def fit(self, fold: Fold) -> None:
        self._score = popular(fold.source, self._half_life_s, fold.size, fold.before)

    def score(self, part: Targets) -> Scores:
        assert self._score is not None, "fit comes first"
        return self._score(part)


def _found(whole: Split, fold: Fold, row: int, seed: int, trained_s: float) -> Found:
    """All scorers, taught by the fold, and what their lists have of the film and of the rest."""
    torch.manual_seed(seed)
    neural = Neural(
        "model", None, lambda: trained_s, torch.device("cpu"), seed, lambda *_: None,
        clock=time.process_time,
    )  # fmt: skip
    ours = Fused("list", lambda _: None, neural.score_known, neural.score)
    contenders: list[Contender] = [Popularity(whole.folds[0]), Sessions(), neural, ours]
    ranked = evaluated(contenders, replace(whole, folds=[fold]), lambda *_: None)
    others = fold.test.rows != row
    names = {"vsknn": "neighbours"}
    return {
        names.get(one.name, one.name): Reached(
            (one.ranked[0].lists[:, :TOP] == row).any(axis=1).astype(np.float64),
            hits(one.ranked[0].unseen)[others], fold.test.users()[others],
        )
        for one in ranked
    }  # fmt: skip


def stopped(
    name: str, fakes: Fakes, pace: float, in_step: bool, rng: np.random.Generator
) -> Result:
    """The part of an attack that the clean stage refuses, at so many events a second."""
    count, gap_ms = len(fakes.rows), 1_000 / pace
    gaps = np.full(count, gap_ms) if in_step else rng.exponential(gap_ms, count)
    times = (START_MS + np.cumsum(gaps)).astype(np.int64).tolist()
    pairs = zip(fakes.accounts.tolist(), fakes.rows.tolist(), times, strict=True)
    settings = Settings()
    topic = settings.topics.clickstream.name
    records = [_record(topic, number, *one) for number, one in enumerate(pairs)]
    outcomes = Cleaner(settings).clean(records, START_MS)
    reasons = Counter(one.reason for one in outcomes if isinstance(one, Rejected))
    return Result.alone(
        "injected", [100 * reasons.total() / count], "% stopped", attack=name, events=count,
        pace=f"{pace:g}/s {'in step' if in_step else 'at random'}",
        by=" ".join(f"{reason}:{many}" for reason, many in reasons.items()) or "nothing",
    )  # fmt: skip


def _record(topic: str, number: int, account: int, row: int, at_ms: int) -> RawRecord:
    user = f"fake-{account}"
    click = {
        "event": "click", "event_id": f"f-{number}", "timestamp": at_ms, "user_id": user,
        "item_id": f"i{row}",
    }  # fmt: skip
    return RawRecord(topic, 0, number, user.encode(), orjson.dumps(click), (), at_ms)


def _joined(each: Sequence[Reached]) -> Reached:
    return Reached(
        *(np.concatenate([getattr(one, name) for one in each]) for name in Reached.__slots__)
    )
