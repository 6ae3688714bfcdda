"""From a log to rows that nobody did, and to attributes for items that have none.

A generator takes at most `SHARE` of a run's processor time; it knows the commonest items alone, and
short sequences. What it makes is asked for, at the weight of its augmenter: unlike a view, a row of
which nothing is asked would teach nothing. Kinds and gaps are drawn from the log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.augment import gan, vae
from models.augment.decoder import Decoder, Study, noise
from models.batches import Log, cut
from recaug.augment.mix import Mix
from recaug.augment.registry import Place
from recaug.augment.rows import Origin, Rows, joined
from recaug.batch import FIRST_ROW, PAD_ROW, Float32, Int64

#: Of a run's time what one generator may take, steps after which it is done anyway, and without
#: which it makes nothing: that would be noise.
SHARE, STEPS, LEAST = 0.15, 400, 40
#: Items that are synthesised, most; places of a synthetic sequence; sequences of a run, most.
COMMON, PLACES, MOST = 2_000, 16, 5_000
#: Sequences made at once.
TOGETHER = 256
#: Synthetic events of an item from which on their mean attributes stand for its own.
GUESSED = 3

Over = Callable[[], bool]
Gone = Callable[[], float]  # part of the time, 1 when it is over


def _vae(study: Study, gone: Gone, seed: int) -> tuple[Decoder, int]:
    decoder, losses = vae.fit(study, STEPS, gone, seed)
    return decoder, len(losses)


def _gan(study: Study, gone: Gone, seed: int) -> tuple[Decoder, int]:
    decoder, course = gan.fit(study, STEPS, gone, seed)
    return decoder, len(course.likelihood)


#: A generator and how many steps it has learned for.
FITS: Mapping[str, Callable[[Study, Gone, int], tuple[Decoder, int]]] = {"vae": _vae, "gan": _gan}


@dataclass(frozen=True, slots=True)
class Synthetic:
    """Rows to train on beside the observed ones, and the text of all items, completed."""

    rows: Rows
    text: Float32  # (N, q)


@dataclass(frozen=True, slots=True)
class Source:
    """A log as generators see it."""

    study: Study
    table: Int64  # (K + 1,) the row of the item table that each number stands for
    kinds: Int64  # (n,) of known events
    gaps_ms: Int64  # (n,) each event's distance from the one before


def synthesise(
    log: Log, mix: Mix, text: Tensor, length: int, budget_s: float, over: Over, seed: int
) -> Synthetic | None:
    """Rows of `length` + 1 events by every generator in the mix, or None without any.

    `text` (N, q) is that of the whole table, 0 where there is none; `budget_s` that of the run.
    """
    shares = mix.at(Place.ROWS)
    if not shares:
        return None
    rng, made = np.random.default_rng(seed), list[Rows]()
    seen = cut(log, length, rng)
    source = read(seen, log, text)
    if not len(source.study.items):
        return None
    filled = text.cpu().numpy().copy()
    for name, share in shares.items():
        decoder, steps = FITS[name](source.study, _gone(over, SHARE * budget_s), seed)
        count = min(MOST, int(share * len(seen.items))) if steps >= LEAST else 0
        items, attributes = generate(decoder, source, count, seed)
        made.append(_rows(items, source, length + 1, Origin[name.upper()], rng))
        filled = completed(filled, items, attributes)
    rows = made[0]
    for more in made[1:]:
        rows = joined(rows, more)
    return Synthetic(rows, filled)


def read(seen: Rows, log: Log, text: Tensor) -> Source:
    """Number the commonest items and lay their sequences out from the left."""
    counts = np.bincount(seen.items.ravel(), minlength=len(text))
    counts[:FIRST_ROW] = 0
    table = np.concatenate([[PAD_ROW], np.argsort(-counts, kind="stable")[:COMMON]])
    table = table[: 1 + int((counts > 0).sum())]
    number = np.zeros(len(text), np.int64)
    number[table] = np.arange(len(table))
    items = number[seen.items]
    newest = _packed(items, right=True)[:, -PLACES:]
    short = _packed(newest[(newest > 0).sum(1) >= 2], right=False)
    device = text.device
    study = Study(torch.from_numpy(short).to(device), text[torch.from_numpy(table).to(device)])
    owners, times = log.source.owners(), log.source.times_ms
    inside = log.known[1:] & (np.diff(owners) == 0)
    gaps = np.maximum(np.diff(times), 0)[inside]
    return Source(study, table, log.source.kinds[1:][inside], gaps)


@torch.no_grad()
def generate(decoder: Decoder, source: Source, count: int, seed: int) -> tuple[Int64, Float32]:
    """Rows of the item table (`count`, W), laid out from the left, and their attributes."""
    generator, device = torch.Generator().manual_seed(seed), decoder.bias.device
    width, items, attributes = source.study.items.shape[1], list[Int64](), list[Float32]()
    for start in range(0, count, TOGETHER):
        drawn = noise(min(TOGETHER, count - start), generator, device)
        made = decoder.make(drawn, width, generator, soft=False)
        items.append(source.table[made.items.cpu().numpy()])
        attributes.append(made.attributes.cpu().numpy())
    if not items:
        return np.zeros((0, width), np.int64), np.zeros((0, width, 0), np.float32)
    return np.concatenate(items), np.concatenate(attributes)


def completed(text: Float32, items: Int64, attributes: Float32) -> Float32:
    """`text` (N, q) with the mean attributes of their synthetic events for items without any."""
    at = items > 0
    counts = np.bincount(items[at], minlength=len(text))
    sums = np.zeros_like(text)
    if at.any():
        np.add.at(sums, items[at], attributes[at])
    empty = ~text.any(1) & (counts >= GUESSED)
    filled = text.copy()
    length = np.linalg.norm(sums[empty], axis=1, keepdims=True)
    filled[empty] = sums[empty] / np.maximum(length, 1e-9)
    return filled


def _rows(
    items: Int64, source: Source, width: int, origin: Origin, rng: np.random.Generator
) -> Rows:
    """Right-aligned, of `width` places, with kinds and gaps of events of the log."""
    count = len(items)
    placed = np.zeros((count, width), np.int64)
    kept = min(width, items.shape[1])
    placed[:, width - kept :] = _packed(items, right=True)[:, -kept:]
    there = placed > 0
    drawn = rng.integers(0, len(source.gaps_ms), placed.shape)
    times = np.cumsum(np.where(there, source.gaps_ms[drawn], 0), axis=1)
    return Rows(
        placed, np.where(there, source.kinds[drawn], 0), np.where(there, times, 0), there,
        np.full(count, origin, np.int8), np.full(count, -1),
    )  # fmt: skip


def _packed(items: Int64, right: bool) -> Int64:
    """Without the places that are 0 between, (B, W)."""
    order = np.argsort((items > 0) == right, axis=1, kind="stable")
    return np.take_along_axis(items, order, 1)


def _gone(over: Over, allowed_s: float) -> Gone:
    began_s = time.process_time()
    return lambda: 1.0 if over() else (time.process_time() - began_s) / max(allowed_s, 1e-9)
