"""`recaug evaluate`, the part that needs torch: our model among the baselines, within a budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from models.contender import Neural, Texts
from models.device import choose
from models.sequence import Shape
from models.text_rows import Float32
from models.train import Recipe
from recaug.evaluation.baselines.itemknn import ItemKnn
from recaug.evaluation.baselines.popular import Popular
from recaug.evaluation.baselines.sessionknn import Sessions
from recaug.evaluation.contenders import Contender
from recaug.evaluation.dataset import DataSet, read
from recaug.evaluation.fused import Fused
from recaug.evaluation.report import Figures, report
from recaug.evaluation.run import Say, run
from recaug.evaluation.splits import MOST_TESTED, SPLITS, Split, split
from recaug.settings import Settings
from recaug.text import TextEncoder

#: Of the budget that training gets at least, however long the baselines took.
LEAST = 0.2
#: Of the time that is left, what the baseline that trains takes.
BASELINE = 0.2
#: Of the budget, what is kept for the report.
REPORT = 0.03
#: Titles encoded between two words of progress.
ENCODED = 512

#: What SASRec was published with: one negative for each positive, and no views.
SASREC = Recipe(loss="one negative", views=0.0)


@dataclass(frozen=True, slots=True)
class Terms:
    """What `recaug evaluate` was asked for."""

    data: Path
    split: str  # of `SPLITS`; empty: what fits the data
    budget_s: float
    device: str
    seed: int
    models: tuple[str, ...]


def evaluate(terms: Terms, began_s: float, say: Say, tell: Callable[[str], None]) -> Figures:
    """Evaluate as asked; `say` hears of progress and `tell` what a person should know.

    `began_s` is when the budget began, by `time.monotonic`. Raises Failure where the data cannot be
    read or split, or the device is not there.
    """
    torch.manual_seed(terms.seed)
    place = choose(terms.device)
    data = read(terms.data, lambda count: say("read", "events", count, 0))
    tell(f"{terms.data.name}: {data.note}")
    divided = split(data, terms.split, terms.seed)
    tell(_told(data, divided))
    end_s = began_s + terms.budget_s * (1 - REPORT)
    contenders = _contenders(terms, end_s, data, divided, place, say)
    results = run(contenders, divided, say)
    return report(str(terms.data), divided, results, time.monotonic() - began_s, terms.seed)


def _told(data: DataSet, divided: Split) -> str:
    sizes = [len(fold.test) for fold in divided.folds]
    thinned = f", thinned to {MOST_TESTED:,} at once" if max(sizes) == MOST_TESTED else ""
    return (
        f"{len(data.users):,} events, {len(data.item_ids):,} items; {SPLITS[divided.name]}, "
        f"{divided.why}; {sum(sizes):,} targets{thinned}"
    )


def _contenders(
    terms: Terms, end_s: float, data: DataSet, divided: Split, place: torch.device, say: Say
) -> list[Contender]:
    def time_s(share: float) -> Callable[[], float]:
        return lambda: share * max(end_s - time.monotonic(), LEAST * terms.budget_s)

    both = {"neural", "ours"} & set(terms.models)
    baseline, folds = time_s(BASELINE if both else 1.0), len(divided.folds)
    texts = Texts(divided.vocabulary, _vectors(data, say) if both else {})
    sasrec = Neural("sasrec", SASREC, baseline, folds, place, terms.seed, say)
    neural = Neural("neural", None, time_s(1.0), folds, place, terms.seed, say, texts)
    # Where both are asked for, the first has trained on the fold when the second's turn comes.
    learn = (lambda _: None) if "neural" in both else neural.fit
    makers: dict[str, Callable[[], Contender]] = {
        "popular": Popular,
        "itemknn": ItemKnn,
        "vsknn": Sessions,
        "sasrec": lambda: sasrec,
        "neural": lambda: neural,
        "ours": lambda: Fused("ours", learn, neural.score, Shape().temperature),
    }
    return [make() for name, make in makers.items() if name in terms.models]


def _vectors(data: DataSet, say: Say) -> dict[str, Float32]:
    """The titles' vectors by item id, from the encoder that serves; none where it is not there."""
    items = list(data.titles)
    if not items:
        return {}
    encoder, vectors = TextEncoder.load(Settings().encoder_dir), list[Float32]()
    for at in range(0, len(items), ENCODED):
        say("text", "encodes", at, len(items))
        vectors += list(encoder.encode([data.titles[item] for item in items[at : at + ENCODED]]))
    return dict(zip(items, vectors, strict=True))
