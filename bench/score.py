"""Ranking a whole catalogue: the exported graph in ONNX Runtime against the same model in torch."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from torch import Tensor

from bench.result import Result
from models.export import INPUTS, OUTPUTS, export
from models.sequence import MASKED, Ranker, SequenceModel, Shape
from recaug.batch import FIRST_ROW

ROUNDS, LENGTH, TOP = 15, 50, 10


def run() -> Iterator[Result]:
    """Batches of 1, 8 and 64 over 10,000 and 100,000 items, one thread each."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as cache:
        for items in (10_000, 100_000):
            model = SequenceModel(Shape(), items + FIRST_ROW, dropout=0.0).eval()
            session = _session(export(model, Path(cache)))
            for size in (1, 8, 64):
                yield _compare(session, model, items, size)


def _compare(session: Any, model: SequenceModel, items: int, size: int) -> Result:
    tensors = _inputs(model, items, size)
    bound = _bound(session, tensors)
    ranker = Ranker(model.encoder).eval()

    def ours() -> None:
        session.run_with_iobinding(bound)

    def theirs() -> None:
        with torch.inference_mode():
            ranker(*tensors)

    mine, other = [], []
    for _ in range(ROUNDS):
        mine.append(1.0 / _seconds(ours))
        other.append(1.0 / _seconds(theirs))
    rates = [rate * size for rate in mine], [rate * size for rate in other]
    p50_ms = round(1000 / median(mine), 2)
    return Result.of_rates(
        "score", rates[0], "torch eager", rates[1], "lists/s",
        items=items, batch=size, history=LENGTH, p50_ms=p50_ms,
    )  # fmt: skip


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _session(graph: bytes) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _inputs(model: SequenceModel, items: int, size: int) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randint(FIRST_ROW, items, (size, LENGTH), generator=generator)  # (B, L)
    gaps = torch.rand(size, LENGTH, generator=generator) * 3_600  # (B, L)
    bias = torch.zeros(items + FIRST_ROW)  # (N,)
    bias[:FIRST_ROW] = MASKED
    table = model.unit().detach()  # (N, d)
    return rows, torch.ones_like(rows), gaps, table, bias, rows.clone(), torch.tensor([TOP])


def _bound(session: Any, tensors: tuple[Tensor, ...]) -> Any:
    binding = session.io_binding()
    for name, tensor in zip(INPUTS, tensors, strict=True):
        array = np.ascontiguousarray(tensor.numpy())
        binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(array))
    for name in OUTPUTS:
        binding.bind_output(name)
    return binding
