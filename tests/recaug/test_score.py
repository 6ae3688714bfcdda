from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from recaug.batch import build, pad
from recaug.errors import Failure
from recaug.provider import session
from recaug.registry import CorruptBundle
from recaug.score import SHOWN, Scorer, Unservable
from recaug.settings import Settings
from tests.recaug import tiny
from tests.recaug.asking import SETTINGS, VECTORS


def load(path: Path, settings: Settings = SETTINGS, **more: Any) -> Scorer:
    return Scorer.load(tiny.bundle(path, VECTORS, **more), settings)


def ask(
    scorer: Scorer, rows: list[int], seen: list[int] | None = None, k: int = 3
) -> list[tuple[str, float]]:
    """One history of clicks a second apart, the newest at the request."""
    times = [1_000 * n for n in range(len(rows))]
    batch = build([(rows, [1] * len(rows), times)], [times[-1] if times else 0], 5)
    scores, ranked = scorer.score(batch, pad([rows if seen is None else seen]), k)
    shown = scores[0] > SHOWN
    ids = [scorer.table.ids[row] for row in ranked[0][shown]]
    return list(zip(ids, (round(s, 4) for s in scores[0][shown].tolist()), strict=True))


def test_the_nearest_unseen_items_come_first(tmp_path: Path) -> None:
    # Only a1 at the request: weight 1, so scores are a2·a1, ab·a1, b2·a1.
    assert ask(load(tmp_path), [2]) == [("a2", 0.9), ("ab", 0.6), ("b2", 0.1)]


def test_older_events_weigh_less(tmp_path: Path) -> None:
    # a1 a second before b1: weights 1/2 and 1, the wish is [0.5, 1].
    assert ask(load(tmp_path), [2, 4]) == [("b2", 0.95), ("ab", 0.9), ("a2", 0.55)]


def test_a_hidden_item_is_not_returned_until_shown(tmp_path: Path) -> None:
    scorer = load(tmp_path)
    scorer.hide("a2")
    assert ask(scorer, [2]) == [("ab", 0.6), ("b2", 0.1), ("b1", 0.0)]
    scorer.show("a2")
    assert ask(scorer, [2])[0] == ("a2", 0.9)


def test_fewer_than_k_may_be_shown(tmp_path: Path) -> None:
    scorer = load(tmp_path)
    assert ask(scorer, [2], seen=[2, 3, 4, 5]) == [("ab", 0.6)]
    assert ask(scorer, [2], seen=[2, 3, 4, 5, 6]) == []


def test_a_new_item_takes_its_place_by_its_text_and_growth_is_followed(tmp_path: Path) -> None:
    # Text vectors of 3 dimensions; the map takes the first to a, the second to b.
    scorer = load(tmp_path, text_map=np.array([[1, 0], [0, 1], [0, 0]]))
    assert ask(scorer, [2], seen=[2])[0] == ("a2", 0.9)
    assert scorer.append(["new"], np.array([[0.90625, 0, 5]], np.float16)) == 1
    assert ask(scorer, [2])[0] == ("a2", 0.9)
    scorer.show("new")
    assert ask(scorer, [2])[0] == ("new", 0.9062)
    many = [f"n{n}" for n in range(1_000)]
    assert scorer.append(many, np.tile([0.921875, 0, 0], (1_000, 1))) == 1_000
    scorer.show("n999")
    assert ask(scorer, [2])[:2] == [("n999", 0.9219), ("new", 0.9062)]


def test_a_trained_item_keeps_its_learned_vector(tmp_path: Path) -> None:
    scorer = load(tmp_path, text_map=np.eye(2))
    scorer.append(["b1"], np.array([[9, 9]], np.float32))
    assert ask(scorer, [2], seen=[2, 3, 6])[:2] == [("b2", 0.1), ("b1", 0.0)]
    assert scorer.is_trained("b1") and not scorer.is_trained("nobody")


def test_a_guess_from_text_is_never_longer_than_what_was_learned(tmp_path: Path) -> None:
    scorer = load(tmp_path, text_map=np.eye(2))
    learned = np.linalg.norm(np.array(list(VECTORS.values())), axis=1).mean()
    scorer.append(["loud", "quiet"], np.array([[30, 40], [0.3, 0.4]], np.float32))
    lengths = np.linalg.norm(scorer.table.vectors[7:9], axis=1)
    assert lengths.tolist() == pytest.approx([learned, 0.5])


def test_without_a_text_map_nothing_can_be_appended(tmp_path: Path) -> None:
    scorer = load(tmp_path)
    assert scorer.append(["new"], np.ones((1, 384), np.float32)) == 0
    assert (len(scorer.table), scorer.text_width) == (5, 0)


def test_a_batch_gives_each_history_what_it_would_get_alone(tmp_path: Path) -> None:
    scorer = load(tmp_path)
    histories = [[], [2], [4, 2, 6], [1, 1], [2, 3, 4, 5, 6, 2, 3]]
    for size in (1, 2, 7, 64):
        rows = (histories * 13)[:size]
        parts = [(r, [1] * len(r), [1_000 * n for n in range(len(r))]) for r in rows]
        batch = build(parts, [9_000] * size, 5)
        scores, ranked = scorer.score(batch, pad(rows), 3)
        assert scores.shape == ranked.shape == (size, 3)
        for n, part in enumerate(parts):
            alone = scorer.score(build([part], [9_000], 5), pad([rows[n]]), 3)
            np.testing.assert_allclose(alone[0][0], scores[n], rtol=1e-5)


def test_it_says_where_it_computes(tmp_path: Path) -> None:
    assert load(tmp_path, Settings(list_size=3, provider="cpu")).provider == "cpu"


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_it_says_how_it_searches(tmp_path: Path, precision: str) -> None:
    wanted = Settings.model_validate({"list_size": 3, "history": 5, "precision": precision})
    scorer = load(tmp_path, wanted)
    assert scorer.precision == precision
    assert ask(scorer, [2]) == [("a2", 0.9), ("ab", 0.6), ("b2", 0.1)]


@pytest.mark.parametrize(
    ("items", "spread", "chosen"),
    [(100, 1.0, "fp32"), (3_000, 1.0, "int8"), (3_000, 0.001, "fp32")],
    ids=["few", "many", "many of a kind"],
)
def test_eight_bits_are_used_where_they_suffice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, items: int, spread: float, chosen: str
) -> None:
    monkeypatch.setattr("recaug.score.EIGHT_BITS", 1_000)
    rng = np.random.default_rng(0)
    vectors = 1 - spread + spread * rng.normal(size=(items, 32))
    named = {f"i{n}": vector.tolist() for n, vector in enumerate(vectors)}
    assert Scorer.load(tiny.bundle(tmp_path, named), SETTINGS).precision == chosen


def test_a_catalogue_smaller_than_the_list_is_served(tmp_path: Path) -> None:
    scorer = Scorer.load(tiny.bundle(tmp_path, {"a": [1, 0]}), Settings(list_size=100, history=1))
    assert ask(scorer, [2], seen=[], k=100) == [("a", 1.0)]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"encoder": b"not a graph"}, "cannot be served"),
        ({"items": np.full((7, 2), np.nan, np.float32)}, "items.npy holds"),
        ({"items": np.zeros((6, 2), np.float32)}, "6 item vectors for a vocabulary of 5"),
        ({"text_map": np.zeros((3, 5))}, "text map"),
    ],
    ids=["no graph", "NaN", "short table", "text map of another width"],
)
def test_a_bundle_that_cannot_serve_is_refused(
    tmp_path: Path, more: dict[str, Any], why: str
) -> None:
    with pytest.raises(Unservable, match=why) as refusal:
        load(tmp_path, **more)
    assert "main/v1" in refusal.value.what


def altered(change: Callable[[onnx.GraphProto], None]) -> bytes:
    """The tiny graph, made different."""
    model = onnx.load_from_string(tiny.graph())
    change(model.graph)
    return bytes(model.SerializeToString())


def other_input(graph: onnx.GraphProto) -> None:
    graph.input.append(helper.make_tensor_value_info("place", onnx.TensorProto.FLOAT, [1]))


def other_output(graph: onnx.GraphProto) -> None:
    graph.output.append(helper.make_tensor_value_info("user", onnx.TensorProto.FLOAT, None))


def one_user_twice(graph: onnx.GraphProto) -> None:
    graph.node[-1].output[0] = "once"
    graph.node.append(helper.make_node("Concat", ["once", "once"], ["wanted"], axis=0))


def not_a_number(graph: onnx.GraphProto) -> None:
    graph.node[-1].output[0] = "negative"
    graph.initializer.append(numpy_helper.from_array(np.float32(np.nan), "nan"))
    graph.node.append(helper.make_node("Add", ["negative", "nan"], ["wanted"]))


def beyond_every_mask(graph: onnx.GraphProto) -> None:
    graph.node[-1].output[0] = "quiet"
    graph.initializer.append(numpy_helper.from_array(np.float32(1e30), "loud"))
    graph.node.append(helper.make_node("Mul", ["quiet", "loud"], ["wanted"]))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (other_input, "its graph makes"),
        (other_output, "its graph makes"),
        (one_user_twice, "shape"),
        (not_a_number, "finite"),
        (beyond_every_mask, "mask"),
    ],
)
def test_a_graph_that_is_no_encoder_is_refused(
    tmp_path: Path, change: Callable[[onnx.GraphProto], None], why: str
) -> None:
    with pytest.raises(Unservable, match=why):
        load(tmp_path, encoder=altered(change))


def test_a_file_changed_after_it_was_opened_is_refused(tmp_path: Path) -> None:
    bundle = tiny.bundle(tmp_path, VECTORS)
    (bundle.path / "vocab.json").write_text('["x1", "a2", "b1", "b2", "ab"]')
    with pytest.raises(CorruptBundle):
        Scorer.load(bundle, SETTINGS)


def test_a_card_that_was_asked_for_and_is_missing_is_an_error_to_read() -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("there is a card")
    with pytest.raises(Failure, match="GPU"):
        session(tiny.graph(), Settings(provider="cuda"))
