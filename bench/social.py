"""Whether friends, and words that people typed, tell what somebody listens to next.

Last.fm HetRec, period by period (eight of as many events each; the first is only learned from):
the list of all three scorers, alone and with one more voice in it (`bench.voices`), on the same
targets. A target is an artist that somebody tags for the first time, the very first one of a user
too. How much a voice counts, by length of history, and how far back it looks are chosen on the
events that validate each period, for the true signal and for its control alike.

The control is *dealt anew*: everybody keeps the number of their friends, every friend the number of
theirs, every event and every word how often it is there; who belongs to whom is chance. `gain` is
what the true one has more, in points, with a 95 % interval over users (`low`, `high`); `over_none`
what it has more than the list without it. Friendships bear no date: some may have begun because
two people had listened to the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from statistics import mean

import numpy as np
import torch

from bench.datasets import dataset
from bench.lastfm import Listening, listening
from bench.progress import say
from bench.result import Result, shown
from bench.voices import Friends, Voice, Words, shuffled
from models.contender import Neural
from recaug.batch import Int64, Sequences
from recaug.evaluation import Bool, Score, Scores, Targets, hits, ndcg
from recaug.evaluation.fused import fused
from recaug.evaluation.intervals import compare
from recaug.evaluation.others import Others
from recaug.evaluation.ranking import rank
from recaug.evaluation.splits import Fold, split
from recaug.evaluation.weighing import choose
from recaug.fusion import best_by_length, bucket, evidence

DATA = "lastfm-hetrec"
SEEDS = (0, 1, 2)
#: Processor seconds that the model trains for in each period.
TRAINED_S, QUICK_S = 20.0, 1.0
#: Targets of a period, and of what validates it, most.
TESTED, VALIDATED = 2_000, 1_000
#: Targets scored at once: no more than `rank` asks for at once.
BLOCK = 64
#: What a factor e of a voice's votes may be worth, in units of the model's log-odds.
WEIGHTS = (0.0, 0.1, 0.25, 0.5, 1.0)
#: Each signal, and its control.
ARMS = {"friends": "friends dealt anew", "words": "words dealt anew"}
#: Events of a user up to which little is known of it.
COLD = 2
METRICS = {"HR@10": hits, "NDCG@10": ndcg}

#: A voice, given the events that it may learn from.
Makers = Mapping[str, Callable[[Bool], Voice]]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Where each arm puts the same targets, and whose they are."""

    users: Int64  # (T,)
    lengths: Int64  # (T,) events before the target
    places: dict[str, Int64]  # (T,) by arm; "none" is the list alone


def run(quick: bool) -> Iterator[Result]:
    torch.set_num_threads(1)
    place, seeds = dataset(DATA), SEEDS[:1] if quick else SEEDS
    found, seconds = [], []
    for seed in seeds:
        began_s = time.process_time()
        found.append(ranked(listening(place, seed), seed, QUICK_S if quick else TRAINED_S))
        seconds.append(time.process_time() - began_s)
        alone = 100 * float(ndcg(found[-1].places["none"]).mean())
        say(f"social, seed {seed}: NDCG@10 {shown(alone)} % without, {seconds[-1]:.0f} s")
    yield from results(_joined(found), seeds=len(seeds), cpu_s=round(mean(seconds)))


def results(found: Ranked, **about: float) -> Iterator[Result]:
    """Each signal beside its control, for everybody and for those of whom little is known."""
    parts = {"all": np.ones(len(found.users), np.bool_), "cold": found.lengths <= COLD}
    for (arm, control), (part, mask) in product(ARMS.items(), parts.items()):
        for name, metric in METRICS.items():
            own, other, none = (
                100 * metric(found.places[which][mask]) for which in (arm, control, "none")
            )
            gain = compare(own, other, found.users[mask])
            yield Result.of_rates(
                "social", [own.mean()], control, [other.mean()], f"% {name}",
                data="Last.fm HetRec", signal=arm, part=part, targets=int(mask.sum()),
                gain=gain.mean, low=gain.low, high=gain.high,
                over_none=float((own - none).mean()), **about,
            )  # fmt: skip


def ranked(given: Listening, seed: int, trained_s: float) -> Ranked:
    """Go through the periods, with every arm in each."""
    torch.manual_seed(seed)
    folds = split(given.data, "periods", seed).folds
    source = folds[0].source
    served = Served(source, seed, trained_s)
    makers = _makers(given, source, seed)
    ends = [*(fold.before for fold in folds[1:]), np.ones(len(source.rows), np.bool_)]
    return _joined(
        [_period(_fold(*pair), served, makers) for pair in zip(folds, ends, strict=True)]
    )


class Served:
    """The list of all three scorers, which learns period by period."""

    def __init__(self, source: Sequences, seed: int, trained_s: float) -> None:
        self._others = Others(source)
        self._neural = Neural(
            "neural", None, lambda: trained_s, torch.device("cpu"), seed, lambda *_: None,
            clock=time.process_time,
        )  # fmt: skip

    def learn(self, fold: Fold) -> tuple[Scores, Scores]:
        """Scores of what validates, which no scorer has learned from, and of the test, (T, N)."""
        neural, others = self._neural, self._others
        neural.fit(fold)
        counts = np.bincount(fold.source.rows[fold.known], minlength=len(fold.counts))
        others.learn(fold.known, counts, counts == 0)
        fusion = choose(fold, neural.score_known, others)
        validation = _held(fused(neural.score_known, fusion, others), fold.validation)
        others.learn(fold.before, fold.counts, fold.counts == 0)
        return validation, _held(fused(neural.score, fusion, others), fold.test)


def _period(fold: Fold, served: Served, makers: Makers) -> Ranked:
    validation, test = served.learn(fold)
    lengths = fold.test.at - fold.test.starts
    users = np.searchsorted(fold.source.starts, fold.test.starts, "right") - 1
    places = {}
    for arm, make in makers.items():
        gains = ndcg(_places(fold, fold.validation, validation, make(fold.known)))
        best = best_by_length(fold.validation.at - fold.validation.starts, gains)
        tried = _places(fold, fold.test, test, make(fold.before))
        places[arm] = tried[np.arange(len(tried)), best[bucket(lengths)]]
        places["none"] = tried[:, 0]  # a weight of nothing
    return Ranked(users, lengths, places)


def _makers(given: Listening, source: Sequences, seed: int) -> Makers:
    rng, place = np.random.default_rng(seed), np.argsort(source.order)
    typed = np.column_stack([place[given.typed[:, 0]], given.typed[:, 1]])
    friends = Friends(source, given.friends), Friends(source, shuffled(given.friends, rng))
    return {
        "friends": lambda _: friends[0],
        ARMS["friends"]: lambda _: friends[1],
        "words": partial(Words, source, typed),
        ARMS["words"]: partial(Words, source, shuffled(typed, rng)),
    }


def _fold(fold: Fold, end: Bool) -> Fold:
    """With first events among the targets, too; `end` (n,) are the events up to its own end."""
    source = fold.source
    return replace(
        fold,
        validation=_targets(source, fold.before & ~fold.known, VALIDATED),
        test=_targets(source, end & ~fold.before, TESTED),
    )


def _targets(source: Sequences, chosen: Bool, most: int) -> Targets:
    at = np.flatnonzero(chosen)
    at = at[np.lexsort((source.order[at], source.times_ms[at]))]
    at = at[np.linspace(0, len(at) - 1, min(most, len(at))).astype(np.int64)]
    starts = source.starts[source.owners()[at]]
    return Targets(at, starts, source.rows[at], source.times_ms[at])


def _held(score: Score, wanted: Targets) -> Scores:
    parts = [score(wanted.part(block)) for block in _blocks(wanted)]
    return np.concatenate(parts).astype(np.float32)


def _blocks(wanted: Targets) -> list[slice]:
    return [slice(at, at + BLOCK) for at in range(0, len(wanted), BLOCK)]


def _places(fold: Fold, wanted: Targets, scores: Scores, voice: Voice) -> Int64:
    """Of each target with the voice at each memory and weight, (T, C), the first without it."""
    found = []
    for block in _blocks(wanted):
        part = wanted.part(block)
        said = [evidence(voice.votes(part, fold.size, memory)) for memory in voice.MEMORIES]
        lines = [scores[block] + weight * one for one, weight in product(said, WEIGHTS)]
        found.append([_unseen(fold, part, line) for line in lines])
    return np.concatenate(found, axis=1).T


def _unseen(fold: Fold, part: Targets, scores: Scores) -> Int64:
    return rank(lambda _: scores, fold.source, part, fold.size).unseen


def _joined(each: Sequence[Ranked]) -> Ranked:
    places = {arm: np.concatenate([one.places[arm] for one in each]) for arm in each[0].places}
    users, lengths = (
        np.concatenate([getattr(one, name) for one in each]) for name in ("users", "lengths")
    )
    return Ranked(users, lengths, places)
