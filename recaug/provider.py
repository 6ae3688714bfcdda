"""Where ONNX Runtime computes: the NVIDIA card if there is one and it is wanted, else the CPU.

session       an InferenceSession of a graph on the wanted provider
provider_of   "cuda" or "cpu": where a session really runs
"""

from __future__ import annotations

import ctypes
import logging
from typing import Any

import onnxruntime as ort

from recaug.errors import Failure
from recaug.settings import Settings

log = logging.getLogger(__name__)

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"


def session(graph: bytes, settings: Settings) -> Any:
    """Load a graph on `settings.provider`; `auto` falls back to the CPU and says so in the log.

    Raises Failure where `cuda` was asked for and cannot be had.
    """
    if settings.provider == "cpu" or not (settings.provider == "cuda" or _cards()):
        return ort.InferenceSession(graph, _options(settings), providers=[CPU])
    ort.preload_dlls()
    loaded = ort.InferenceSession(graph, _options(settings), providers=[CUDA, CPU])
    if provider_of(loaded) == "cpu":
        _missing_cuda(settings)
    return loaded


def provider_of(loaded: Any) -> str:
    """Where a session runs; ONNX Runtime itself falls back to the CPU without an error."""
    return "cuda" if CUDA in loaded.get_providers() else "cpu"


def _missing_cuda(settings: Settings) -> None:
    why = "ONNX Runtime could not load its CUDA provider"
    if settings.provider == "cuda":
        mend = "Set RECAUG_PROVIDER=auto, or install the NVIDIA driver, CUDA 12 and cuDNN 9."
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
