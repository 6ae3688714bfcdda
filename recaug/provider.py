"""Where ONNX Runtime computes: the NVIDIA card if there is one and it is wanted, else the CPU.

session       an InferenceSession of a graph on the wanted provider
provider_of   "cuda" or "cpu": where a session really runs
Run           a session in memory that reads and writes arrays in place
Scratch       memory used again from run to run
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import DTypeLike, NDArray

from recaug.admission import admit
from recaug.errors import Failure
from recaug.settings import Settings

log = logging.getLogger(__name__)

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"


def session(graph: bytes, settings: Settings) -> Any:
    """Load a graph on `settings.provider`; `auto` falls back to the CPU and says so in the log.

    Raises Refused for a graph that ONNX Runtime must not see, Failure where `cuda` was asked for
    and cannot be had.
    """
    admit(graph)
    if settings.provider == "cpu" or not (settings.provider == "cuda" or _cards()):
        return ort.InferenceSession(graph, _options(settings), providers=[CPU])
    ort.preload_dlls()
    # Without TF32, which keeps ten bits of a product: the scan has to order as fp32 does.
    wanted = [(CUDA, {"use_tf32": "0"}), CPU]
    loaded = ort.InferenceSession(graph, _options(settings), providers=wanted)
    if provider_of(loaded) == "cpu":
        _missing_cuda(settings)
    return loaded


def provider_of(loaded: Any) -> str:
    """Where a session runs; ONNX Runtime itself falls back to the CPU without an error."""
    return "cuda" if CUDA in loaded.get_providers() else "cpu"


class Run:
    """A session on the CPU; arrays are read where they are and written into where they are."""

    def __init__(self, loaded: Any) -> None:
        self._session, self._binding = loaded, loaded.io_binding()

    def __call__(
        self, given: Mapping[str, NDArray[Any]], taken: Mapping[str, NDArray[Any]]
    ) -> None:
        """Arrays must be contiguous, and those of `taken` of the very shape of the outputs."""
        # The binding keeps no array alive: the caller's names do, until the run is over.
        for name, array in given.items():
            self._binding.bind_cpu_input(name, array)
        for name, array in taken.items():
            where = array.ctypes.data
            self._binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, where)
        self._session.run_with_iobinding(self._binding)


class Scratch:
    """Memory that grows to the most that was asked for and is handed out again each time."""

    def __init__(self, kind: DTypeLike) -> None:
        self._memory: NDArray[Any] = np.empty(0, kind)

    def of(self, *shape: int) -> NDArray[Any]:
        """An array of this shape, holding anything; good until the next is asked for."""
        size = prod(shape)
        if size > len(self._memory):
            self._memory = np.empty(size, self._memory.dtype)
        return self._memory[:size].reshape(shape)


def _missing_cuda(settings: Settings) -> None:
    why = "ONNX Runtime could not load its CUDA provider"
    if settings.provider == "cuda":
        mend = "Set RECAUG_PROVIDER=auto, or install NVIDIA's driver 580+, CUDA 13, cuDNN 9."
        raise Failure("Cannot score on the GPU", why, mend)
    log.warning("scoring on the CPU: %s", why)


def _options(settings: Settings) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = settings.score_threads
    options.inter_op_num_threads = 1
    # Spinning threads would take the core that the broker, the store and a fine-tune share.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _cards() -> int:
    """NVIDIA cards the driver reports; asking first spares other machines a page of errors."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return 0
    return count.value
