"""The trained encoder as an ONNX file, proven to rank as torch does before anybody may serve it.

Tracing takes torch about nine seconds and depends on the shape of the model alone, so it is done
once per shape and version of torch; a new model is then that graph with its own weights put in.
"""

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from models import sequence
from models.sequence import MASKED, Encoder, Ranker, SequenceModel, Shape
from recaug import atomic
from recaug.batch import FIRST_ROW, History, build, pad

OPSET = 18
INPUTS = ("items", "kinds", "gaps", "table", "bias", "seen", "k")
OUTPUTS = ("scores", "rows")
#: Largest difference of a score that is rounding; scores are cosines over a temperature, ±15.
TOLERANCE = 1e-3
SIZES = (1, 2, 7, 64)


class ParityError(Exception):
    """ONNX Runtime and torch disagree about the same model; it must not be served."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the exported file is from torch, over every history and batch size tried."""

    tolerance: float
    worst: float  # largest difference of a score
    worst_case: str
    requests: int

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def export(model: SequenceModel, cache: Path) -> bytes:
    """The file `encoder.onnx`: inputs and outputs as in `INPUTS`, `OUTPUTS`, weights inside."""
    shape = model.encoder.shape
    path = traced(shape, cache)
    if not path.exists():
        trace(shape, path)
    weights = {name: value.detach().cpu() for name, value in model.encoder.named_parameters()}
    return filled(onnx.load_from_string(path.read_bytes()), weights)


def trace(shape: Shape, path: Path) -> None:
    """Write the graph of a model of this shape, weights untrained. About nine seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    graph = _traced(Ranker(Encoder(shape, dropout=0.0)).eval(), _example(shape))
    _check_axes(graph)
    atomic.write_bytes(path, without_origin(graph).SerializeToString())


def traced(shape: Shape, cache: Path) -> Path:
    """Where the graph of this shape is in `cache`, or will be."""
    return cache / f"{_fingerprint(shape)}.onnx"


def filled(graph: onnx.ModelProto, weights: Mapping[str, Tensor]) -> bytes:
    """The graph with these weights; raises ParityError unless each has exactly one place."""
    places = {i.name: i for i in graph.graph.initializer if i.name.startswith("encoder.")}
    wanted = {f"encoder.{name}": value for name, value in weights.items()}
    if places.keys() != wanted.keys():
        raise ParityError(f"graph and weights differ: {sorted(places.keys() ^ wanted.keys())}")
    for name, value in wanted.items():
        if list(value.shape) != list(places[name].dims):
            raise ParityError(f"{name} is {list(value.shape)}, not {list(places[name].dims)}")
        places[name].CopyFrom(numpy_helper.from_array(value.numpy(), name))
    data: bytes = graph.SerializeToString()
    return data


def check(file: bytes, model: SequenceModel, histories: Sequence[History]) -> Parity:
    """Run `file` and `model` on these histories, on none, and on unknown items, in all `SIZES`.

    Raises ParityError where a score differs by more than `TOLERANCE` or a better item is left out.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    ranker = Ranker(model.encoder).eval().cpu()
    table = model.unit().detach().cpu()  # (N, d)
    worst, case, requests = 0.0, "none", 0
    for name, some in _cases(histories, model.encoder.shape.history).items():
        for size in SIZES:
            chosen = [some[i % len(some)] for i in range(size)]
            gap = _difference(session, ranker, table, chosen, f"{name}, batch of {size}")
            requests += size
            if gap >= worst:
                worst, case = gap, f"{name}, batch of {size}"
    return Parity(TOLERANCE, worst, case, requests)


def _cases(histories: Sequence[History], length: int) -> dict[str, list[History]]:
    """What goes wrong in exports: nothing, one event, the full length, items nobody knows."""
    real = [history for history in histories if len(history[0])]
    unknown: list[History] = [([1] * len(rows), kinds, times) for rows, kinds, times in real]
    longest = max(real, key=lambda history: len(history[0]), default=([1], [1], [0]))
    repeat = -(-length // len(longest[0]))
    full = (list(longest[0]) * repeat, list(longest[1]) * repeat, list(longest[2]) * repeat)
    cases: dict[str, list[History]] = {
        "empty": [([], [], [])],
        "one event": [(h[0][-1:], h[1][-1:], h[2][-1:]) for h in real],
        "full length": [tuple(part[-length:] for part in full)],  # type: ignore[list-item]
        "unknown items": unknown,
        "real": real,
        "mixed": [([], [], []), *real, *unknown[:4]],
    }
    return {name: some for name, some in cases.items() if some}


def _difference(
    session: Any, ranker: Ranker, table: Tensor, histories: Sequence[History], case: str
) -> float:
    asked = [times[-1] + 1_500 if len(times) else 0 for _, _, times in histories]
    batch = build(histories, asked, ranker.encoder.shape.history)
    seen = pad([rows for rows, _, _ in histories])
    bias = np.zeros(len(table), np.float32)
    bias[:FIRST_ROW] = MASKED
    k = np.array([min(20, len(table))], np.int64)
    given = [batch.items, batch.kinds, batch.gaps, table.numpy(), bias, seen, k]
    scores, rows = session.run(list(OUTPUTS), dict(zip(INPUTS, given, strict=True)))
    tensors = [torch.from_numpy(array) for array in given[:6]]
    with torch.no_grad():
        expected = ranker.scores(*tensors).numpy()  # (B, N)
    if not (np.isfinite(scores).all() and np.isfinite(expected).all()):
        raise ParityError(f"{case}: a score is not finite")
    return _agree(scores, rows, expected, case)


def _agree(
    scores: npt.NDArray[np.float32],
    rows: npt.NDArray[np.int64],
    expected: npt.NDArray[np.float32],
    case: str,
) -> float:
    """Compare the k best of both, by score at each place and by score of each row named."""
    best = -np.sort(-expected, axis=1)[:, : scores.shape[1]]
    named = np.take_along_axis(expected, rows, axis=1)
    gap = float(max(np.abs(scores - best).max(), np.abs(scores - named).max()))
    if gap > TOLERANCE:
        raise ParityError(f"{case}: scores differ by {gap:.2e}, more than {TOLERANCE:.0e}")
    return gap


def _traced(ranker: Ranker, example: tuple[Tensor, ...]) -> onnx.ModelProto:
    axis = torch.export.Dim
    batch, length, rows, seen = axis("batch"), axis("length"), axis("rows"), axis("seen")
    history = {0: batch, 1: length}
    shapes = (history, history, history, {0: rows}, {0: rows}, {0: batch, 1: seen}, None)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # axes shared by inputs are renamed, as meant
        program = torch.onnx.export(
            ranker, example, dynamo=True, opset_version=OPSET, external_data=False, verbose=False,
            input_names=list(INPUTS), output_names=list(OUTPUTS), dynamic_shapes=shapes,
            # Optimising folds weights into new ones; unfolded they keep their names for `filled`,
            # and ONNX Runtime folds them when it loads the file.
            optimize=False,
        )  # fmt: skip
    assert program is not None
    proto: onnx.ModelProto = program.model_proto
    return proto


def _example(shape: Shape) -> tuple[Tensor, ...]:
    """Sizes of at least 2, or the axis would be taken for a constant."""
    items = torch.randint(FIRST_ROW, 40, (3, 7))  # (B, L)
    table = torch.randn(40, shape.width)  # (N, d)
    seen = torch.randint(FIRST_ROW, 40, (3, 5))  # (B, S)
    return (
        items, torch.ones_like(items), torch.rand(3, 7) * 1_000, table, torch.zeros(40), seen,
        torch.tensor([10]),
    )  # fmt: skip


def _check_axes(graph: onnx.ModelProto) -> None:
    """Exporters have frozen the batch size without a word; every axis meant to vary must."""
    fixed = {"k": 1, "table": 1}
    for given in graph.graph.input:
        axes = given.type.tensor_type.shape.dim
        if sum(not axis.dim_param for axis in axes) != fixed.get(given.name, 0):
            raise ParityError(f"the exporter fixed an axis of {given.name}")


def without_origin(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Without the stack traces that the exporter writes to each node, and their paths."""
    for part in (graph, graph.graph, *graph.graph.node, *graph.graph.value_info,
                 *graph.graph.input, *graph.graph.output, *graph.graph.initializer,
                 *graph.functions):  # fmt: skip
        part.ClearField("doc_string")
        del part.metadata_props[:]
    return graph


def _fingerprint(shape: Shape) -> str:
    source = Path(sequence.__file__).read_bytes()
    text = repr((sorted(shape.plain().items()), torch.__version__, OPSET)).encode()
    return hashlib.sha256(text + source).hexdigest()[:24]
