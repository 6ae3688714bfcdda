"""`recaug model` on a real registry and a real topic."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recaug.kafka import ensure_topics, producer, read
from recaug.prequential.record import Cell, Record, Sums
from recaug.registry import ModelRecord, Registry
from recaug.signing import Keys
from tests.recaug.cli.shell import Shell


def about(minute: int, parent: str | None, ndcg: float) -> dict[str, Any]:
    return {
        "created_at": f"2026-11-24T05:{minute:02d}:00Z",
        "parent": parent,
        "model": {"width": 4},
        "metrics": {"challenger": {"ndcg@10": ndcg}, "popularity": {"ndcg@10": 0.01}},
        "parity": {},
        "offsets": {},
        "events": 1_000 * minute,
        "train_seconds": 1.5,
        "device": "cpu",
        "promoted": True,
        "reason": "beats popularity",
    }


def keys(shell: Shell) -> Keys:
    """Those of the installation, made as learn makes them."""
    made = Keys.of(shell.settings)
    made.ensure()
    return made


@pytest.fixture
def registry(shell: Shell) -> Registry:
    """Three models, the newest served."""
    ensure_topics(shell.settings)
    registry = Registry(shell.settings.registry, keys(shell))
    parent = None
    for minute, version in (
        (1, "20261124T0501-aaaa"),
        (2, "20261124T0502-bbbb"),
        (3, "20261124T0503-cccc"),
    ):
        registry.write("main", version, {"x.bin": b"x"}, about(minute, parent, minute / 10))
        registry.promote("main", version)
        parent = version
    return registry


def announced(shell: Shell) -> list[tuple[str, ModelRecord]]:
    topic = shell.settings.topics.models.name
    return [
        ((record.key or b"").decode(), ModelRecord.model_validate_json(record.value or b""))
        for record in read(shell.settings.kafka, [topic])
    ]


def announce(shell: Shell, record: ModelRecord) -> None:
    client = producer(shell.settings.kafka)
    key = f"{record.name}/{record.version}".encode()
    client.send(shell.settings.topics.models.name, key=key, value=record.model_dump_json().encode())
    client.close()


def test_the_list_holds_losers_too_in_order_of_time(shell: Shell, registry: Registry) -> None:
    loser = ModelRecord.model_validate(
        {**about(2, None, 0.05), "name": "main", "version": "loser", "promoted": False,
         "created_at": "2026-11-24T05:02:30Z", "reason": "loses to the champion"}
    )  # fmt: skip
    announce(shell, loser)
    done = shell.run("model", "list", "-f", "json")
    assert done.code == 0, done.err
    assert [(one["version"][-4:], one["state"]) for one in done.lines()] == [
        ("aaaa", "kept"),
        ("bbbb", "kept"),
        ("oser", "not promoted"),
        ("cccc", "serving"),
    ]
    text = shell.run("model", "list").out.splitlines()
    assert "0.3000" in text[4]
    assert "serving" in text[4]
    assert "not promoted: loses to the champion" in text[3]


def test_without_a_broker_the_bundles_on_disk_are_listed(shell: Shell, registry: Registry) -> None:
    done = shell.run("model", "list", "-f", "json", "--kafka", "127.0.0.1:1")
    assert done.code == 0
    assert len(done.lines()) == 3
    assert "only the bundles on disk" in done.err


def test_show_prints_the_manifest_of_what_is_served(shell: Shell, registry: Registry) -> None:
    assert json.loads(shell.run("model", "show").out)["version"] == "20261124T0503-cccc"
    assert json.loads(shell.run("model", "show", "aaaa").out)["events"] == 1_000


def test_how_a_model_did_while_it_served_is_read_from_the_topic(
    shell: Shell, registry: Registry
) -> None:
    client, topic = producer(shell.settings.kafka), shell.settings.topics.metrics.name
    half, none = Sums(hits=2, ndcg=1.0, mrr=0.5), Sums()
    places = (("clicks", "new"), ("clicks", "long"), ("searches", "new"))
    found = [
        Cell.model_validate({"source": source, "bucket": bucket, "targets": 4, "served": half,
                             "popularity": none}) for source, bucket in places
    ]  # fmt: skip
    for some in (found[:2], found[2:], found[:1]):
        record = Record(model="main", version="20261124T0503-cccc", from_ms=0, to_ms=1,
                        cells=tuple(some))  # fmt: skip
        client.send(topic, key=b"main", value=record.to_bytes())
    client.send(topic, key=b"main", value=b"{}")
    client.close()
    shown = json.loads(shell.run("model", "show").out)["live"]
    assert shown["targets"] == 16
    assert shown["served"] == {"hr@10": 0.5, "ndcg@10": 0.25, "mrr@10": 0.125}
    assert shown["popularity"]["hr@10"] == 0.0
    assert {(part["source"], part["bucket"]): part["targets"] for part in shown["parts"]} == {
        ("clicks", "new"): 8, ("clicks", "long"): 4, ("searches", "new"): 4,
    }  # fmt: skip
    assert json.loads(shell.run("model", "show", "aaaa").out)["live"] is None
    listed = shell.run("model", "list")
    assert listed.out.splitlines()[3].split()[-5:] == [
        "16", "0.5000", "0.2500", "0.1250", "serving"
    ]  # fmt: skip
    assert "is unreadable" in listed.err
    last = shell.run("model", "list", "-f", "json").lines()[-1]
    assert last["live"]["served"]["hr@10"] == 0.5


def test_show_says_so_when_a_part_fits_several(shell: Shell, registry: Registry) -> None:
    done = shell.run("model", "show", "20261124")
    assert done.code == 2
    assert "3 versions match" in done.err


def test_rollback_moves_the_alias_and_tells_the_workers(shell: Shell, registry: Registry) -> None:
    done = shell.run("model", "rollback", "--yes")
    assert done.code == 0, done.err
    assert registry.champion("main") == "20261124T0502-bbbb"
    ((key, record),) = announced(shell)
    assert key == "main"
    assert (record.version, record.promoted) == ("20261124T0502-bbbb", True)
    assert record.reason == "rolled back by hand from 20261124T0503-cccc"
    bundle = registry.open("main", record.version)
    assert record.manifest_sha256 == bundle.manifest_sha256
    assert record.promotion == registry.promotion("main")
    assert record.promotion.is_signed(keys(shell))


def test_rollback_needs_the_key_that_signs(shell: Shell, registry: Registry) -> None:
    keys(shell).signing.unlink()
    done = shell.run("model", "rollback", "--yes")
    assert done.code == 2
    assert "cannot sign" in done.err
    assert registry.champion("main") == "20261124T0503-cccc"
    assert announced(shell) == []


def test_an_unsigned_model_is_listed_as_such(shell: Shell, registry: Registry) -> None:
    (registry.root / "main" / "20261124T0502-bbbb" / "manifest.sig").unlink()
    done = shell.run("model", "list", "-f", "json")
    assert [one["version"][-4:] for one in done.lines()] == ["aaaa", "cccc"]
    assert "it has no signature" in done.err


def test_rollback_goes_to_a_version_by_name(shell: Shell, registry: Registry) -> None:
    assert shell.run("model", "rollback", "aaaa", "-y").code == 0
    assert registry.champion("main") == "20261124T0501-aaaa"


def test_a_damaged_model_is_never_gone_back_to(shell: Shell, registry: Registry) -> None:
    (registry.root / "main" / "20261124T0502-bbbb" / "x.bin").write_bytes(b"y")
    done = shell.run("model", "rollback", "--yes")
    assert done.code == 2
    assert "damaged" in done.err
    assert registry.champion("main") == "20261124T0503-cccc"
    assert announced(shell) == []


def test_nothing_changes_while_the_broker_is_away(shell: Shell, registry: Registry) -> None:
    done = shell.run("model", "rollback", "--yes", "--kafka", "127.0.0.1:1")
    assert done.code == 3
    assert registry.champion("main") == "20261124T0503-cccc"


def test_there_is_nothing_before_the_first(shell: Shell) -> None:
    registry = Registry(shell.settings.registry, keys(shell))
    registry.write("main", "only", {"x.bin": b"x"}, about(1, None, 0.1))
    registry.promote("main", "only")
    done = shell.run("model", "rollback", "--yes")
    assert done.code == 2
    assert "no older model" in done.err
