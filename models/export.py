"""The trained encoder as an ONNX file, proven to rank as torch does before anybody may serve it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models import graph
from models.sequence import MASKED, Ranker, SequenceModel
from recaug.admission import admit
from recaug.batch import FIRST_ROW, History, build, pad

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


def export(model: SequenceModel) -> bytes:
    """The file `encoder.onnx`: inputs and output as in `models.graph`, weights inside."""
    return graph.encoder(model.encoder)


def check(file: bytes, model: SequenceModel, histories: Sequence[History]) -> Parity:
    """Run `file` and `model` on these histories, on none, and on unknown items, in all `SIZES`.

    Raises ParityError where the score of any row differs by more than `TOLERANCE`.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    admit(file)
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
    """Both rank the whole table; the file's side as serving does, by products with `wanted`."""
    asked = [times[-1] + 1_500 if len(times) else 0 for _, _, times in histories]
    batch = build(histories, asked, ranker.encoder.shape.history)
    seen = pad([rows for rows, _, _ in histories])
    bias = np.zeros(len(table), np.float32)
    bias[:FIRST_ROW] = MASKED
    read = [batch.items, batch.kinds, batch.gaps, table.numpy()]
    (wanted,) = session.run([graph.OUTPUT], dict(zip(graph.INPUTS, read, strict=True)))
    tensors = [torch.from_numpy(array) for array in (*read, bias, seen)]
    with torch.no_grad():
        expected = ranker.scores(*tensors).numpy()  # (B, N)
    scores = wanted @ table.numpy().T + bias  # (B, N)
    np.put_along_axis(scores, seen, MASKED, axis=1)
    if not (np.isfinite(scores).all() and np.isfinite(expected).all()):
        raise ParityError(f"{case}: a score is not finite")
    return _agree(scores, expected, case)


def _agree(scores: npt.NDArray[np.float32], expected: npt.NDArray[np.float32], case: str) -> float:
    """Compare the score of every row, and so of the best ones in whatever order."""
    gap = float(np.abs(scores - expected).max())
    if gap > TOLERANCE:
        raise ParityError(f"{case}: scores differ by {gap:.2e}, more than {TOLERANCE:.0e}")
    return gap
