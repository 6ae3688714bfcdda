"""docker-compose.yml against the Compose specification, by the library that Docker Compose uses."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.test_compose import COMPOSE

PROGRAM = Path(__file__).parent / "compose"

# What Go says when nobody answers; any other failure is ours.
_AWAY = re.compile(r"no such host|dial tcp|i/o timeout|connection refused|TLS handshake")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in `compose/`, built; Go keeps what it has built for the next run."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("no go: Debian: apt-get install golang-go")
    out = tmp_path_factory.mktemp("compose") / "compose"
    done = subprocess.run(
        [go, "build", "-mod=readonly", "-o", str(out), "."], cwd=PROGRAM, capture_output=True,
        text=True, timeout=300, env={**os.environ, "GOTOOLCHAIN": "local"},
    )  # fmt: skip
    if done.returncode and "requires go >= " in done.stderr:
        pytest.skip(f"this go is too old: {done.stderr.strip()}")
    if done.returncode and _AWAY.search(done.stderr):
        pytest.skip("the registry of Go modules is out of reach")
    assert done.returncode == 0, done.stderr
    return out


def against(program: Path, file: dict[str, Any]) -> str:
    """What the specification has against it; empty when nothing."""
    given = json.dumps(file)
    done = subprocess.run([program], input=given, capture_output=True, text=True, timeout=60)
    assert (done.returncode == 0) == (not done.stderr)
    return done.stderr


def test_compose_takes_the_file(program: Path) -> None:
    assert against(program, COMPOSE) == ""


def test_compose_would_find_a_mistake(program: Path) -> None:
    kafka = {**COMPOSE["services"]["kafka"], "heathcheck": {}}
    wrong = {**COMPOSE, "services": {**COMPOSE["services"], "kafka": kafka}}
    assert "heathcheck" in against(program, wrong)
