"""Models on disk: one directory a version, every byte accounted for, one alias that is served.

    <root>/<name>/<version>/manifest.json   hashes and sizes of all other files in the directory
    <root>/<name>/champion                  the version served, replaced atomically

A bundle is written aside, flushed and renamed, so a directory with a version's name is complete.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recaug import atomic
from recaug.errors import Failure

SCHEMA: Final = "recaug.bundle/1"
MANIFEST = "manifest.json"
CHAMPION = "champion"

#: A file's content, or what writes it to the path it is given.
Content = bytes | Callable[[Path], None]


class CorruptBundle(Failure):
    """A bundle or alias is not what its manifest says; nothing of it may be served."""


class FileEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class ModelRecord(BaseModel):
    """One attempt to train a model, as the topic `recaug.models` tells it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    version: str
    parent: str | None = None
    promoted: bool
    reason: str
    events: int = Field(ge=0)
    metrics: dict[str, Any]
    train_seconds: float = Field(ge=0)
    device: str
    created_at: str
    manifest_sha256: str | None = None


class Manifest(BaseModel):
    """What a bundle holds; `files` lists every file but the manifest itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["recaug.bundle/1"] = Field(SCHEMA, alias="schema")
    name: str
    version: str
    parent: str | None = None
    created_at: str
    model: dict[str, Any]
    metrics: dict[str, Any]
    parity: dict[str, Any]
    offsets: dict[str, Any]
    events: int = Field(ge=0)
    train_seconds: float = Field(ge=0)
    device: str
    promoted: bool
    reason: str
    files: dict[str, FileEntry]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified directory. Read its files through here: each read checks the hash again."""

    path: Path
    manifest: Manifest
    manifest_sha256: str

    def read(self, file: str) -> bytes:
        """The bytes of a file, verified now, so what is used is what the manifest names."""
        entry = self.manifest.files.get(file)
        if entry is None:
            raise _corrupt(self.path, f"{file} is not in its manifest")
        try:
            data = (self.path / file).read_bytes()
        except OSError as error:
            raise _corrupt(self.path, f"{file} cannot be read ({error.strerror})") from error
        if len(data) != entry.bytes:
            raise _corrupt(self.path, f"{file} has {len(data)} bytes, not {entry.bytes}")
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise _corrupt(self.path, f"{file} does not have the hash its manifest names")
        return data

    def json(self, file: str) -> Any:
        return json.loads(self.read(file))

    def array(self, file: str) -> npt.NDArray[Any]:
        """A .npy file as an array; never unpickles."""
        array: npt.NDArray[Any] = np.load(io.BytesIO(self.read(file)), allow_pickle=False)
        return array

    def has(self, file: str) -> bool:
        return file in self.manifest.files


class Registry:
    """Bundles under one root. One writer per name; any number of readers."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(
        self, name: str, version: str, files: Mapping[str, Content], about: Mapping[str, Any]
    ) -> Manifest:
        """Write a bundle whole, or nothing.

        `about` gives the manifest's other fields (model, metrics, offsets …).
        Raises FileExistsError where the version exists: a version is never overwritten.
        """
        place = self._place(name, version)
        if place.exists():
            raise FileExistsError(place)
        aside = place.with_name(f".{version}.aside")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        entries = {file: _store(aside / _safe(file), content) for file, content in files.items()}
        manifest = Manifest.model_validate(
            {**about, "schema": SCHEMA, "name": name, "version": version, "files": entries}
        )
        _store(aside / MANIFEST, _manifest_bytes(manifest))
        atomic.flush_directory(aside)
        aside.rename(place)
        atomic.flush_directory(place.parent)
        return manifest

    def open(self, name: str, version: str, manifest_sha256: str | None = None) -> Bundle:
        """The bundle, after reading and hashing every byte of it.

        Raises CorruptBundle: missing, unlisted, resized or changed files, a manifest of another
        version or schema, or not the manifest that `manifest_sha256` announced.
        """
        place = self._place(name, version)
        try:
            raw = (place / MANIFEST).read_bytes()
            manifest = Manifest.model_validate_json(raw)
        except (OSError, ValidationError) as error:
            raise _corrupt(place, f"its manifest cannot be read ({_first_line(error)})") from error
        digest = hashlib.sha256(raw).hexdigest()
        if manifest_sha256 is not None and digest != manifest_sha256:
            raise _corrupt(place, "its manifest is not the one that was announced")
        if (manifest.name, manifest.version) != (name, version):
            raise _corrupt(place, f"it calls itself {manifest.name}/{manifest.version}")
        bundle = Bundle(place, manifest, digest)
        _check_listing(bundle)
        for file in manifest.files:
            bundle.read(file)
        return bundle

    def champion(self, name: str) -> str | None:
        """The version served, or None while there is none. Raises CorruptBundle on a bad alias."""
        alias = self.root / _safe(name) / CHAMPION
        try:
            version = alias.read_text("ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise _corrupt(alias, f"it cannot be read ({_first_line(error)})") from error
        if not _NAME.fullmatch(version):
            raise _corrupt(alias, "it does not hold the name of a version")
        return version

    def promote(self, name: str, version: str) -> None:
        """Serve `version` from now on. Raises CorruptBundle where it is missing or damaged."""
        self.open(name, version)
        atomic.write_bytes(self.root / name / CHAMPION, f"{version}\n".encode("ascii"))

    def versions(self, name: str) -> list[str]:
        """Complete bundles, oldest first: version names sort by the time they were made."""
        home = self.root / _safe(name)
        if not home.is_dir():
            return []
        return sorted(p.parent.name for p in home.glob(f"*/{MANIFEST}") if _served(p.parent.name))

    def prune(self, name: str, keep: int = 10) -> list[str]:
        """Delete all but the newest `keep`, the champion and its parent; returns what went.

        Call it from the writer only: leftovers of a killed write are removed as well.
        """
        home = self.root / _safe(name)
        held = self._held(name)
        old = self.versions(name)[: -keep or None]
        gone = [version for version in old if version not in held]
        for version in gone:
            # Renamed first, so that a reader finds the whole bundle or none.
            (home / version).rename(home / f".{version}.gone")
        for leftover in [*home.glob(".*.aside"), *home.glob(".*.gone")]:
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
        return gone

    def _held(self, name: str) -> set[str]:
        champion = self.champion(name)
        if champion is None:
            return set()
        try:
            parent = self.open(name, champion).manifest.parent
        except CorruptBundle:
            return {champion}
        return {champion, parent} if parent else {champion}

    def _place(self, name: str, version: str) -> Path:
        return self.root / _safe(name) / _safe(version)


def new_version(created_ms: int, digest: str) -> str:
    """A name that sorts by time and differs by content: 20251124T054035123-1f0c2d3e."""
    at = datetime.fromtimestamp(created_ms / 1000, UTC)
    return f"{at:%Y%m%dT%H%M%S}{created_ms % 1000:03d}-{digest[:8]}"


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def _safe(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name for a model, a version or a file: {name!r}")
    return name


def _served(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _manifest_bytes(manifest: Manifest) -> bytes:
    text = json.dumps(manifest.model_dump(by_alias=True), indent=1, sort_keys=True)
    return text.encode() + b"\n"


def _store(path: Path, content: Content) -> dict[str, Any]:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)
    atomic.flush_file(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size}


def _check_listing(bundle: Bundle) -> None:
    listed = {*bundle.manifest.files, MANIFEST}
    for entry in bundle.path.iterdir():
        if entry.name not in listed:
            raise _corrupt(bundle.path, f"{entry.name} is not in its manifest")
        if entry.is_symlink() or not entry.is_file():
            raise _corrupt(bundle.path, f"{entry.name} is not a plain file")


def _corrupt(place: Path, why: str) -> CorruptBundle:
    mend = "delete it and serve another version: recaug model list, recaug model rollback"
    return CorruptBundle(f"the model bundle {place} is damaged", why, mend)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
