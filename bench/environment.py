"""Python environments of peers that cannot live beside us: pinned, hashed, made on demand, kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.progress import say
from recaug.errors import Failure
from recaug.settings import Settings

REQUIREMENTS = Path(__file__).parent / "peers"


def python(peer: str) -> Path:
    """The interpreter of a peer's environment, made first where it is missing.

    Raises Failure where it cannot be made: no uv, or no network the first time.
    """
    wanted = REQUIREMENTS / f"{peer}.txt"
    place = place_of(wanted, Settings().cache)
    found = place / "bin" / "python"
    if not (place / "complete").exists():
        say(f"making the environment of {peer} in {place} (once)")
        shutil.rmtree(place, ignore_errors=True)
        _make(peer, wanted, place)
        (place / "complete").touch()
    return found


def place_of(requirements: Path, cache: Path) -> Path:
    """Where an environment is kept; other requirements or another Python, another place."""
    about = requirements.read_bytes() + sys.version.encode()
    digest = hashlib.sha256(about).hexdigest()[:12]
    return cache / "peers" / f"{requirements.stem}-{digest}"


def _make(peer: str, requirements: Path, place: Path) -> None:
    uv, env = _uv(peer), {**os.environ, "VIRTUAL_ENV": str(place)}
    steps = (
        [uv, "venv", "--python", sys.executable, str(place)],
        [uv, "pip", "sync", "--require-hashes", str(requirements)],
    )
    for step in steps:
        # uv shows its progress on standard error, where ours goes too.
        done = subprocess.run(step, env=env, check=False)
        if done.returncode != 0:
            raise Failure(
                f"the environment of {peer} could not be made",
                f"`{' '.join(step)}` ended with exit code {done.returncode}",
                "check the network and try again, or run the other benches by name",
            )


def _uv(peer: str) -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise Failure(
            f"the environment of {peer} could not be made",
            "uv is neither beside this Python nor on the PATH",
            "run `make bench`, which installs it, or `pip install uv`",
        )
    return found
