"""What an ONNX file may hold before ONNX Runtime is given its bytes.

ONNX Runtime opens whatever file a tensor names for its data, runs the operators of any library that
is registered, inlines functions however often they are called, and takes a file for its own format
when four bytes say so. So the file is read here first, strictly: a field that is in none of the
tables below is a reason to refuse. Whoever calls passes on the very bytes that were passed in here.
No ONNX package is needed for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from recaug.wire import BYTES, VARINT, Malformed, fields

#: Operators of ONNX itself, and those that ONNX Runtime writes when it optimises or quantises.
DOMAINS: Final = frozenset({b"", b"ai.onnx", b"com.microsoft"})

#: Operators of those domains that read a file or carry code for another engine.
FORBIDDEN: Final = frozenset({b"EPContext", b"PyOp", b"ATen"})


class Refused(ValueError):
    """An ONNX file that ONNX Runtime must not be given; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """:ivar nodes: with those of graphs in graphs.
    :ivar depth: graphs in graphs (If, Loop, Scan), the outermost counted.
    """

    bytes: int
    nodes: int
    depth: int = 8


#: The ranker is a few megabytes: its item table is no part of it.
RANKER: Final = Limits(bytes=1 << 28, nodes=20_000)
#: A text encoder has up to half a billion weights; more than 2 GB is no ONNX file.
ENCODER: Final = Limits(bytes=(1 << 31) - 1, nodes=100_000)


def admit(graph: bytes, limits: Limits = RANKER) -> None:
    """Return if ONNX Runtime may have these bytes. Raises Refused, with the reason."""
    if len(graph) > limits.bytes:
        raise Refused(f"it has {len(graph):,} bytes, more than {limits.bytes:,}")
    if graph[4:8] == b"ORTM":
        raise Refused("it would be read as ONNX Runtime's own format")
    visit = _Visit(limits)
    try:
        visit.message("model", memoryview(graph))
    except Malformed as error:
        raise Refused(f"it is no ONNX file: {error}") from error
    if not visit.graphs:
        raise Refused("it is no ONNX file: it holds no graph")


#: Fields that may occur in each message, by their numbers in onnx.proto, and how each is looked at:
#: "" not at all, else as the message, or by the check, of that name.
_FIELDS: Final[Mapping[str, Mapping[int, str]]] = {
    "model": {**dict.fromkeys((1, 2, 3, 4, 5, 6, 14), ""), 7: "graph", 8: "opset"},
    "opset": {1: "domain", 2: ""},
    "graph": {1: "node", 5: "tensor", **dict.fromkeys((2, 10, 11, 12, 13, 14, 16), "")},
    "node": {4: "operator", 5: "attribute", 7: "domain", **dict.fromkeys((1, 2, 3, 6, 8, 9), "")},
    "attribute": {
        **dict.fromkeys((1, 2, 3, 4, 7, 8, 9, 13, 14, 15, 20, 21), ""),
        5: "tensor",
        10: "tensor",
        6: "graph",
        11: "graph",
    },
    "tensor": {**dict.fromkeys((1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16), ""), 14: "location"},
}

#: Fields that say something against a file; any other that is not above is unknown.
_AGAINST: Final[Mapping[tuple[str, int], str]] = {
    ("model", 20): "training information",
    ("model", 25): "a function of its own",
    ("graph", 15): "a sparse tensor",
    ("attribute", 22): "a sparse tensor",
    ("attribute", 23): "a sparse tensor",
    ("tensor", 13): "a tensor whose data is in another file",
}


class _Visit:
    """One walk through one file."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._nodes = self._depth = self.graphs = 0

    def message(self, kind: str, data: memoryview) -> None:
        """Look at every field of a message, and into those that are messages."""
        for number, wire, value in fields(data):
            look = _FIELDS[kind].get(number)
            if look is None:
                raise Refused("it holds " + _AGAINST.get((kind, number), f"{kind} field {number}"))
            if look == "":
                continue
            if look == "location":
                self._location(wire, value)
            elif wire != BYTES or isinstance(value, int):
                raise Malformed(f"{kind} field {number} is of another kind")
            else:
                self._look(look, value)

    def _look(self, kind: str, value: memoryview) -> None:
        match kind:
            case "domain" if bytes(value[:64]) not in DOMAINS:
                raise Refused(f"it has an operator of the domain {_text(value)}")
            case "operator" if bytes(value[:64]) in FORBIDDEN:
                raise Refused(f"it has the operator {_text(value)}")
            case "graph":
                self._graph(value)
            case "node":
                self._count_node()
                self.message(kind, value)
            case "opset" | "tensor" | "attribute":
                self.message(kind, value)

    def _graph(self, value: memoryview) -> None:
        self.graphs += 1
        self._depth += 1
        if self._depth > self._limits.depth:
            raise Refused(f"its graphs are nested more than {self._limits.depth} deep")
        self.message("graph", value)
        self._depth -= 1

    def _count_node(self) -> None:
        self._nodes += 1
        if self._nodes > self._limits.nodes:
            raise Refused(f"it has more than {self._limits.nodes:,} nodes")

    def _location(self, wire: int, value: int | memoryview) -> None:
        if wire != VARINT or value != 0:  # 0: inside the file
            raise Refused("it holds a tensor whose data is in another file")


def _text(value: memoryview) -> str:
    return repr(bytes(value[:64]).decode("utf-8", "replace"))
