import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.bundle import ENCODER, FUSION, ITEMS, POPULARITY, SEEN, TEXT_MAP, VOCABULARY
from models.job import read
from models.parent import Parent
from recaug.buffer import RollingBuffer
from recaug.registry import ModelRecord, Registry
from recaug.signing import Keys
from tests.models.conftest import HISTORY, WALKER, walks
from tests.models.conftest import ITEMS as RING

ROOT = Path(__file__).resolve().parents[2]
TENSORS = {"weights.safetensors", "optimizer.safetensors"}
FILES = {ENCODER, FUSION, ITEMS, SEEN, VOCABULARY, POPULARITY, *TENSORS}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """One that signs and checks, as learn's does."""
    keys = Keys(tmp_path / "signing.key", tmp_path / "signing.pub")
    keys.ensure()
    return Registry(tmp_path / "registry", keys)


def job(place: Path, registry: Registry, buffer: RollingBuffer, **terms: Any) -> Path:
    place.mkdir()
    buffer.save(place / "buffer.npz")
    # Most end when nothing is gained. Processor seconds, so that a busy machine is no worse.
    told = {
        "registry": str(registry.root), "signing_key": str(place.parent / "signing.key"),
        "trusted_keys": str(place.parent / "signing.pub"), "name": "main", "parent": None,
        "budget_s": 15.0, "threads": 1, "device": "cpu", "seed": 0, "history": HISTORY,
        "half_life_s": 3_600.0,
        "offsets": {"recaug.events": {"0": 41}}, "events": 1_234, **terms,
    }  # fmt: skip
    (place / "job.json").write_text(json.dumps(told))
    return place


def run(place: Path) -> tuple[ModelRecord, list[dict[str, Any]]]:
    """As learn does it: a child process, its lines and its result."""
    done = subprocess.run(
        [sys.executable, "-m", "models", "fine-tune", str(place)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = ModelRecord.model_validate_json((place / "result.json").read_bytes())
    return record, [json.loads(line) for line in done.stdout.splitlines()]


def test_a_winner_is_written_and_the_next_run_goes_on_from_it(
    registry: Registry, tmp_path: Path
) -> None:
    buffer = walks(60, 30, seed=1)
    ids = [f"i{n}" for n in range(RING)]
    ring = np.stack([np.cos(np.arange(RING) / 6), np.sin(np.arange(RING) / 6)], axis=1)
    first = job(tmp_path / "one", registry, buffer)
    np.savez(first / "vectors.npz", ids=np.frombuffer("\n".join(ids).encode(), np.uint8),
             vectors=ring.astype(np.float16))  # fmt: skip
    record, lines = run(first)
    assert record.promoted, record.reason
    assert record.metrics["challenger"]["ndcg@10"] > 2 * record.metrics["popularity"]["ndcg@10"]
    assert record.events == 1_234
    assert {line["stage"] for line in lines} == {"load", "train", "gate", "export", "done"}
    assert all(line.keys() == {"stage", "step", "steps", "loss", "seconds"} for line in lines)

    bundle = registry.open("main", record.version, record.manifest_sha256)
    assert set(bundle.manifest.files) == FILES | {TEXT_MAP}
    assert bundle.manifest.offsets == {"recaug.events": {"0": 41}}
    assert 0 < bundle.manifest.parity["worst"] <= bundle.manifest.parity["tolerance"]
    table, words = bundle.array(ITEMS), bundle.json(VOCABULARY)
    assert table.shape == (len(words) + 2, bundle.manifest.model["width"])
    assert table.dtype == np.float32
    assert np.allclose(np.linalg.norm(table[1:], axis=1), 1.0, atol=1e-5)
    assert bundle.array(TEXT_MAP).shape == (2, table.shape[1])
    assert set(bundle.json(POPULARITY)["scores"]) <= set(words)
    told = [first / "buffer.npz", *bundle.path.iterdir()]
    assert [WALKER.encode() in path.read_bytes() for path in told] == [True] + [False] * 11

    for step in range(20):  # what the first model has never seen, in histories and as targets
        names, at = [f"{WALKER}{n}" for n in range(60)], 30_000 * (30 + step)
        new = [f"new{(n + step) % 60}" for n in range(60)]
        buffer.extend(names, new, [1] * 60, [at + n for n in range(60)])
    second = job(tmp_path / "two", registry, buffer, parent=record.version)
    later, _ = run(second)
    assert later.parent == record.version
    assert later.metrics["champion"]["ndcg@10"] < later.metrics["challenger"]["ndcg@10"]
    assert later.promoted, later.reason
    assert later.metrics["augment"]["mix"] == record.metrics["augment"]["mix"] != {}
    longer = registry.open("main", later.version).json(VOCABULARY)
    assert longer[: len(words)] == words
    assert {f"new{n}" for n in range(60)} <= set(longer)

    # Ten minutes after their last event the first items are left behind, by everybody alike.
    third = job(tmp_path / "three", registry, buffer, parent=later.version, item_age_s=600.0,
                afresh=True, trigger="drift")  # fmt: skip
    parent = Parent.of(read(third))
    assert parent is not None
    assert set(parent.vocabulary) == {f"new{n}" for n in range(60)}
    model, optimizer = parent.model()
    assert len(model.table) == len(optimizer.state["table.steps"]) == 62
    own = registry.open("main", later.version).array(ITEMS)[[0, 1, *parent.rows[2:]]]
    assert np.allclose(model.unit().detach().numpy()[2:], own[2:], atol=1e-6)
    audit, _ = run(third)
    assert (audit.metrics["afresh"], audit.metrics["trigger"]) == (True, "drift")
    assert audit.metrics["champion"]["ndcg@10"] > audit.metrics["popularity"]["ndcg@10"]


def test_a_loser_leaves_its_figures_and_no_bundle(registry: Registry, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    buffer = RollingBuffer(10_000, 10**12)
    # Everybody takes anything, but a few items are taken far more often: popularity is the truth.
    items = [f"i{min(int(n), 199)}" for n in rng.exponential(4.0, 1_500)]
    users = [f"u{n}" for n in rng.integers(0, 50, 1_500)]
    buffer.extend(users, items, [1] * 1_500, list(range(1_500)))
    record, lines = run(job(tmp_path / "job", registry, buffer))
    assert not record.promoted
    assert "does not beat popularity" in record.reason
    assert record.metrics["popularity"]["ndcg@10"] > 0
    assert record.manifest_sha256 is None
    assert registry.versions("main") == []
    assert "export" not in {line["stage"] for line in lines}


def test_a_job_that_cannot_be_read_is_told_in_three_lines(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "models", "fine-tune", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 3
    assert "job.json" in done.stderr
    assert not (tmp_path / "result.json").exists()


def test_beats_popularity_on_real_films(registry: Registry, tmp_path: Path, data: Path) -> None:
    path = data / "ml-100k" / "ml-100k.inter.gz"
    assert path.is_file(), f"{path} is missing: set RECAUG_DATA"
    with gzip.open(path, "rt") as file:
        lines = [line.split("\t") for line in file.read().splitlines()[1:]]
    lines.sort(key=lambda line: float(line[3]))
    some = lines[:10_000]
    buffer = RollingBuffer(100_000, 10**12)
    buffer.extend([r[0] for r in some], [r[1] for r in some], [2] * len(some),
                  [int(float(r[3]) * 1_000) for r in some])  # fmt: skip
    place = job(tmp_path / "job", registry, buffer, half_life_s=7 * 86_400.0)
    record, _ = run(place)
    assert record.promoted, record.reason
    assert record.metrics["challenger"]["ndcg@10"] > record.metrics["popularity"]["ndcg@10"]
    assert record.metrics["targets"] > 500
