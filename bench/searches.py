"""What reading searches is worth, and what it costs.

The simulated shop: so many events teach a model, neighbours and popularity as the service does it;
as many after them are answered in order by the service's own `Recommender`, and each list is
judged by what its user acts on next. `ours` is NDCG@10 of the lists that answer a search, the peer
the same with the words unread; `newcomers` are users with two events at most. Clicks are answered
alike. What shoppers type is made of words of the item they are after: people's queries are harder.

`encoder`: milliseconds for new queries of those shoppers, one and sixteen at once; a query that
was asked lately costs nothing. `index`: for finding what a query is for among so many items.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.progress import say
from bench.result import Result
from models import finetune, job, text
from recaug.batch import Float32
from recaug.buffer import RollingBuffer
from recaug.events import KINDS, items_of, user_key
from recaug.history import History
from recaug.item_text import text_of
from recaug.message import Request
from recaug.prequential.record import Cell, add
from recaug.recommend import Recommender
from recaug.registry import Registry
from recaug.searched import Encode, query
from recaug.settings import Settings
from recaug.simulate import World
from recaug.text import TextEncoder
from recaug.text_index import TextIndex

PEOPLE, EVERY_MS, START_MS = 2_000, 5, 1_764_000_000_000
#: Goods, and events learned from, of which as many are then answered.
SHOPS = ((2_000, 16_000), (20_000, 32_000))
TRAINED_S, QUICK_S = 25.0, 5.0
#: Events answered at once.
BATCH = 20
INDEXED = (2_000, 100_000, 1_000_000)
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shop:
    goods: dict[str, Event]
    vectors: Float32  # (N, t) of their texts
    learned: list[Event]
    asked: list[Event]


def run(quick: bool) -> Iterator[Result]:
    settings = Settings()
    encoder = TextEncoder.load(text.prepared(settings))
    shop = None
    for goods, events in SHOPS[: 1 if quick else None]:
        shop = _shop(encoder, goods, events)
        with TemporaryDirectory() as place:
            _train(Path(place), shop, QUICK_S if quick else TRAINED_S)
            cells = [_answered(Path(place), shop, read) for read in (encoder.encode, None)]
        yield _worth(goods, *cells)
    assert shop is not None
    yield from _encoding(encoder, shop, 50 if quick else 300)
    yield from (_finding(items, encoder.width) for items in INDEXED[: 2 if quick else None])


def _shop(encoder: TextEncoder, goods: int, events: int) -> Shop:
    world = World(1, PEOPLE, goods)
    documents = {item.item_id: item.document(START_MS) for item in world.items}
    say(f"searches: encodes {goods} goods")
    vectors = encoder.encode([text_of(document) for document in documents.values()])
    happened = [world.event(START_MS + EVERY_MS * number) for number in range(2 * events)]
    return Shop(documents, vectors, happened[:events], happened[events:])


def _train(place: Path, shop: Shop, budget_s: float) -> None:
    buffer = RollingBuffer(500_000, 10**10)
    for event in shop.learned:
        for item in items_of(event):
            kind, at_ms = KINDS[event["event"]], event["timestamp"]
            buffer.extend([user_key(event)], [item], [kind], [at_ms])
    buffer.save(place / "buffer.npz")
    ids = np.frombuffer("\n".join(shop.goods).encode(), np.uint8)
    np.savez(place / "vectors.npz", ids=ids, vectors=shop.vectors.astype(np.float16))
    terms = {"registry": str(place / "registry"), "name": "main", "budget_s": budget_s}
    (place / "job.json").write_text(json.dumps({**terms, "device": "cpu"}))
    began_s = time.process_time()
    finetune.fine_tune(job.read(place), lambda: time.process_time() - began_s, lambda *_: None)


def _answered(place: Path, shop: Shop, read: Encode | None) -> list[Cell]:
    """What the lists were worth that answer `asked`."""
    recommender, histories = Recommender(Settings()), dict[str, History]()
    for (item, document), vector in zip(shop.goods.items(), shop.vectors, strict=True):
        recommender.item(item, document)
        recommender.vector(item, vector)
    for event in shop.learned:
        recommender.popular(event)
        histories.setdefault(user_key(event), History()).fold(event)
    registry = Registry(place / "registry")
    recommender.swap(registry.open("main", registry.versions("main")[-1]))
    if read is not None:
        recommender.read(read)
    cells = list[Cell]()
    for first in range(0, len(shop.asked), BATCH):
        some = shop.asked[first : first + BATCH]
        now_ms = float(some[-1]["timestamp"])
        recommender.answer(_requests(some, first, histories), now_ms)
        cells += [cell for record in recommender.judge(now_ms) for cell in record.cells]
        for event in some:
            recommender.popular(event)
    return cells + [cell for record in recommender.judge(now_ms + 60_000) for cell in record.cells]


def _requests(some: Sequence[Event], first: int, histories: dict[str, History]) -> list[Request]:
    requests = []
    for offset, event in enumerate(some, first):
        history = histories.setdefault(user_key(event), History())
        history.fold(event)
        if event["event"] in Settings().answer:
            at_ms = float(event["timestamp"])
            requests.append(Request(event, history.copy(), "recaug.events", 0, offset, at_ms))
    return requests


def _worth(goods: int, read: list[Cell], unread: list[Cell]) -> Result:
    def ndcg(cells: list[Cell], source: str, bucket: str = "") -> float:
        some = [c for c in cells if c.source == source and bucket in ("", c.bucket)]
        total = add(some)
        return total.served.ndcg / max(1, total.targets)

    config = {
        "goods": goods, "targets": sum(c.targets for c in read if c.source == "searches"),
        "newcomers": ndcg(read, "searches", "new"), "unread": ndcg(unread, "searches", "new"),
        "clicks": ndcg(read, "clicks"), "clicks_unread": ndcg(unread, "clicks"),
    }  # fmt: skip
    found = [ndcg(cells, "searches") for cells in (read, unread)]
    return Result.of_rates("searches", found[:1], "unread", found[1:], "NDCG@10", **config)


def _encoding(encoder: TextEncoder, shop: Shop, rounds: int) -> Iterator[Result]:
    events = shop.learned + shop.asked
    said = [one for one in dict.fromkeys(map(query, events)) if one]
    for size in (1, 16):
        groups = [said[at : at + size] for at in range(0, len(said) - size, size)][:rounds]
        yield _timed("encoder", [(encoder.encode, group) for group in groups], at_once=size)


def _finding(items: int, width: int) -> Result:
    rng = np.random.default_rng(0)
    index = TextIndex(width, Settings())
    some = rng.standard_normal((1_000, width)).astype(np.float32)
    some /= np.linalg.norm(some, axis=1, keepdims=True)
    for number in range(items):
        index.put(str(number), some[number % len(some)])
    jobs = [(lambda one: index.near(one, 100), some[n : n + 1]) for n in range(20)]
    return _timed("index", jobs, items=items)


def _timed(name: str, jobs: Sequence[tuple[Any, Any]], **config: Any) -> Result:
    run, given = jobs[0]
    run(given)
    times = []
    for run, given in jobs:
        began_s = time.perf_counter()
        run(given)
        times.append(1_000.0 * (time.perf_counter() - began_s))
    config["p99_ms"] = float(np.percentile(times, 99))
    return Result.alone("searches", times, "ms", what=name, **config)
