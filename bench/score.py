"""Ranking a whole catalogue for a batch of histories: what serving runs beside the model in torch.

Ours is `Scorer.score`, from arrays to ranked rows. The peer is the trained model as it stands, in
eager mode: the same weights, all scores by one product, the filter, `torch.topk`. One thread each;
on a card, if there is one, both are on it. int8 (fp16 on a card) searches with rounded scores and
ranks in fp32; `overlap` is how many of the first 20 it shares with fp32, among random directions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.result import Result
from models.export import export
from models.recipes import RATINGS
from models.sequence import MASKED, Ranker, SequenceModel
from recaug.batch import FIRST_ROW, Batch
from recaug.provider import provider_of, session
from recaug.score import Scorer, assemble
from recaug.settings import Settings
from recaug.table import ItemTable

LENGTH, TOP, COMPARED = 50, 10, 20
ITEMS, BATCHES = (10_000, 100_000, 1_000_000), (1, 8, 64)
#: Seconds spent on one size of catalogue and batch, and rounds at least.
SPENT_S, QUICK_S, ROUNDS = 15.0, 1.5, 5
PEER = "torch eager"


def run(quick: bool) -> Iterator[Result]:
    """Batches of 1, 8 and 64 over ten thousand to a million items, in each precision."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for items in ITEMS:
        model = SequenceModel(RATINGS.shape, items + FIRST_ROW).eval()
        ours = _scorers(model)
        for size in BATCHES:
            yield from _compare(ours, model, items, size, QUICK_S if quick else SPENT_S)


def _scorers(model: SequenceModel) -> dict[str, Scorer]:
    """One for each precision there is where ONNX Runtime computes here."""
    vectors = model.unit().detach().numpy()
    items = [f"i{n}" for n in range(len(vectors) - FIRST_ROW)]
    table = ItemTable(vectors, items, len(items))
    graph = session(export(model), Settings())
    device = provider_of(graph)
    rounds = "fp16" if device == "cuda" else "int8"
    made = {}
    for precision in ("fp32", rounds):
        wanted = Settings.model_validate({"precision": precision})
        made[precision] = Scorer(*assemble(graph, table, wanted), table, None, device)
    return made


def _compare(
    ours: Mapping[str, Scorer], model: SequenceModel, items: int, size: int, seconds: float
) -> Iterator[Result]:
    batch, seen = _histories(items, size)
    works: dict[str, Callable[[], object]] = {
        name: lambda scorer=scorer: scorer.score(batch, seen, TOP)  # type: ignore[misc]
        for name, scorer in ours.items()
    }
    provider = next(iter(ours.values())).provider
    works[PEER] = _eager(model, batch, seen, provider)
    spent = _times(works, seconds)
    rates = {name: [size / took for took in times] for name, times in spent.items()}
    for name, scorer in ours.items():
        p50, p99 = np.percentile(spent[name], (50, 99)) * 1_000
        about = {
            "items": items, "batch": size, "precision": name, "provider": provider,
            "p50_ms": round(p50, 2), "p99_ms": round(p99, 2),
        }  # fmt: skip
        yield Result.of_rates("score", rates[name], PEER, rates[PEER], "lists/s", **about)
        if name != "fp32":
            about["overlap"] = round(_overlap(scorer, ours["fp32"], batch, seen), 4)
            both = rates[name], "ours fp32", rates["fp32"]
            yield Result.of_rates("score", *both, "lists/s", **about)


def _times(works: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, list[float]]:
    """Seconds each took, in turn, round after round."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(spent[PEER]) < ROUNDS:
        for name, work in works.items():
            began = time.perf_counter()
            work()
            spent[name].append(time.perf_counter() - began)
    return spent


def _histories(items: int, size: int) -> tuple[Batch, Any]:
    """Full histories of clicks within the hour, and the same items as rows to leave out."""
    rng = np.random.default_rng(0)
    rows = rng.integers(FIRST_ROW, items, (size, LENGTH))  # (B, L)
    gaps = rng.uniform(0, 3_600, rows.shape).astype(np.float32)
    return Batch(rows, np.ones_like(rows), gaps), rows.copy()


def _eager(model: SequenceModel, batch: Batch, seen: Any, device: str) -> Callable[[], object]:
    ranker = Ranker(model.encoder).eval().to(device)
    table = model.unit().detach().to(device)  # (N, d)
    bias = torch.zeros(len(table), device=device)  # (N,)
    bias[:FIRST_ROW] = MASKED
    given = (batch.items, batch.kinds, batch.gaps, seen)

    def work() -> tuple[Tensor, Tensor]:
        with torch.inference_mode():
            items, kinds, gaps, rows = (torch.from_numpy(array).to(device) for array in given)
            scores, best = ranker(items, kinds, gaps, table, bias, rows, torch.tensor([TOP]))
            return scores.cpu(), best.cpu()

    return work


def _overlap(one: Scorer, other: Scorer, batch: Batch, seen: Any) -> float:
    pairs = zip(*(scorer.score(batch, seen, COMPARED)[1] for scorer in (one, other)), strict=True)
    return float(np.mean([len(set(a) & set(b)) / COMPARED for a, b in pairs]))
