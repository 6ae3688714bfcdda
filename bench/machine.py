"""On what a measurement was made: without it no figure means anything."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from recaug.local import kafka
from recaug.local.programs import checkout

#: Packages whose versions move the figures.
PACKAGES = ("faust-streaming", "confluent-kafka", "onnxruntime-gpu", "torch", "redis")


def facts() -> dict[str, str]:
    """What is said about the machine, in the order it is said."""
    return {
        "cores": str(cores()),
        "processor": _processor(),
        "memory": f"{_memory_bytes() / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Kafka": kafka.VERSION,
        **{name: version(name) for name in PACKAGES},
    }


def cores() -> int:
    """Processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def commit() -> str:
    """The checkout's commit, `-dirty` when files differ from it; `unknown` outside git."""
    try:
        name = _git("rev-parse", "--short=12", "HEAD")
        dirty = _git(
            "status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/RESULTS.md"
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name}-dirty" if dirty else name


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=checkout(), capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
