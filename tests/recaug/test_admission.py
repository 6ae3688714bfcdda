"""Every ONNX file that ONNX Runtime must not be given is refused, and says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from recaug import admission
from recaug.admission import Limits, Refused, admit
from tests.recaug import tiny

Model = Any
REAL = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy"]


def model(*nodes: Any, **more: Any) -> Model:
    """A model x → y of these nodes, or of one that copies."""
    chosen = list(nodes) or [helper.make_node("Identity", ["x"], ["y"])]
    graph = helper.make_graph(chosen, "g", REAL[:1], REAL[1:], **more)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def weights(**fields: Any) -> Any:
    tensor = numpy_helper.from_array(np.ones(2, np.float32), "w")
    for name, value in fields.items():
        setattr(tensor, name, value)
    return tensor


def external(tensor: Any) -> Any:
    """The same tensor, but its data is said to be in /etc/passwd."""
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


def external_without_a_flag(tensor: Any) -> Any:
    tensor.external_data.add(key="location", value="*/_ORT_MEM_ADDR_/*")
    return tensor


def sparse(values: Any) -> Any:
    return helper.make_sparse_tensor(
        values, helper.make_tensor("i", TensorProto.INT64, [2], [0, 1]), [4]
    )


def within(*nodes: Any, depth: int = 1) -> Any:
    """A node whose graph holds `nodes`, `depth` graphs down."""
    graph = helper.make_graph(list(nodes), "inner", [], REAL[1:])
    node = helper.make_node("If", ["x"], ["y"], then_branch=graph, else_branch=graph)
    return node if depth == 1 else within(node, depth=depth - 1)


def function(domain: str) -> Model:
    opsets = [helper.make_opsetid("", 18)]
    body = [helper.make_node("Identity", ["a"], ["b"])]
    made = model()
    made.functions.append(helper.make_function(domain, "f", ["a"], ["b"], body, opsets))
    return made


def training() -> Model:
    made = model()
    made.training_info.add()
    return made


def twice(*kinds: int) -> bytes:
    """A tensor that names its location more than once: a parser goes by the last."""
    made = model(initializer=[weights()])
    tensor = made.graph.initializer[0].SerializeToString()
    tensor += b"".join(bytes([14 << 3, kind]) for kind in kinds)
    graph = b"\x2a" + varint(len(tensor)) + tensor
    return bytes(made.SerializeToString()) + b"\x3a" + varint(len(graph)) + graph


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


CUSTOM = helper.make_node("Shell", ["x"], ["y"], domain="my.ops")
CONSTANT = helper.make_node("Constant", [], ["y"], value=external(weights()))
SPARSE = helper.make_node("Constant", [], ["y"], sparse_value=sparse(weights()))
CONTEXT = helper.make_node("EPContext", ["x"], ["y"], domain="com.microsoft", embed_mode=0)
ELSEWHERE = "data is in another file"

BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "an initialiser elsewhere": (lambda: model(initializer=[external(weights())]), ELSEWHERE),
    "an initialiser elsewhere, unflagged": (
        lambda: model(initializer=[external_without_a_flag(weights())]), ELSEWHERE),
    "flagged alone": (
        lambda: model(initializer=[weights(data_location=TensorProto.EXTERNAL)]), ELSEWHERE),
    "flagged, then unflagged": (lambda: twice(1, 0), ELSEWHERE),
    "unflagged, then flagged": (lambda: twice(0, 1), ELSEWHERE),
    "a constant elsewhere": (lambda: model(CONSTANT), ELSEWHERE),
    "a constant elsewhere, two graphs down": (lambda: model(within(CONSTANT, depth=2)), ELSEWHERE),
    "a sparse initialiser elsewhere": (
        lambda: model(sparse_initializer=[sparse(external(weights()))]), "sparse tensor"),
    "a sparse initialiser": (
        lambda: model(sparse_initializer=[sparse(weights())]), "sparse tensor"),
    "a sparse constant": (lambda: model(SPARSE), "sparse tensor"),
    "a custom operator": (lambda: model(CUSTOM), "domain 'my.ops'"),
    "a custom operator in a graph": (lambda: model(within(CUSTOM)), "domain 'my.ops'"),
    "an operator that reads a file": (lambda: model(CONTEXT), "operator 'EPContext'"),
    "a function of a domain of its own": (lambda: function("my.ops"), "a function of its own"),
    "a function that hides an operator": (lambda: function(""), "a function of its own"),
    "training information": (training, "training information"),
    "graphs in graphs": (lambda: model(within(depth=9)), "more than 8 deep"),
    "no graph": (lambda: b"\x08\x0a", "holds no graph"),
    "nothing": (lambda: b"", "holds no graph"),
    "text": (lambda: b"not a model", "no ONNX file"),
    "another format": (lambda: b"\x1c\x00\x00\x00ORTM" + bytes(64), "own format"),
    "half a file": (lambda: tiny.graph()[:-7], "cut short"),
    "an unknown field": (lambda: model().SerializeToString() + b"\xf8\x07\x01", "model field 127"),
    "a graph that is a number": (lambda: b"\x38\x01", "of another kind"),
}  # fmt: skip


def as_bytes(made: Any) -> bytes:
    return made if isinstance(made, bytes) else bytes(made.SerializeToString())


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_the_reason(case: str) -> None:
    make, why = BAD[case]
    with pytest.raises(Refused, match=why):
        admit(as_bytes(make()))


def test_good_files_are_admitted() -> None:
    admit(tiny.graph())
    admit(as_bytes(model(initializer=[weights(data_location=TensorProto.DEFAULT)])))
    admit(as_bytes(model(within(helper.make_node("Identity", ["x"], ["y"]), depth=7))))
    admit(as_bytes(model(helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft"))))


def test_limits_count_nodes_of_inner_graphs() -> None:
    # Two branches of three nodes each, and the node that holds them.
    copies = [helper.make_node("Identity", ["x"], [name]) for name in "aby"]
    file = as_bytes(model(within(*copies)))
    admit(file, Limits(bytes=10_000, nodes=7))
    with pytest.raises(Refused, match="more than 6 nodes"):
        admit(file, Limits(bytes=10_000, nodes=6))


def test_limits_count_bytes() -> None:
    file = tiny.graph()
    admit(file, Limits(bytes=len(file), nodes=100))
    with pytest.raises(Refused, match="bytes, more than"):
        admit(file, Limits(bytes=len(file) - 1, nodes=100))


@pytest.mark.parametrize(
    ("kind", "proto"),
    [
        ("model", onnx.ModelProto), ("opset", onnx.OperatorSetIdProto), ("graph", onnx.GraphProto),
        ("node", onnx.NodeProto), ("attribute", onnx.AttributeProto), ("tensor", onnx.TensorProto),
    ],
)  # fmt: skip
def test_the_numbers_are_those_of_onnx(kind: str, proto: Any) -> None:
    """Every field looked into is the one that is meant, and none passed over could be."""
    names = {
        "ModelProto": "model", "OperatorSetIdProto": "opset", "GraphProto": "graph",
        "NodeProto": "node", "AttributeProto": "attribute", "TensorProto": "tensor",
    }  # fmt: skip
    dangerous = {*names.values(), "SparseTensorProto", "FunctionProto", "TrainingInfoProto"}
    for field in proto.DESCRIPTOR.fields:
        held = field.message_type.name if field.message_type else field.name
        look = admission._FIELDS[kind].get(field.number)
        if look:
            wanted = {"op_type": "operator", "data_location": "location"}
            assert look == wanted.get(held, names.get(held, held))
        elif look == "":
            assert names.get(held, held) not in dangerous
            assert held not in {"domain", "op_type", "data_location"} or kind == "model"


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(noise: bytes) -> None:
    with pytest.raises(Refused):
        admit(noise)


@given(st.integers(0, 2_000), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_changes_nothing_forbidden(at: int, byte: int) -> None:
    file = bytearray(tiny.graph())
    file[at % len(file)] = byte
    try:
        admit(bytes(file))
    except Refused:
        return
    found = onnx.ModelProto()
    try:
        found.ParseFromString(bytes(file))
    except Exception:  # what was admitted need not be valid: ONNX Runtime says so itself
        return
    assert all(node.domain in ("", "ai.onnx", "com.microsoft") for node in found.graph.node)
    assert not any(one.external_data or one.data_location for one in found.graph.initializer)
    assert not found.functions and not found.graph.sparse_initializer
