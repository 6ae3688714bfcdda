"""The files of a bundle, and the record of an attempt."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from models import export, text_map, weights
from models.adam import AdamW
from models.eviction import SEEN
from models.job import Job
from models.sequence import SequenceModel
from models.split import Split
from recaug.batch import FIRST_ROW, History, Int64
from recaug.evaluation import Verdict, firsts, popularity
from recaug.fusion import FILE as FUSION
from recaug.fusion import Fusion
from recaug.registry import Content, ModelRecord, new_version

ENCODER, ITEMS, VOCABULARY = "encoder.onnx", "items.npy", "vocab.json"
POPULARITY, TEXT_MAP = "popularity.json", "text_map.npy"
#: Items whose popularity a bundle carries, most.
POPULAR = 5_000
#: Real histories that the exported file is tried on.
TRIED = 64


@dataclass(frozen=True, slots=True)
class Made:
    """What a run made and the gate liked."""

    model: SequenceModel
    optimizer: AdamW
    fusion: Fusion
    seen_ms: Int64  # when each item of the vocabulary had its last event


def write(job: Job, data: Split, record: ModelRecord, made: Made) -> ModelRecord:
    """Export, prove and write the bundle; returns the record with its version and manifest hash.

    Raises ParityError before anything is written.
    """
    terms, model = job.terms, made.model
    graph = export.export(model)
    parity = export.check(graph, model, histories(data, terms.history))
    files = _files(job, data, graph, made)
    about = record.model_dump(
        exclude={"name", "version", "manifest_sha256", "sequence", "signature"}
    )
    about |= {
        "model": {**model.encoder.shape.plain(), "rows": data.rows, "torch": torch.__version__},
        "parity": parity.plain(),
        "offsets": terms.offsets,
    }
    registry = terms.open_registry()
    registry.write(terms.name, record.version, files, about)
    written = registry.open(terms.name, record.version)
    return record.model_copy(update={"manifest_sha256": written.manifest_sha256})


def record(
    job: Job, data: Split, verdict: Verdict, more: dict[str, Any], seconds: float, device: str
) -> ModelRecord:
    """What `recaug.models` will say about this attempt, won or lost."""
    now = datetime.now(UTC)
    terms = job.terms
    digest = hashlib.sha256(repr((terms, verdict, len(job.snapshot))).encode()).hexdigest()
    return ModelRecord(
        name=terms.name, version=new_version(int(now.timestamp() * 1000), digest),
        parent=terms.parent, promoted=verdict.promoted, reason=verdict.reason,
        events=len(job.snapshot) if terms.events is None else terms.events,
        metrics={
            **verdict.metrics, **more, "unknown_targets": int((data.test.rows < 2).sum()),
            "trigger": terms.trigger, "afresh": terms.afresh,
            "learned_until_ms": int(data.source.times_ms[data.log.asked].max(initial=0)),
        },
        train_seconds=round(seconds, 3), device=device,
        created_at=now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )  # fmt: skip


def histories(data: Split, length: int) -> list[History]:
    """Real histories of many users, each as it stood before one of the newest events."""
    chosen = data.test if len(data.test) else data.validation
    found: list[History] = []
    step = max(1, len(chosen) // TRIED)
    for at, start in list(zip(chosen.at, chosen.starts, strict=True))[::step][:TRIED]:
        part = slice(max(start, at - length), at)
        source = data.source
        found.append(
            (source.rows[part].tolist(), source.kinds[part].tolist(),
             source.times_ms[part].tolist())
        )  # fmt: skip
    return found


def _files(job: Job, data: Split, graph: bytes, made: Made) -> dict[str, Content]:
    table = made.model.unit().detach().numpy()  # (N, d)
    files: dict[str, Content] = {
        ENCODER: graph,
        ITEMS: _npy(table),
        VOCABULARY: json.dumps(data.vocabulary, ensure_ascii=False).encode(),
        POPULARITY: _popularity(job, data),
        FUSION: json.dumps(made.fusion.plain()).encode(),
        SEEN: _npy(made.seen_ms),
        **weights.pack(made.model, made.optimizer),
    }
    counts = data.counts[FIRST_ROW:]
    found = text_map.fit(data.vocabulary, table[FIRST_ROW:], counts, job.vectors)
    if found is not None:
        files[TEXT_MAP] = _npy(found)
    return files


def _popularity(job: Job, data: Split) -> bytes:
    """Decayed counts of the whole log, held-out part included: it was counted, not trained on."""
    snapshot = job.snapshot
    log = replace(data.source, rows=snapshot.items[data.source.order].astype(np.int64))
    once, now = firsts(log), int(snapshot.times_ms.max())
    scores = popularity(
        log.rows[once], log.times_ms[once], now, job.terms.half_life_s, len(snapshot.item_ids)
    )
    best = np.argsort(-scores, kind="stable")[:POPULAR]
    named = {snapshot.item_ids[i]: float(scores[i]) for i in best if scores[i] > 0}
    return json.dumps({"at_ms": now, "scores": named}, ensure_ascii=False).encode()


def _npy(array: npt.NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(array), allow_pickle=False)
    return file.getvalue()
