"""The small graphs that rank a catalogue: how one is written, never what a model learned.

multiply      users against a table
multiply_rows a tile of a table against users
peaks         the best product of every group of rows
choose        the best groups
best          the best of scores, and where they are
scan          the best of a tile on a device: multiply, mask, best
finish        chosen rows in fp32, best first
convert       a copy of rows in another precision, on whatever device it is bound to

Shapes: B users, d width, n rows of a tile, G rows of a group, C candidates of a user.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from recaug.table import MASK

Precision = Literal["fp32", "fp16", "int8"]
Value = tuple[str, int, Sequence[str | int]]

OPSET, IR_VERSION = 18, 10
LONG, REAL = TensorProto.INT64, TensorProto.FLOAT
#: Numbers of the scores of a scan.
SCORES = {"fp32": REAL, "fp16": TensorProto.FLOAT16, "int8": TensorProto.INT32}


def multiply() -> bytes:
    """users (B, d), rows (n, d) → scores (B, n). ONNX Runtime makes one product of both nodes."""
    nodes = [
        helper.make_node("Transpose", ["rows"], ["columns"], perm=[1, 0]),
        helper.make_node("MatMul", ["users", "columns"], ["scores"]),
    ]
    given: list[Value] = [("users", REAL, ["B", "d"]), ("rows", REAL, ["n", "d"])]
    return _file(nodes, {}, given, [("scores", REAL, ["B", "n"])])


def multiply_rows(precision: Precision) -> bytes:
    """rows (n, d), users (d, B) → scores (n, B).

    This way round nothing of the table is rearranged to be multiplied.
    """
    rounds = precision == "int8"
    node = helper.make_node("MatMulInteger" if rounds else "MatMul", ["rows", "users"], ["scores"])
    rows, users = (TensorProto.UINT8, TensorProto.INT8) if rounds else (REAL, REAL)
    given: list[Value] = [("rows", rows, ["n", "d"]), ("users", users, ["d", "B"])]
    return _file([node], {}, given, [("scores", SCORES[precision], ["n", "B"])])


def peaks(precision: Precision) -> bytes:
    """groups (n, G, B) → peaks (n, B)."""
    node = helper.make_node("ReduceMax", ["groups", "one"], ["peaks"], keepdims=0)
    kind = SCORES[precision]
    given: list[Value] = [("groups", kind, ["n", "G", "B"])]
    return _file([node], {"one": _ints(1)}, given, [("peaks", kind, ["n", "B"])])


def choose(precision: Precision) -> bytes:
    """peaks (n, B), k (1,) → values and groups (B, k), the lower number first among equals."""
    nodes = [
        helper.make_node("Transpose", ["peaks"], ["lines"], perm=[1, 0]),
        helper.make_node("TopK", ["lines", "k"], ["values", "groups"], axis=1),
    ]
    kind = SCORES[precision]
    given: list[Value] = [("peaks", kind, ["n", "B"]), ("k", LONG, [1])]
    return _file(nodes, {}, given, [("values", kind, ["B", "k"]), ("groups", LONG, ["B", "k"])])


def best(precision: Precision) -> bytes:
    """scores (B, n), k (1,) → values and places (B, k), the lower place first among equals."""
    node = helper.make_node("TopK", ["scores", "k"], ["values", "places"], axis=1)
    kind = SCORES[precision]
    given: list[Value] = [("scores", kind, ["B", "n"]), ("k", LONG, [1])]
    return _file([node], {}, given, [("values", kind, ["B", "k"]), ("places", LONG, ["B", "k"])])


def scan(precision: Precision) -> bytes:
    """users (B, d), rows (n, d), bias (n,), seen (s, 2), k (1,) → values and places (B, k).

    `seen` names user and row. Everything stays where the session runs but the result.
    """
    kind = SCORES[precision]
    nodes = [
        helper.make_node("Transpose", ["rows"], ["columns"], perm=[1, 0]),
        helper.make_node("MatMul", ["users", "columns"], ["products"]),
        helper.make_node("Add", ["products", "bias"], ["legal"]),
        helper.make_node("Shape", ["seen"], ["times"], end=1),
        helper.make_node("Expand", ["mask", "times"], ["masks"]),
        helper.make_node("ScatterND", ["legal", "seen", "masks"], ["scores"]),
        helper.make_node("TopK", ["scores", "k"], ["values", "places"], axis=1),
    ]
    mask = np.array(MASK, helper.tensor_dtype_to_np_dtype(kind))
    return _file(nodes, {"mask": mask}, [
        ("users", kind, ["B", "d"]), ("rows", kind, ["n", "d"]), ("bias", kind, ["n"]),
        ("seen", LONG, ["s", 2]), ("k", LONG, [1]),
    ], [("values", kind, ["B", "k"]), ("places", LONG, ["B", "k"])])  # fmt: skip


def finish() -> bytes:
    """table (N, d), users (B, d), candidates and bias (B, C), k (1,) → scores and rows (B, k)."""
    nodes = [
        helper.make_node("Gather", ["table", "candidates"], ["vectors"]),
        helper.make_node("Unsqueeze", ["users", "last"], ["columns"]),
        helper.make_node("MatMul", ["vectors", "columns"], ["column"]),
        helper.make_node("Squeeze", ["column", "last"], ["raw"]),
        helper.make_node("Add", ["raw", "bias"], ["legal"]),
        helper.make_node("TopK", ["legal", "k"], ["scores", "places"], axis=1),
        helper.make_node("GatherElements", ["candidates", "places"], ["rows"], axis=1),
    ]
    return _file(nodes, {"last": _ints(2)}, [
        ("table", REAL, ["N", "d"]), ("users", REAL, ["B", "d"]), ("candidates", LONG, ["B", "C"]),
        ("bias", REAL, ["B", "C"]), ("k", LONG, [1]),
    ], [("scores", REAL, ["B", "k"]), ("rows", LONG, ["B", "k"])])  # fmt: skip


def convert(precision: Precision) -> bytes:
    """given (n, d) fp32 → rows (n, d) in fp32 or fp16."""
    kind = SCORES[precision]
    node = helper.make_node("Cast", ["given"], ["rows"], to=kind)
    return _file([node], {}, [("given", REAL, ["n", "d"])], [("rows", kind, ["n", "d"])])


def _ints(*values: int) -> Any:
    return np.array(values, np.int64)


def _file(
    nodes: Sequence[NodeProto], kept: dict[str, Any], inputs: Sequence[Value],
    outputs: Sequence[Value],
) -> bytes:  # fmt: skip
    graph = helper.make_graph(
        nodes, "rank",
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs],
        [numpy_helper.from_array(array, name) for name, array in kept.items()],
    )  # fmt: skip
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
    return bytes(model.SerializeToString())
