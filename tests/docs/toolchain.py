"""What a language needs on this machine; a test says what is missing and skips.

Packages are those of the lock files under `docs/clients/`, installed by the page's own command and
kept in RECAUG_CACHE_DIR.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from recaug.settings import Settings
from tests.docs.page import CLIENTS

INSTALL_S = 180.0

# What package clients say when nobody answers; any other failure is the lock file's, and ours.
_AWAY = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|no such host|dial tcp|i/o timeout"
    r"|Unknown host|No plugin found for prefix|Could not transfer|Connection refused|timed out"
)


@dataclass(frozen=True, slots=True)
class Toolchain:
    """Programs that must be on the PATH, and how their packages come.

    version         a command that prints the version, and the least (major, minor) of it
    folder          of the manifest and lock file, beside the pages
    install         the page's command; what it fetches is kept in the folder `kept`, or by the tool
    """

    tools: tuple[str, ...]
    debian: str
    version: tuple[tuple[str, ...], tuple[int, int]] | None = None
    folder: str = ""
    install: str = ""
    kept: str = ""

    def lay(self, directory: Path) -> None:
        """Put manifest, lock file and installed packages into `directory`, or skip the test."""
        if trouble := _trouble(self):
            pytest.skip(trouble)
        self.copy_manifests(directory)
        if self.kept:
            (directory / self.kept).symlink_to(self.home / self.kept)

    @property
    def home(self) -> Path:
        """Where its packages are installed, for this run and later ones."""
        return Settings().cache / "clients" / self.folder

    @property
    def manifests(self) -> list[Path]:
        folder = CLIENTS / self.folder
        return sorted(p for p in folder.iterdir() if p.is_file()) if self.folder else []

    def copy_manifests(self, directory: Path) -> None:
        for path in self.manifests:
            shutil.copy(path, directory)


@functools.cache
def _trouble(toolchain: Toolchain) -> str:
    """Why its programs cannot run here; "" when they can, and their packages are installed."""
    return _missing(toolchain) or _old(toolchain) or _not_installed(toolchain)


def _missing(toolchain: Toolchain) -> str:
    missing = [tool for tool in toolchain.tools if shutil.which(tool) is None]
    return f"no {', '.join(missing)}: apt-get install {toolchain.debian}" if missing else ""


def _old(toolchain: Toolchain) -> str:
    if toolchain.version is None:
        return ""
    command, least = toolchain.version
    said = subprocess.run(command, capture_output=True, text=True, timeout=30).stdout.strip()
    found = re.search(r"(\d+)\.(\d+)", said)
    if found and (int(found[1]), int(found[2])) >= least:
        return ""
    return f"{command[0]} must be {least[0]}.{least[1]} or later, this is {said!r}"


def _not_installed(toolchain: Toolchain) -> str:
    """Install what the manifests say, unless it is there already; return what stood in the way."""
    if not toolchain.install:
        return ""
    home, stamp = toolchain.home, toolchain.home / "installed"
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in toolchain.manifests)).hexdigest()
    if toolchain.kept and stamp.exists() and stamp.read_text() == digest:
        return ""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    toolchain.copy_manifests(home)
    trouble = _install(toolchain.install, home)
    if not trouble:
        stamp.write_text(digest)
    return trouble


def _install(command: str, directory: Path) -> str:
    try:
        done = subprocess.run(
            command.split(), cwd=directory, env=environment(), timeout=INSTALL_S,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{command}: no answer from the registry within {INSTALL_S:.0f} s"
    away = next((line for line in done.stdout.splitlines() if _AWAY.search(line)), "")
    if done.returncode and away:
        return f"{command}: the registry is out of reach: {away}"
    assert done.returncode == 0, done.stdout
    return ""


def environment(**more: str) -> dict[str, str]:
    """Of every program here; Go takes the toolchain that is installed rather than fetch another."""
    return {**os.environ, "GOTOOLCHAIN": "local", **more}
