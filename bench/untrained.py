"""A served model of any size that nobody trained: what scoring costs does not depend on weights."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.topics import producer
from models.bundle import ENCODER, ITEMS, VOCABULARY
from models.export import export
from models.recipes import RATINGS
from models.sequence import SequenceModel
from recaug.batch import FIRST_ROW
from recaug.fusion import BUCKETS, Fusion, Weights
from recaug.fusion import FILE as FUSION
from recaug.registry import ModelRecord, Registry
from recaug.settings import Settings
from recaug.signing import Keys


def promote(settings: Settings, items: int) -> str:
    """Write a bundle for items `i0` … and announce it as the champion; returns its version."""
    version = f"untrained-{items}"
    keys = Keys.of(settings)
    keys.ensure()
    registry = Registry(settings.registry, keys)
    registry.write(settings.model, version, _files(settings, items), _about())
    promotion = registry.promote(settings.model, version)
    bundle = registry.open(settings.model, version)
    _announce(settings, ModelRecord.about(bundle).of(promotion))
    return version


def _announce(settings: Settings, record: ModelRecord) -> None:
    client = producer(settings, linger_ms=0)
    client.produce(settings.topics.models.name, record.model_dump_json(), record.name)
    client.flush()


def _files(settings: Settings, items: int) -> dict[str, Any]:
    torch.manual_seed(0)
    shape = replace(RATINGS.shape, history=settings.history)
    model = SequenceModel(shape, items + FIRST_ROW).eval()
    return {
        ENCODER: export(model),
        ITEMS: partial(_save, model.unit().detach().numpy()),
        VOCABULARY: json.dumps([f"i{n}" for n in range(items)]).encode(),
        # Neighbours and popularity take part, as they do in most that is trained.
        FUSION: json.dumps(Fusion((Weights(0.5, 0.1),) * len(BUCKETS)).plain()).encode(),
    }


def _about() -> dict[str, Any]:
    return {
        "created_at": datetime.now(UTC).isoformat(),
        "model": {}, "metrics": {}, "parity": {}, "offsets": {}, "events": 0,
        "train_seconds": 0.0, "device": "cpu", "promoted": True, "reason": "a bench",
    }  # fmt: skip


def _save(array: Any, path: Path) -> None:
    np.save(path, array, allow_pickle=False)
