"""A model is exchanged while lists are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from recaug.recommend import Recommender
from recaug.registry import CorruptBundle
from recaug.score import Unservable
from tests.recaug import tiny
from tests.recaug.asking import (
    NOW,
    SETTINGS,
    TEXT_MAP,
    VECTORS,
    check,
    click,
    ids,
    one,
    popular,
    request,
    served,
)


def test_a_swap_keeps_what_happened_to_items_and_counts(tmp_path: Path) -> None:
    recommender = Recommender(SETTINGS)
    recommender.item("a2", None)
    recommender.item("new", {"name": "new"})
    recommender.vector("new", np.array([0.9375, 0, 0], np.float16))
    for n in range(600):
        recommender.item(f"n{n}", {"name": "n"})
        recommender.vector(f"n{n}", np.array([0.5, 0, 0], np.float16))
    popular(recommender, b1=2)
    for version in ("v1", "v2"):
        recommender.swap(tiny.bundle(tmp_path, VECTORS, version, text_map=TEXT_MAP))
        message = one(recommender, request("a1"))
        assert ids(message)[:2] == ["new", "ab"]
        assert message["candidate_count"] == 605
        assert message["model"]["version"] == recommender.model["version"] == version
        assert ids(one(recommender, request()))[0] == "b1"


def test_an_item_the_next_model_learned_takes_its_learned_vector(tmp_path: Path) -> None:
    recommender = served(tmp_path, text_map=TEXT_MAP)
    recommender.item("new", {"name": "new"})
    recommender.vector("new", np.array([0, 1, 0], np.float16))
    assert "new" not in ids(one(recommender, request("a1")))
    learned = {**VECTORS, "new": [1, 0]}
    recommender.swap(tiny.bundle(tmp_path, learned, "v2", text_map=TEXT_MAP))
    assert ids(one(recommender, request("a1")))[0] == "new"
    recommender.swap(tiny.bundle(tmp_path, VECTORS, "v3", text_map=TEXT_MAP))
    assert ids(one(recommender, request("b1")))[0] == "new"


def test_the_popularity_of_a_bundle_is_taken_once(tmp_path: Path) -> None:
    recommender = Recommender(SETTINGS)
    popular(recommender, b1=3)
    counts = {"at_ms": NOW, "scores": {"a1": 2.0, "b1": 2.0}}
    for version in ("v1", "v2", "v3"):
        recommender.swap(tiny.bundle(tmp_path, VECTORS, version, popularity=counts))
    message = one(recommender, request(event="search", search_term="x"))
    found = [(item["item_id"], item["score"]) for item in message["items"]]
    assert found == [("b1", 3.0), ("a1", 2.0)]


@pytest.mark.parametrize("damage", ["bytes", "graph", "popularity"])
def test_a_bad_bundle_is_refused_and_the_old_model_keeps_serving(
    tmp_path: Path, damage: str
) -> None:
    recommender = served(tmp_path)
    more: dict[str, dict[str, Any]] = {
        "graph": {"encoder": b"x"},
        "popularity": {"popularity": {"at_ms": NOW}},
    }
    bundle = tiny.bundle(tmp_path, VECTORS, "v2", **more.get(damage, {}))
    if damage == "bytes":
        (bundle.path / "items.npy").write_bytes(b"")
    with pytest.raises((CorruptBundle, Unservable)):
        recommender.swap(bundle)
    message = one(recommender, request("a1"))
    assert (message["model"]["version"], ids(message)[0]) == ("v1", "a2")


def test_swaps_under_load_never_tear_a_batch(tmp_path: Path) -> None:
    """Two models that disagree on everything, and items that come and go, while batches run."""
    others: Mapping[str, Sequence[float]] = {
        "ab": [0.1, 0.9],
        "b2": [0.6, 0.6],
        "b1": [0.9, 0.1],
        "a2": [0, 1],
        "a1": [1, 0],
    }
    kinds: dict[str, Mapping[str, Sequence[float]]] = {"v0": VECTORS, "v1": others}
    bundles = [tiny.bundle(tmp_path, table, name, TEXT_MAP) for name, table in kinds.items()]
    recommender, stop = Recommender(SETTINGS), Event()
    recommender.swap(bundles[0])
    expected = {"v0": ["a2", "ab", "b2"], "v1": ["b1", "b2", "ab"]}

    def swap() -> None:
        for n in range(8):
            recommender.swap(bundles[1 - n % 2])

    def items() -> None:
        n = 0
        while not stop.wait(0.0005):
            n += 1
            recommender.item(f"n{n % 2000}", {"name": "n"} if n % 3 else None)
            recommender.vector(f"n{n % 2000}", np.array([-1, -1, 0], np.float16))
            recommender.popular(click("a1", number=n))

    threads = [Thread(target=swap), Thread(target=items)]
    for thread in threads:
        thread.start()
    versions = set()
    try:
        while threads[0].is_alive():
            answers = [check(a) for a in recommender.answer([request("a1")] * 20, NOW)]
            batch = {message["model"]["version"] for message in answers}
            assert len(batch) == 1
            versions |= batch
            for message in answers:
                assert ids(message) == expected[message["model"]["version"]]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert versions == {"v0", "v1"}
