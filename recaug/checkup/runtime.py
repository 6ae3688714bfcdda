"""Where ONNX Runtime would compute, and whether the NVIDIA driver is new enough for it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

from recaug.checkup.finding import Finding, Level
from recaug.settings import Settings

#: ONNX Runtime for the GPU is built for CUDA 13, which needs this driver or a newer one.
DRIVER = 580
MEND = f"install the NVIDIA driver R{DRIVER} or newer (docs/how-to/gpu.md), or RECAUG_PROVIDER=cpu"


def scoring(settings: Settings) -> Iterator[Finding]:
    """Whether ONNX Runtime is there, and where it would compute."""
    try:
        import onnxruntime
    except ModuleNotFoundError:
        words = "onnxruntime is not installed: this machine can watch, not recommend"
        yield Finding(Level.WARN, "scoring", words, "make setup   in a checkout")
        return
    has = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    yield judge(settings.provider, onnxruntime.__version__, has, driver())


def judge(wanted: str, version: str, has_cuda: bool, found: str | None) -> Finding:
    """What there is to say of an ONNX Runtime, built for CUDA or not, beside this driver.

    :param found: the driver's version; None where there is none.
    """
    runs = has_cuda and found is not None and wanted != "cpu"
    words = f"ONNX Runtime {version} on {'CUDA' if runs else 'CPU'}"
    words += f", NVIDIA driver {found}" if found else " (no NVIDIA driver here)"
    if found is not None and has_cuda and wanted != "cpu" and _major(found) < DRIVER:
        level = Level.FAIL if wanted == "cuda" else Level.WARN
        return Finding(level, "scoring", f"{words}: CUDA 13 needs R{DRIVER} or newer", MEND)
    if wanted == "cuda" and not runs:
        lacks = "no NVIDIA driver" if found is None else "a build without CUDA"
        mend = f"set RECAUG_PROVIDER=auto, or {MEND}" if found is None else "make setup"
        return Finding(Level.FAIL, "scoring", f"{words}, but RECAUG_PROVIDER=cuda: {lacks}", mend)
    return Finding(Level.OK, "scoring", words)


def driver() -> str | None:
    """Return the version of the NVIDIA driver; None where there is none, or no card."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    asked = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return next((line.strip() for line in told.stdout.splitlines() if line.strip()), None)


def _major(version: str) -> int:
    number = version.split(".")[0]
    return int(number) if number.isdigit() else 0
