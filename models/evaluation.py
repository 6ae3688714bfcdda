"""`recaug evaluate`, the part that needs torch: our model among the baselines, within a budget."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from models.contender import Neural, Texts
from models.device import choose
from models.peer import RecTools, interpreter
from models.recipes import Plan
from models.sequence import Shape
from models.text_rows import Float32
from models.train import Recipe
from recaug.augment.mix import NOTHING
from recaug.evaluation.baselines.itemknn import ItemKnn
from recaug.evaluation.baselines.popular import Popular
from recaug.evaluation.baselines.sessionknn import Sessions
from recaug.evaluation.contenders import Contender
from recaug.evaluation.dataset import DataSet, read
from recaug.evaluation.fused import Fused
from recaug.evaluation.report import Figures, report
from recaug.evaluation.run import Say, run
from recaug.evaluation.splits import SPLITS, TESTED, Split, most, split
from recaug.replay import Choice
from recaug.settings import Settings
from recaug.text import TextEncoder

#: Of the budget that training gets at least, however long the baselines took.
LEAST = 0.2
#: Of the time that is left, what the baseline that trains takes, and a peer: as much as ours.
BASELINE, PEER = 0.2, 0.5
#: Of the budget, what is kept for the report.
REPORT = 0.03
#: Texts encoded between two words of progress.
ENCODED = 512

#: What SASRec was published with: one negative for each positive, nothing else.
SASREC = Plan("sasrec", Shape(), Recipe(loss="one negative", mix=NOTHING), placed=False)


@dataclass(frozen=True, slots=True)
class Terms:
    """What `recaug evaluate` was asked for."""

    data: Path
    split: str  # of `SPLITS`; empty: what fits the data
    budget_s: float
    device: str
    seed: int
    models: tuple[str, ...]
    choice: Choice = field(default_factory=Choice)  # which column is what, where that was said


def evaluate(terms: Terms, began_s: float, say: Say, tell: Callable[[str], None]) -> Figures:
    """Evaluate as asked; `say` hears of progress and `tell` what a person should know.

    `began_s` is when the budget began, by `time.monotonic`. Raises Failure where the data cannot be
    read or split, or the device is not there.
    """
    torch.manual_seed(terms.seed)
    place = choose(terms.device)
    data = read(terms.data, lambda count: say("read", "events", count, 0), terms.choice)
    tell(f"{terms.data.name}: {data.note}")
    divided = split(data, terms.split, terms.seed)
    tell(_told(data, divided))
    end_s = began_s + terms.budget_s * (1 - REPORT)
    contenders = _contenders(terms, end_s, data, divided, place, say)
    if "rectools" in set(terms.models) - {one.name for one in contenders}:
        tell("rectools is left out: it is not installed (python -m bench train installs it)")
    results = run(contenders, divided, say)
    return report(str(terms.data), divided, results, time.monotonic() - began_s, terms.seed)


def _told(data: DataSet, divided: Split) -> str:
    sizes = [len(fold.test) for fold in divided.folds]
    full = [most(TESTED, fold.size) for fold in divided.folds]
    cut = any(size == limit for size, limit in zip(sizes, full, strict=True))
    thinned = f", thinned to {max(full):,} at once" if cut else ""
    return (
        f"{len(data.users):,} events, {len(data.item_ids):,} items; {SPLITS[divided.name]}, "
        f"{divided.why}; {sum(sizes):,} targets{thinned}"
    )


class Purse:
    """Seconds that a contender may take for each fold in turn: its share of what is left.

    Who takes all of it leaves so much for everybody else as they took of the fold before.
    """

    def __init__(
        self, end_s: float, least_s: float, folds: int, share: float,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._end_s, self._least_s, self._left, self._share = end_s, least_s, folds, share
        self._clock_s = clock_s
        self._asked_s, self._given_s = math.inf, 0.0

    def __call__(self) -> float:
        now_s = self._clock_s()
        others_s = max(0.0, now_s - self._asked_s - self._given_s) if self._share == 1.0 else 0.0
        left_s = max((self._end_s - now_s) / self._left - others_s, self._least_s / self._left)
        self._left -= 1
        self._asked_s, self._given_s = now_s, self._share * left_s
        return self._given_s


def _contenders(
    terms: Terms, end_s: float, data: DataSet, divided: Split, place: torch.device, say: Say
) -> list[Contender]:
    def purse(share: float) -> Purse:
        least_s = LEAST * terms.budget_s
        return Purse(end_s, least_s, len(divided.folds), share if both else 1.0)

    both = {"neural", "ours"} & set(terms.models)
    texts = Texts(divided.vocabulary, vectors(data, say) if both else {})
    sasrec = Neural("sasrec", SASREC, purse(BASELINE), place, terms.seed, say)
    neural = Neural("neural", None, purse(1.0), place, terms.seed, say, texts)
    # Where both are asked for, the first has trained on the fold when the second's turn comes.
    learn = (lambda _: None) if "neural" in both else neural.fit
    makers: dict[str, Callable[[], Contender]] = {
        "popular": Popular,
        "itemknn": ItemKnn,
        "vsknn": Sessions,
        "sasrec": lambda: sasrec,
        **_peers(terms, purse),
        "neural": lambda: neural,
        "ours": lambda: Fused("ours", learn, neural.score_known, neural.score),
    }
    return [make() for name, make in makers.items() if name in terms.models]


def _peers(
    terms: Terms, purse: Callable[[float], Callable[[], float]]
) -> dict[str, Callable[[], Contender]]:
    python = interpreter()
    if python is None:
        return {}
    return {"rectools": lambda: RecTools(python, purse(PEER), terms.seed)}


def vectors(data: DataSet, say: Say) -> dict[str, Float32]:
    """The texts' vectors by item id, from the encoder that serves; none where there is no text."""
    items = list(data.texts)
    if not items:
        return {}
    from models.text import prepared  # a second of imports, where there are texts

    encoder, vectors = TextEncoder.load(prepared(Settings())), list[Float32]()
    for at in range(0, len(items), ENCODED):
        say("text", "encodes", at, len(items))
        vectors += list(encoder.encode([data.texts[item] for item in items[at : at + ENCODED]]))
    return dict(zip(items, vectors, strict=True))
