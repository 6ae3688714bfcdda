"""Keys are made once, kept private, and only what they signed is believed."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.errors import Failure
from recaug.promotion import Floor, Promotion, next_sequence
from recaug.settings import Settings
from recaug.signing import Keys

DIGEST = "a" * 64


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    made = Keys.of(Settings(data_dir=tmp_path / "data"))
    made.ensure()
    return made


def others(tmp_path: Path) -> Keys:
    """A pair of somebody else."""
    made = Keys.of(Settings(data_dir=tmp_path / "others"))
    made.ensure()
    return made


def test_the_first_start_makes_a_pair_and_the_second_keeps_it(keys: Keys) -> None:
    assert stat.S_IMODE(keys.signing.stat().st_mode) == 0o600
    before = keys.signing.read_bytes(), keys.trusted.read_bytes()
    keys.ensure()
    assert (keys.signing.read_bytes(), keys.trusted.read_bytes()) == before
    assert keys.verifies(b"m", keys.sign(b"m"))
    assert b"PRIVATE" not in keys.trusted.read_bytes()


def test_a_start_killed_between_the_halves_is_made_good(keys: Keys) -> None:
    before = keys.trusted.read_bytes()
    keys.trusted.unlink()
    keys.ensure()
    assert keys.trusted.read_bytes() == before


def test_another_key_or_another_message_is_not_believed(keys: Keys, tmp_path: Path) -> None:
    foreign = others(tmp_path)
    assert not keys.verifies(b"m", foreign.sign(b"m"))
    assert not keys.verifies(b"n", keys.sign(b"m"))
    assert not keys.verifies(b"m", b"")


def test_several_keys_can_be_trusted_while_one_is_exchanged(keys: Keys, tmp_path: Path) -> None:
    foreign = others(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(keys.trusted.read_bytes() + b"# the new one\n" + foreign.trusted.read_bytes())
    trusting = Keys(keys.signing, both)
    assert trusting.verifies(b"m", keys.sign(b"m"))
    assert trusting.verifies(b"m", foreign.sign(b"m"))


def test_a_lost_key_is_not_silently_replaced(keys: Keys) -> None:
    keys.signing.unlink()
    with pytest.raises(Failure, match="is gone"):
        keys.ensure()
    assert not keys.signing.exists()


def test_a_key_whose_models_nobody_would_serve_is_refused(keys: Keys, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="signed in vain"):
        Keys(keys.signing, others(tmp_path).trusted).ensure()


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o666])
def test_a_key_that_everybody_may_read_is_not_used(keys: Keys, mode: int) -> None:
    keys.signing.chmod(mode)
    with pytest.raises(Failure, match="everybody"):
        keys.sign(b"m")


def test_a_list_that_everybody_may_change_is_not_trusted(keys: Keys) -> None:
    signature = keys.sign(b"m")
    keys.trusted.chmod(0o646)
    with pytest.raises(Failure, match="everybody"):
        keys.verifies(b"m", signature)


@pytest.mark.parametrize("content", [b"", b"not a key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n"])
def test_without_a_trusted_key_nothing_is_believed(keys: Keys, content: bytes) -> None:
    signature = keys.sign(b"m")
    keys.trusted.write_bytes(content)
    with pytest.raises(Failure, match="no signature can be checked"):
        keys.verifies(b"m", signature)
    keys.trusted.unlink()
    with pytest.raises(Failure, match="no signature can be checked"):
        keys.verifies(b"m", signature)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    key, public = tmp_path / "rsa.key", tmp_path / "rsa.pub"
    for command in (
        ["openssl", "genpkey", "-algorithm", "RSA", "-out", str(key)],
        ["openssl", "pkey", "-in", str(key), "-pubout", "-out", str(public)],
    ):
        subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(Failure, match="no Ed25519 key"):
        Keys(key, public).sign(b"m")
    with pytest.raises(Failure, match="no Ed25519 public key"):
        Keys(key, public).verifies(b"m", b"")


def test_openssl_agrees(keys: Keys, tmp_path: Path) -> None:
    """Anybody can check a bundle without this program: the signature is over the bare manifest."""
    (tmp_path / "m").write_bytes(b"manifest")
    (tmp_path / "s").write_bytes(keys.sign(b"manifest"))
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(keys.trusted),
         "-in", str(tmp_path / "m"), "-sigfile", str(tmp_path / "s")],
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def promotion(sequence: int = 5) -> Promotion:
    return Promotion(name="main", version="v1", manifest_sha256=DIGEST, sequence=sequence)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"}, {"version": "v2"}, {"manifest_sha256": "b" * 64}, {"sequence": 6},
        {"signature": ""}, {"signature": "!"}, {"signature": "QUJD"},
    ],
)  # fmt: skip
def test_a_promotion_is_signed_in_every_field(keys: Keys, change: dict[str, object]) -> None:
    signed = promotion().signed(keys)
    assert signed.is_signed(keys)
    assert not signed.model_copy(update=change).is_signed(keys)


def test_the_signature_of_a_manifest_is_none_of_a_promotion(keys: Keys) -> None:
    message = promotion()._message()
    assert not message.startswith(b"{")  # as every manifest does


@given(st.integers(0, 2**60), st.integers(0, 2**60))
def test_the_sequence_grows_whatever_the_clock_does(last: int, now_ms: int) -> None:
    assert next_sequence(last, now_ms) > last


def test_the_floor_rises_and_outlives_its_process(tmp_path: Path) -> None:
    path = tmp_path / "recommend" / "main.floor"
    floor = Floor(path)
    assert floor.value == 0
    floor.rise(7)
    floor.rise(3)
    assert (floor.value, Floor(path).value) == (7, 7)
    Floor(path).rise(9)
    assert floor.value == 9  # another worker of the same machine served it


@pytest.mark.parametrize("content", [b"", b"-5", b"seven", b"9" * 5_000])
def test_a_damaged_floor_is_said_and_not_fatal(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "main.floor"
    floor = Floor(path)
    floor.rise(7)
    path.write_bytes(content)
    assert floor.value == 7
    assert Floor(path).value == 0
    assert "is forgotten" in caplog.text


def test_a_floor_that_cannot_be_written_holds_while_the_process_lives(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "recommend").write_bytes(b"a file where a directory should be")
    floor = Floor(tmp_path / "recommend" / "main.floor")
    floor.rise(7)
    assert floor.value == 7
    assert "a restart forgets it" in caplog.text
