"""Models on disk: one directory a version, every byte accounted for, one alias that is served.

    <root>/<name>/<version>/manifest.json   hashes and sizes of all other files in the directory
    <root>/<name>/<version>/manifest.sig    Ed25519 signature of the manifest's bytes
    <root>/<name>/champion                  the promotion in force (see `recaug.alias`)

A bundle is written aside, flushed and renamed, so a directory with a version's name is complete.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recaug import atomic, plain
from recaug.alias import Alias, DamagedAlias
from recaug.bounds import Bound, hit
from recaug.bundle import (
    MANIFEST,
    MAX_MANIFEST,
    SCHEMA,
    SIGNATURE,
    Bundle,
    CorruptBundle,
    FileEntry,
    Manifest,
    check_listing,
    corrupt,
)  # fmt: skip
from recaug.promotion import LABEL, Promotion, next_sequence
from recaug.signing import SIGNATURE_BYTES, Keys

__all__ = [
    "Bundle", "Content", "CorruptBundle", "FileEntry", "Manifest", "ModelRecord", "Registry",
    "new_version",
]  # fmt: skip

log = logging.getLogger(__name__)

#: Bundles of a model that stay on the disk.
KEPT = 10

#: A file's content, or what writes it to the path it is given.
Content = bytes | Callable[[Path], None]


class ModelRecord(BaseModel):
    """One attempt to train a model, as the topic `recaug.models` tells it."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "name": "main", "version": "20261124T050312-1f0c2d3e",
                    "parent": "20261124T045907-77ab01c4", "promoted": True,
                    "reason": "better than the champion", "events": 48210,
                    "metrics": {
                        "challenger": {"ndcg@10": 0.331}, "champion": {"ndcg@10": 0.271},
                        "popularity": {"ndcg@10": 0.021}, "trigger": "count",
                    },
                    "train_seconds": 24.8, "device": "cpu",
                    "created_at": "2026-11-24T05:03:12.114Z",
                }
            ]
        },
    )  # fmt: skip

    name: str = Field(
        description="Of the model; the key, alone for a promotion, else with version."
    )
    version: str
    parent: str | None = Field(None, description="The version it was trained from.")
    promoted: bool = Field(description="Whether it is served from now on.")
    reason: str
    events: int = Field(ge=0, description="That it may have learned from.")
    metrics: dict[str, Any] = Field(description="What the gate measured, and how it was trained.")
    train_seconds: float = Field(ge=0)
    device: str
    created_at: str = Field(description="RFC 3339, UTC.")
    manifest_sha256: str | None = None
    #: Those that were promoted only; with name, version and manifest they are a `Promotion`.
    sequence: int | None = None
    signature: str | None = None

    def of(self, promotion: Promotion) -> ModelRecord:
        """The same, as the announcement of a promotion."""
        return self.model_copy(update=promotion.model_dump())

    @classmethod
    def about(cls, bundle: Bundle) -> ModelRecord:
        """What a bundle's manifest says, in the form the topic tells it."""
        fields = bundle.manifest.model_dump(include=set(cls.model_fields))
        return cls(**fields, manifest_sha256=bundle.manifest_sha256)

    @property
    def promotion(self) -> Promotion:
        """What the workers go by; the other fields are for the eye. Raises ValidationError."""
        return Promotion.model_validate(self.model_dump(include=set(Promotion.model_fields)))


class Registry:
    """Bundles under one root. One writer per name; any number of readers.

    With `keys`, what is written is signed, and nothing is opened, promoted or believed that no
    trusted key signed. Without, hashes alone are checked: for tests of other things.
    """

    def __init__(self, root: Path, keys: Keys | None = None) -> None:
        self.root, self._keys = root, keys

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
        with atomic.directory(place) as aside:
            entries = {file: _store(aside / _safe(file), how) for file, how in files.items()}
            manifest = Manifest.model_validate(
                {**about, "schema": SCHEMA, "name": name, "version": version, "files": entries}
            )
            self._seal(aside, _manifest_bytes(manifest))
        return manifest

    def _seal(self, aside: Path, manifest: bytes) -> None:
        _store(aside / MANIFEST, manifest)
        if self._keys is not None:
            _store(aside / SIGNATURE, self._keys.sign(manifest))

    def open(self, name: str, version: str, manifest_sha256: str | None = None) -> Bundle:
        """The bundle, after reading and hashing every byte of it.

        Raises CorruptBundle: missing, unlisted, resized or changed files, no signature by a trusted
        key, a manifest of another version or schema, or not the one that `manifest_sha256`
        announced. Raises Failure where no key is trusted here.
        """
        place = self._place(name, version)
        raw = self._manifest(place)
        digest = hashlib.sha256(raw).hexdigest()
        if manifest_sha256 is not None and digest != manifest_sha256:
            raise corrupt(place, "its manifest is not the one that was announced")
        try:
            manifest = Manifest.model_validate_json(raw)
        except ValidationError as error:
            raise corrupt(place, f"its manifest cannot be read ({_first_line(error)})") from error
        if (manifest.name, manifest.version) != (name, version):
            raise corrupt(place, f"it calls itself {manifest.name}/{manifest.version}")
        bundle = Bundle(place, manifest, digest)
        check_listing(bundle)
        for file in manifest.files:
            bundle.read(file)
        return bundle

    def _manifest(self, place: Path) -> bytes:
        """The manifest's bytes; its signature is checked before anything looks into them."""
        try:
            raw = plain.read(place / MANIFEST, MAX_MANIFEST)
        except OSError as error:
            raise corrupt(place, f"its manifest cannot be read ({_first_line(error)})") from error
        if self._keys is not None:
            try:
                signature = plain.read(place / SIGNATURE, SIGNATURE_BYTES)
            except OSError as error:
                raise corrupt(place, f"it has no signature ({error.strerror})") from error
            if not self._keys.verifies(raw, signature):
                raise corrupt(place, "no trusted key signed its manifest")
        return raw

    def champion(self, name: str) -> str | None:
        """The version served, or None while there is none. Raises CorruptBundle on a bad alias."""
        promotion = self.promotion(name)
        return None if promotion is None else promotion.version

    def promotion(self, name: str) -> Promotion | None:
        """The promotion in force. Raises CorruptBundle on a bad alias."""
        alias = self._alias(name)
        try:
            return alias.current()
        except DamagedAlias as damaged:
            raise corrupt(self.root / name / "champion", str(damaged)) from damaged

    def promote(self, name: str, version: str, now_ms: int | None = None) -> Promotion:
        """Serve `version` from now on: an upgrade and a rollback are the same act.

        Raises CorruptBundle where the version is missing or damaged, OSError where the alias cannot
        be written; the former one is served then.
        """
        digest = self.open(name, version).manifest_sha256
        alias, now = self._alias(name), int(time.time() * 1000) if now_ms is None else now_ms
        with alias.alone():
            promotion = Promotion(
                name=name, version=version, manifest_sha256=digest,
                sequence=next_sequence(alias.last(), now),
            )  # fmt: skip
            signed = promotion if self._keys is None else promotion.signed(self._keys)
            alias.replace(signed)
        return signed

    def newest_intact(self, name: str, up_to: str = "") -> Bundle | None:
        """The newest bundle that can be opened; those made after `up_to` only if no other can."""
        for version in sorted(self.versions(name), key=lambda v: (v <= up_to, v), reverse=True):
            try:
                return self.open(name, version)
            except CorruptBundle as damaged:
                log.error("%s", damaged)
        return None

    def versions(self, name: str) -> list[str]:
        """Complete bundles, oldest first: version names sort by the time they were made."""
        home = self.root / _safe(name)
        if not home.is_dir():
            return []
        return sorted(p.parent.name for p in home.glob(f"*/{MANIFEST}") if _served(p.parent.name))

    def prune(self, name: str, keep: int = KEPT) -> list[str]:
        """Delete all but the newest `keep`, the champion, the one before it and its parent.

        Returns what went. Call it from the writer only: leftovers of a killed write are removed as
        well.
        """
        home = self.root / _safe(name)
        held = self._held(name)
        old = self.versions(name)[: -keep or None]
        gone = [version for version in old if version not in held]
        hit(Bound.BUNDLES, len(gone))
        for version in gone:
            # First, so that a reader finds the whole bundle or none.
            atomic.hide(home / version)
        if gone:
            # Else the power might fail, and the old name come back with half of the files.
            atomic.flush_directory(home)
        atomic.sweep(home)
        return gone

    def _held(self, name: str) -> set[str]:
        held, champion = self._alias(name).versions(), self.champion(name)
        if champion is None:
            return held
        try:
            parent = self.open(name, champion).manifest.parent
        except CorruptBundle:
            return held
        return {*held, parent} if parent else held

    def _alias(self, name: str) -> Alias:
        return Alias(self.root / _safe(name), self._keys)

    def _place(self, name: str, version: str) -> Path:
        return self.root / _safe(name) / _safe(version)


def new_version(created_ms: int, digest: str) -> str:
    """A name that sorts by time and differs by content: 20251124T054035123-1f0c2d3e."""
    at = datetime.fromtimestamp(created_ms / 1000, UTC)
    return f"{at:%Y%m%dT%H%M%S}{created_ms % 1000:03d}-{digest[:8]}"


_NAME = re.compile(LABEL)


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


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
