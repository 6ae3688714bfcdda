"""What a fine-tune is told: a directory with job.json, buffer.npz and, maybe, vectors.npz."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recaug.buffer import RollingBuffer, Snapshot
from recaug.errors import Failure
from recaug.registry import Registry
from recaug.signing import Keys

Float32 = npt.NDArray[np.float32]


class Terms(BaseModel):
    """job.json."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    registry: Path
    signing_key: Path | None = Field(None, description="With `trusted_keys`: sign, and check")
    trusted_keys: Path | None = None
    name: str
    parent: str | None = None
    budget_s: float = Field(15.0, gt=0)
    threads: int = Field(1, ge=1)
    device: str = "auto"
    seed: int = 0
    history: int = Field(50, ge=1)
    half_life_s: float = Field(86_400.0, gt=0)
    events: int | None = Field(None, ge=0, description="Events learned from so far, for the record")
    offsets: dict[str, Any] = Field(default_factory=dict)
    item_capacity: int = Field(1_000_000, ge=1)
    item_age_s: float = Field(30 * 86_400.0, gt=0, description="Items not seen for so long leave")
    trigger: str = Field("", description="Why now, for the record")
    afresh: bool = Field(False, description="Begin from nothing, and challenge the parent")

    def open_registry(self) -> Registry:
        """Where the parent is and the winner goes."""
        if self.signing_key is None or self.trusted_keys is None:
            return Registry(self.registry)
        return Registry(self.registry, Keys(self.signing_key, self.trusted_keys))


@dataclass(frozen=True, slots=True)
class Job:
    directory: Path
    terms: Terms
    snapshot: Snapshot
    vectors: dict[str, Float32]  # text vectors by item id, empty where there are none


def read(directory: Path) -> Job:
    """Raises Failure where a file is missing or is not what it should be."""
    try:
        terms = Terms.model_validate_json((directory / "job.json").read_bytes())
        snapshot = RollingBuffer.load(directory / "buffer.npz").snapshot()
        return Job(directory, terms, snapshot, _vectors(directory / "vectors.npz"))
    except (OSError, KeyError, ValueError, ValidationError) as error:
        raise Failure(
            f"cannot read the job {directory}", str(error).splitlines()[0],
            "the directory needs job.json, buffer.npz and, for text, vectors.npz",
        ) from error  # fmt: skip


def _vectors(path: Path) -> dict[str, Float32]:
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as saved:
        matrix = saved["vectors"].astype(np.float32)
        ids = saved["ids"].tobytes().decode().split("\n")
    return dict(zip(ids, matrix, strict=True))
