import hashlib
import io
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recaug.registry import CorruptBundle, Registry, new_version
from recaug.signing import Keys

ABOUT: dict[str, Any] = {
    "created_at": "2025-11-24T05:40:35Z", "model": {"width": 4}, "metrics": {}, "parity": {},
    "offsets": {"recaug.events": {"0": 7}}, "events": 7, "train_seconds": 1.5, "device": "cpu",
    "promoted": True, "reason": "first",
}  # fmt: skip
FILES = {"a.json": b'{"x": 1}', "b.bin": lambda path: path.write_bytes(b"\x00\x01")}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    made = Registry(tmp_path)
    made.write("main", "v1", FILES, ABOUT)
    return made


def test_a_bundle_is_what_was_written(registry: Registry) -> None:
    bundle = registry.open("main", "v1")
    assert bundle.json("a.json") == {"x": 1}
    assert bundle.read("b.bin") == b"\x00\x01"
    assert bundle.manifest.files["b.bin"].sha256 == hashlib.sha256(b"\x00\x01").hexdigest()
    assert bundle.manifest.offsets == {"recaug.events": {"0": 7}}
    raw = (bundle.path / "manifest.json").read_bytes()
    assert json.loads(raw)["schema"] == "recaug.bundle/1"
    assert bundle.manifest_sha256 == hashlib.sha256(raw).hexdigest()


def test_an_array_never_unpickles(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)

    registry = Registry(tmp_path)
    registry.write("main", "v1", {"x.npy": write}, ABOUT)
    with pytest.raises(ValueError, match="pickle"):
        registry.open("main", "v1").array("x.npy")


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda d: (d / "b.bin").write_bytes(b"\x00\x02"), "hash"),
        (lambda d: (d / "b.bin").write_bytes(b"\x00"), "bytes"),
        (lambda d: (d / "b.bin").unlink(), "cannot be read"),
        (lambda d: (d / "extra").write_bytes(b""), "extra is not in its manifest"),
        (lambda d: (d / "manifest.json").unlink(), "manifest cannot be read"),
        (lambda d: (d / "manifest.json").write_bytes(b"{"), "manifest cannot be read"),
        (lambda d: d.rename(d.with_name("v2")), "calls itself main/v1"),
    ],
)
def test_a_damaged_bundle_is_refused(registry: Registry, harm: Any, why: str) -> None:
    harm(registry.root / "main" / "v1")
    version = registry.versions("main")[0] if registry.versions("main") else "v1"
    with pytest.raises(CorruptBundle, match=why):
        registry.open("main", version)


def test_a_link_is_no_file_of_a_bundle(registry: Registry, tmp_path: Path) -> None:
    place = registry.root / "main" / "v1"
    elsewhere = tmp_path / "elsewhere"
    (place / "b.bin").rename(elsewhere)
    (place / "b.bin").symlink_to(elsewhere)
    with pytest.raises(CorruptBundle, match="plain file"):
        registry.open("main", "v1")


def test_each_read_verifies_again(registry: Registry) -> None:
    bundle = registry.open("main", "v1")
    (bundle.path / "b.bin").write_bytes(b"\x00\x02")
    with pytest.raises(CorruptBundle):
        bundle.read("b.bin")


def test_the_manifest_must_be_the_one_announced(registry: Registry) -> None:
    announced = registry.open("main", "v1").manifest_sha256
    registry.open("main", "v1", announced)
    with pytest.raises(CorruptBundle, match="announced"):
        registry.open("main", "v1", "0" * 64)


def test_a_write_that_fails_leaves_no_version(registry: Registry) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        registry.write("main", "v2", {"x": fail}, ABOUT)
    assert registry.versions("main") == ["v1"]
    registry.write("main", "v2", FILES, ABOUT)
    assert registry.open("main", "v2").read("b.bin") == b"\x00\x01"


def test_a_version_is_never_overwritten(registry: Registry) -> None:
    with pytest.raises(FileExistsError):
        registry.write("main", "v1", FILES, ABOUT)


def test_champion_follows_promotion_and_rollback(registry: Registry) -> None:
    assert registry.champion("main") is None
    registry.write("main", "v2", FILES, ABOUT)
    for version in ("v1", "v2", "v1"):
        registry.promote("main", version)
        assert registry.champion("main") == version


def test_only_an_intact_bundle_is_promoted(registry: Registry) -> None:
    (registry.root / "main" / "v1" / "a.json").write_bytes(b"{}")
    with pytest.raises(CorruptBundle):
        registry.promote("main", "v1")
    assert registry.champion("main") is None


@pytest.mark.parametrize("content", [b"", b"../../etc", b"\xff"])
def test_a_bad_alias_is_refused(registry: Registry, content: bytes) -> None:
    (registry.root / "main" / "champion").write_bytes(content)
    with pytest.raises(CorruptBundle):
        registry.champion("main")


def test_prune_keeps_the_newest_the_champion_and_its_parent(registry: Registry) -> None:
    registry.write("main", "v2", FILES, {**ABOUT, "parent": "v1"})
    for version in ("v3", "v4", "v5"):
        registry.write("main", version, FILES, ABOUT)
    registry.promote("main", "v2")
    (registry.root / "main" / ".v9.aside").mkdir()
    assert registry.prune("main", keep=1) == ["v3", "v4"]
    assert registry.versions("main") == ["v1", "v2", "v5"]
    assert not list((registry.root / "main").glob(".*"))


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a" * 129])
def test_names_stay_inside_the_root(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        Registry(tmp_path).open("main", name)


def test_versions_sort_by_time() -> None:
    early, late = new_version(1_763_962_835_009, "f" * 64), new_version(1_763_962_835_010, "0" * 64)
    assert early == "20251124T054035009-ffffffff"
    assert early < late


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    made = Keys(tmp_path / "keys" / "signing.key", tmp_path / "keys" / "signing.pub")
    made.ensure()
    return made


@pytest.fixture
def signed(tmp_path: Path, keys: Keys) -> Registry:
    """Two versions, the second served."""
    made = Registry(tmp_path / "signed", keys)
    for version in ("v1", "v2"):
        made.write("main", version, FILES, ABOUT)
        made.promote("main", version)
    return made


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda d: (d / "manifest.sig").unlink(), "it has no signature"),
        (lambda d: (d / "manifest.sig").write_bytes(b""), "no trusted key"),
        (lambda d: (d / "manifest.sig").write_bytes(bytes(64)), "no trusted key"),
        (lambda d: (d / "manifest.sig").write_bytes(bytes(65)), "it has no signature"),
        (lambda d: (d / "manifest.json").write_bytes(
            (d / "manifest.json").read_bytes().replace(b'"events": 7', b'"events": 8')),
         "no trusted key"),
        (lambda d: shutil.copy(d.with_name("v2") / "manifest.sig", d), "no trusted key"),
    ],
)  # fmt: skip
def test_what_no_trusted_key_signed_is_refused(signed: Registry, harm: Any, why: str) -> None:
    signed.open("main", "v1")
    harm(signed.root / "main" / "v1")
    with pytest.raises(CorruptBundle, match=why):
        signed.open("main", "v1")
    with pytest.raises(CorruptBundle, match=why):
        signed.promote("main", "v1")
    assert signed.champion("main") == "v2"


def test_a_bundle_under_another_name_is_refused(signed: Registry) -> None:
    shutil.copytree(signed.root / "main" / "v1", signed.root / "main" / "v3")
    with pytest.raises(CorruptBundle, match="calls itself main/v1"):
        signed.open("main", "v3")


def test_an_alias_that_no_trusted_key_signed_is_refused(signed: Registry) -> None:
    alias = signed.root / "main" / "champion"
    forged = json.loads(alias.read_bytes()) | {"version": "v1"}
    alias.write_text(json.dumps(forged))
    with pytest.raises(CorruptBundle, match="no trusted key signed it"):
        signed.champion("main")


def test_the_sequence_goes_on_over_a_damaged_alias(signed: Registry) -> None:
    before = json.loads((signed.root / "main" / "champion.before").read_bytes())["sequence"]
    (signed.root / "main" / "champion").write_bytes(b"")
    assert signed.promote("main", "v2", now_ms=1).sequence == before + 1


def test_two_who_promote_at_once_get_two_numbers(signed: Registry) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: signed.promote("main", f"v{1 + n % 2}", 1), range(32)))
    assert len({one.sequence for one in found}) == 32
    assert signed.promotion("main") == max(found, key=lambda one: one.sequence)


@pytest.mark.parametrize("file", ["../b.bin", "/etc/passwd", "a/b", ".hidden", ""])
def test_a_manifest_cannot_name_files_elsewhere(registry: Registry, file: str) -> None:
    path = registry.root / "main" / "v1" / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"][file] = manifest["files"].pop("b.bin")
    path.write_text(json.dumps(manifest))
    with pytest.raises(CorruptBundle, match="manifest cannot be read"):
        registry.open("main", "v1")


def test_a_pipe_is_not_waited_for(registry: Registry) -> None:
    path = registry.root / "main" / "v1" / "b.bin"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(CorruptBundle, match="plain file"):
        registry.open("main", "v1")


def test_no_more_is_read_than_a_file_may_have(registry: Registry) -> None:
    with (registry.root / "main" / "v1" / "b.bin").open("wb") as file:
        file.truncate(1 << 40)  # a terabyte of nothing
    with pytest.raises(CorruptBundle, match="more than 2"):
        registry.open("main", "v1")


def test_an_array_larger_than_its_file_is_not_made(tmp_path: Path) -> None:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f4", "fortran_order": False, "shape": (1 << 50,)}
    )
    registry = Registry(tmp_path)
    registry.write("main", "v1", {"x.npy": head.getvalue()}, ABOUT)
    with pytest.raises(ValueError, match="size that its header claims"):
        registry.open("main", "v1").array("x.npy")
