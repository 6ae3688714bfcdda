"""A real, small ONNX graph with the inputs and outputs of every model: what tests of serving run.

It recommends what is nearest to the recency-weighted mean of a history, so that the right list can
be worked out by hand from vectors like [1, 0].
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from recaug.registry import Bundle, Content, Registry
from recaug.signing import Keys

NAME = "main"


def graph() -> bytes:
    """ONNX bytes: the mean of the history's vectors."""
    steps = [
        helper.make_node("Gather", ["table", "items"], ["tokens"]),
        helper.make_node("Sign", ["kinds"], ["real"]),
        helper.make_node("Cast", ["real"], ["present"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["gaps", "one"], ["age"]),
        helper.make_node("Div", ["present", "age"], ["weights"]),
        helper.make_node("Unsqueeze", ["weights", "axis"], ["row"]),
        helper.make_node("MatMul", ["row", "tokens"], ["user"]),
        helper.make_node("Squeeze", ["user", "axis"], ["wanted"]),
    ]
    constants = [
        helper.make_tensor("one", TensorProto.FLOAT, [], [1.0]),
        helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
    ]
    model = helper.make_graph(steps, "nearest", _inputs(), _outputs(), constants)
    opset = [helper.make_opsetid("", 18)]
    return bytes(helper.make_model(model, opset_imports=opset, ir_version=10).SerializeToString())


def _inputs() -> list[Any]:
    long, real = TensorProto.INT64, TensorProto.FLOAT
    kinds = {
        "items": (long, ["B", "L"]), "kinds": (long, ["B", "L"]), "gaps": (real, ["B", "L"]),
        "table": (real, ["N", "d"]),
    }  # fmt: skip
    return [helper.make_tensor_value_info(name, *kind) for name, kind in kinds.items()]


def _outputs() -> list[Any]:
    return [helper.make_tensor_value_info("wanted", TensorProto.FLOAT, ["B", "d"])]


def bundle(
    root: Path,
    vectors: Mapping[str, Sequence[float]],
    version: str = "v1",
    text_map: np.ndarray[Any, Any] | None = None,
    popularity: Mapping[str, Any] | None = None,
    encoder: bytes | None = None,
    items: np.ndarray[Any, Any] | None = None,
    keys: Keys | None = None,
    fusion: Any = None,
) -> Bundle:
    """Write and open a bundle; `vectors` gives each item's row, in the order of the vocabulary."""
    width = len(next(iter(vectors.values())))
    table = np.array([[0.0] * width] * 2 + list(vectors.values()), np.float32)
    files: dict[str, Content] = {
        "encoder.onnx": graph() if encoder is None else encoder,
        "items.npy": npy(table if items is None else items),
        "vocab.json": json.dumps(list(vectors)).encode(),
    }
    if text_map is not None:
        files["text_map.npy"] = npy(text_map.astype(np.float32))
    if popularity is not None:
        files["popularity.json"] = json.dumps(popularity).encode()
    if fusion is not None:
        files["fusion.json"] = json.dumps(fusion).encode()
    registry = Registry(root, keys)
    registry.write(NAME, version, files, _about())
    return registry.open(NAME, version)


def npy(array: np.ndarray[Any, Any]) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def _about() -> dict[str, Any]:
    return {
        "created_at": "2025-11-24T05:40:00Z", "model": {}, "metrics": {}, "parity": {},
        "offsets": {}, "events": 0, "train_seconds": 0.0, "device": "cpu", "promoted": True,
        "reason": "a test",
    }  # fmt: skip
