"""A model as a directory of files, and the manifest that accounts for every byte of them."""

from __future__ import annotations

import hashlib
import io
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy
from pydantic import BaseModel, ConfigDict, Field

from recaug import plain
from recaug.errors import Failure
from recaug.promotion import LABEL, SHA256

SCHEMA: Final = "recaug.bundle/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
#: Largest manifest, largest other file, and most files of a bundle.
MAX_MANIFEST, MAX_FILE, MAX_FILES = 1 << 22, 1 << 32, 64


class CorruptBundle(Failure):
    """A bundle or alias is not what its manifest says; nothing of it may be served."""


class FileEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=SHA256)
    bytes: int = Field(ge=0, le=MAX_FILE)


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
    files: dict[Annotated[str, Field(pattern=LABEL)], FileEntry] = Field(max_length=MAX_FILES)


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
            raise corrupt(self.path, f"{file} is not in its manifest")
        try:
            data = plain.read(self.path / file, entry.bytes)
        except OSError as error:
            raise corrupt(self.path, f"{file} cannot be read: {error.strerror}") from error
        if len(data) != entry.bytes:
            raise corrupt(self.path, f"{file} has {len(data)} bytes, not {entry.bytes}")
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise corrupt(self.path, f"{file} does not have the hash its manifest names")
        return data

    def json(self, file: str) -> Any:
        return json.loads(self.read(file))

    def array(self, file: str) -> npt.NDArray[Any]:
        """A .npy file as an array; never unpickles, nor allocates more than the file holds."""
        data = self.read(file)
        if _npy_bytes(data) != len(data):
            raise ValueError(f"{file} is no array of the size that its header claims")
        array: npt.NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
        return array

    def has(self, file: str) -> bool:
        return file in self.manifest.files


def check_listing(bundle: Bundle) -> None:
    listed = {*bundle.manifest.files, MANIFEST, SIGNATURE}
    for entry in bundle.path.iterdir():
        if entry.name not in listed:
            raise corrupt(bundle.path, f"{entry.name} is not in its manifest")
        if entry.is_symlink() or not entry.is_file():
            raise corrupt(bundle.path, f"{entry.name} is not a plain file")


def _npy_bytes(data: bytes) -> int:
    """What a .npy file of this header has to measure."""
    file = io.BytesIO(data)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    shape, _, dtype = read[npy.read_magic(file)](file)
    if dtype.hasobject:
        raise ValueError("an array of objects is a pickle, which is never read")
    return file.tell() + dtype.itemsize * math.prod(shape)


def corrupt(place: Path, why: str) -> CorruptBundle:
    mend = "delete it and serve another version: recaug model list, recaug model rollback"
    return CorruptBundle(f"the model bundle {place} is damaged", why, mend)
