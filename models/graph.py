"""The encoder as an ONNX graph, written by hand: only what the newest event needs.

It computes what `Encoder.forward` computes, in fewer steps; `models.export.check` proves it anew
for every model. What the rewriting saves, for one request of L events in a last block of width d:

* keys and values are never made. A score q·(K x) is (Kᵀq)·x and a sum Σ w (V x) is V (Σ w x), so
  two products of d × d for the newest event replace two for each of the L events.
* a key's bias moves all scores of a head alike and falls out of the softmax.
* the pool reads what the last block reads: it is normalised once, and what each of the two makes of
  that is in the weights that follow.
* kind and time bucket are one table: one row to fetch in place of two.
* the time from an event to the request is a running sum of the gaps; no (L, L) matrix is made.
* √d, the temperature and the width of a bucket are in the weights.

Shapes: B requests, L events each, N rows of the item table, d its width, H heads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from models.sequence import BUCKET, BUCKETS, KINDS, MASKED, Block, Encoder, Pool

OPSET, IR_VERSION = 18, 10
INPUTS = ("items", "kinds", "gaps", "table")
OUTPUT = "wanted"

Array = npt.NDArray[Any]


def encoder(model: Encoder) -> bytes:
    """items, kinds (B, L) int64, gaps (B, L) and table (N, d) → wanted (B, d).

    The score of a row is its product with `wanted`: the temperature is inside.
    """
    draft = Draft()
    own = draft("Gather", "table", "items")  # (B, L, d)
    x = _tokens(draft, model, own)  # (B, L, d), less √d
    scale = model.shape.width**0.5
    past = _Past(draft)
    blocks = [block for block in model.blocks if isinstance(block, Block)]
    for block in blocks[:-1]:
        x = _whole(draft, block, draft("Mul", x, draft.real(scale)), past)
        scale = 1.0
    read = draft.plain_norm(x, blocks[-1].norms[0], scale)  # (B, L, d)
    wanted = draft.norm(_newest(draft, blocks[-1], x, read, scale, past), model.norm)  # (B, d)
    if model.pool is not None:
        wanted = _pooled(draft, model.pool, wanted, read, own, past)
    square = draft("ReduceSumSquare", wanted, draft.ints([1]), keepdims=1)  # (B, 1)
    length = draft("Sqrt", draft("Add", square, draft.real(1e-12)))
    warm = draft("Mul", length, draft.real(model.shape.temperature))
    draft("Div", wanted, warm, name=OUTPUT)
    return draft.model(model.shape.width)


class Draft:
    """A graph being written: calling it adds a node and gives the name of what that makes."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._kept: list[onnx.TensorProto] = []

    def __call__(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        made = name or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [made], **attributes))
        return made

    def split(self, x: str, parts: int, axis: int) -> list[str]:
        names = [f"part_{len(self._nodes)}_{number}" for number in range(parts)]
        self._nodes.append(helper.make_node("Split", [x], names, axis=axis, num_outputs=parts))
        return names

    def keep(self, array: Array) -> str:
        name = f"kept_{len(self._kept)}"
        self._kept.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def real(self, *values: float) -> str:
        """A float, or a vector of them."""
        return self.keep(np.array(values[0] if len(values) == 1 else values, np.float32))

    def ints(self, values: list[int]) -> str:
        return self.keep(np.array(values, np.int64))

    def norm(self, x: str, layer: nn.Module) -> str:
        assert isinstance(layer, nn.LayerNorm)
        weights = [self.keep(_array(one)) for one in (layer.weight, layer.bias)]
        return self("LayerNormalization", x, *weights, axis=-1, epsilon=layer.eps)

    def plain_norm(self, x: str, layer: nn.Module, scale: float) -> str:
        """Of `scale` times x, less the layer's weights; a factor changes nothing but how much
        epsilon weighs."""
        assert isinstance(layer, nn.LayerNorm)
        ones = self.keep(np.ones(layer.normalized_shape, np.float32))
        return self("LayerNormalization", x, ones, axis=-1, epsilon=layer.eps / scale**2)

    def linear(self, x: str, layer: nn.Module) -> str:
        """x (…, d) by a layer of torch, of any rank."""
        assert isinstance(layer, nn.Linear)
        return self.affine(x, _array(layer.weight).T, _array(layer.bias))

    def affine(self, x: str, weight: Array, bias: Array) -> str:
        return self("Add", self("MatMul", x, self.keep(weight)), self.keep(bias))

    def model(self, width: int) -> bytes:
        """The file; every size but the width is free."""
        long, real, history = TensorProto.INT64, TensorProto.FLOAT, ["batch", "length"]
        given = ((long, history), (long, history), (real, history), (real, ["rows", width]))
        inputs = [
            helper.make_tensor_value_info(name, *kind)
            for name, kind in zip(INPUTS, given, strict=True)
        ]
        output = helper.make_tensor_value_info(OUTPUT, real, ["batch", width])
        graph = helper.make_graph(self._nodes, "encoder", inputs, [output], self._kept)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
        return bytes(model.SerializeToString())


class _Past:
    """What attention knows of the events besides their vectors, made once for all blocks."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        age = draft("CumSum", "gaps", draft.keep(np.array(1)), reverse=1)  # (B, L) to the request
        self._age = age
        #: Bucket of that time (B, 1, L), before the division by `BUCKET`.
        self.since = draft("Unsqueeze", _log1p(draft, age), draft.ints([1]))
        real = draft("Equal", "items", draft.keep(np.array(0)))
        none = draft("Mul", draft("Cast", real, to=TensorProto.FLOAT), draft.real(MASKED))
        self.mask = draft("Unsqueeze", none, draft.ints([1]))  # (B, 1, L)
        length = draft("Squeeze", draft("Shape", "items", start=1), draft.ints([0]))
        zero, one = draft.keep(np.array(0)), draft.keep(np.array(1))
        self._place = draft("Range", zero, length, one)  # (L,)
        #: Events between each event and the request (L,).
        self.behind = draft("Sub", draft("Sub", length, one), self._place)

    def newest(self, block: Block | Pool) -> str:
        """The bias of the newest event's attention, (B, H, L)."""
        draft = self.draft
        far = draft("Min", self.behind, draft.keep(np.array(block.distance.shape[1] - 1)))
        distance = draft("Gather", draft.keep(_array(block.distance)), far, axis=1)  # (H, L)
        fading = draft.keep(-_array(block.fading)[:, None] / np.float32(BUCKET))  # (H, 1)
        fade = draft("Mul", self.since, fading)  # (B, H, L)
        return draft("Add", draft("Add", fade, self.mask), distance)

    def whole(self, block: Block) -> str:
        """The bias of every event's attention, (B, H, L, L)."""
        draft = self.draft
        column, row = draft.ints([1]), draft.ints([0])
        apart = draft("Sub", draft("Unsqueeze", self._place, column),
                      draft("Unsqueeze", self._place, row))  # fmt: skip  # (L, L)
        ahead = draft("Less", apart, draft.keep(np.array(0)))
        last = draft.keep(np.array(block.distance.shape[1] - 1))
        near = draft("Max", draft("Min", apart, last), draft.keep(np.array(0)))
        distance = draft("Gather", draft.keep(_array(block.distance)), near, axis=1)  # (H, L, L)
        then = draft("Sub", draft("Unsqueeze", self._age, draft.ints([1])),
                     draft("Unsqueeze", self._age, draft.ints([2])))  # fmt: skip  # (B, L, L)
        waited = draft("Unsqueeze", "gaps", draft.ints([2]))  # (B, L, 1)
        since = draft("Add", draft("Max", then, draft.real(0.0)), waited)
        since = draft("Unsqueeze", _log1p(draft, since), draft.ints([1]))  # (B, 1, L, L)
        fading = draft.keep(-_array(block.fading)[:, None, None] / np.float32(BUCKET))
        hidden = draft("Mul", draft("Cast", ahead, to=TensorProto.FLOAT), draft.real(MASKED))
        absent = draft("Unsqueeze", self.mask, draft.ints([1]))  # (B, 1, 1, L)
        mask = draft("Min", hidden, absent)  # (B, 1, L, L): once, where both apply
        return draft("Add", draft("Add", draft("Mul", since, fading), mask), distance)


def _tokens(draft: Draft, model: Encoder, own: str) -> str:
    """Item (its row (B, L, d)), kind and time of each event as one vector over √d, (B, L, d)."""
    root = np.float32(model.shape.width**0.5)
    at = draft("Div", _log1p(draft, "gaps"), draft.real(BUCKET))
    at = draft("Min", at, draft.real(BUCKETS - 1))  # (B, L)
    low = draft("Min", draft("Floor", at), draft.real(BUCKETS - 2))
    share = draft("Unsqueeze", draft("Sub", at, low), draft.ints([2]))  # (B, L, 1)
    bucket = draft("Cast", low, to=TensorProto.INT64)
    gaps, kinds = _array(model.gaps.weight) / root, _array(model.kinds.weight) / root
    both = (kinds[:, None] + gaps[None]).reshape(KINDS * BUCKETS, -1)
    place = draft("Add", draft("Mul", "kinds", draft.keep(np.array(BUCKETS))), bucket)
    known = draft("Add", own, draft("Gather", draft.keep(both), place))
    steps = draft("Gather", draft.keep(np.diff(gaps, axis=0)), bucket)  # (B, L, d)
    return draft("Add", known, draft("Mul", steps, share))


def _newest(draft: Draft, block: Block, x: str, read: str, scale: float, past: _Past) -> str:
    """`scale` times x (B, L, d), and that as `plain_norm` reads it → the newest event, (B, d)."""
    last = draft.keep(np.array(-1))
    query, value = _absorbed(block)
    width, heads = block.mix.in_features, block.heads
    asked = draft.affine(draft("Gather", read, last, axis=1), *query)  # (B, H d)
    asked = draft("Reshape", asked, draft.ints([0, heads, width]))  # (B, H, d)
    score = draft("MatMul", asked, draft("Transpose", read, perm=[0, 2, 1]))  # (B, H, L)
    weight = draft("Softmax", draft("Add", score, past.newest(block)), axis=-1)
    mixed = draft("Reshape", draft("MatMul", weight, read), draft.ints([0, heads * width]))
    newest = draft("Mul", draft("Gather", x, last, axis=1), draft.real(scale))  # (B, d)
    return _forward(draft, block, draft("Add", newest, draft.affine(mixed, *value)))


def _pooled(draft: Draft, pool: Pool, asking: str, read: str, own: str, past: _Past) -> str:
    """The newest event (B, d), `plain_norm` of all and their rows (B, L, d) → answer (B, d)."""
    query, key = _double(pool.query.weight), _double(pool.key.weight)  # (d, d) each
    key = key * _double(pool.norm.weight) * len(key) ** -0.5
    asked, offset = query.T @ key, _double(pool.query.bias) @ key  # (d, d), (d,)
    middle = draft.ints([1])
    wanted = draft("Unsqueeze", draft.affine(asking, _single(asked), _single(offset)), middle)
    score = draft("MatMul", wanted, draft("Transpose", read, perm=[0, 2, 1]))  # (B, 1, L)
    weight = draft("Softmax", draft("Add", score, past.newest(pool)), axis=-1)
    mean = draft("Squeeze", draft("MatMul", weight, own), middle)  # (B, d)
    return draft("Add", mean, draft("MatMul", asking, draft.keep(_array(pool.away.weight).T)))


def _absorbed(block: Block) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Norm, query and key as one, (d, H d) and (H d,); norm, value and mix, (H d, d) and (d,)."""
    heads, width = block.heads, block.mix.in_features
    size = width // heads
    parts = (heads, size, width)
    norm = block.norms[0]
    assert isinstance(norm, nn.LayerNorm)
    gain, shift = _double(norm.weight), _double(norm.bias)  # (d,) each
    query = _double(block.query.weight).reshape(parts)  # (H, d/H, d)
    key, value = _double(block.key_value.weight).reshape(2, *parts) * gain
    bias = _double(block.query.bias) + _double(block.query.weight) @ shift
    mix = _double(block.mix.weight).reshape(width, heads, size)
    asked = np.einsum("hsi,hsj->ihj", query * gain, key).reshape(width, -1) * size**-0.5
    offset = np.einsum("hs,hsj->hj", bias.reshape(heads, size), key).reshape(-1) * size**-0.5
    given = np.einsum("hsi,ohs->hio", value, mix).reshape(-1, width)
    value_bias = _double(block.key_value.bias) + _double(block.key_value.weight) @ shift
    rest = _double(block.mix.weight) @ value_bias[width:] + _double(block.mix.bias)
    return (_single(asked), _single(offset)), (_single(given), _single(rest))


def _whole(draft: Draft, block: Block, x: str, past: _Past) -> str:
    """x (B, L, d) → every event after the block, (B, L, d)."""
    heads, width = block.heads, block.mix.in_features
    n = draft.norm(x, block.norms[0])
    both = [draft.linear(n, block.query), *draft.split(draft.linear(n, block.key_value), 2, 2)]
    parts = draft.ints([0, 0, heads, width // heads])
    orders = [0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]
    query, key, value = (
        draft("Transpose", draft("Reshape", part, parts), perm=order)
        for part, order in zip(both, orders, strict=True)
    )
    score = draft("Mul", draft("MatMul", query, key), draft.real((width // heads) ** -0.5))
    weight = draft("Softmax", draft("Add", score, past.whole(block)), axis=-1)  # (B, H, L, L)
    mixed = draft("Transpose", draft("MatMul", weight, value), perm=[0, 2, 1, 3])
    mixed = draft("Reshape", mixed, draft.ints([0, 0, width]))  # (B, L, d)
    return _forward(draft, block, draft("Add", x, draft.linear(mixed, block.mix)))


def _forward(draft: Draft, block: Block, x: str) -> str:
    """The second half of a block, x (…, d)."""
    widened = draft.linear(draft.norm(x, block.norms[1]), block.widen)
    gate, value = draft.split(widened, 2, -1)
    swish = draft("Mul", gate, draft("Sigmoid", gate))
    return draft("Add", x, draft.linear(draft("Mul", swish, value), block.narrow))


def _log1p(draft: Draft, seconds: str) -> str:
    return draft("Log", draft("Add", seconds, draft.real(1.0)))


def _array(weights: Tensor) -> npt.NDArray[np.float32]:
    array: npt.NDArray[np.float32] = weights.detach().cpu().numpy()
    return array


def _double(weights: Tensor) -> npt.NDArray[np.float64]:
    # Products of weights are rounded once, not twice.
    return _array(weights).astype(np.float64)


def _single(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    return weights.astype(np.float32)
