"""Who may say which model is served: an Ed25519 key that signs, and the public halves trusted.

    DATA_DIR/keys/signing.key   made by learn at its first start, mode 0600; only learn and
                                `recaug model rollback` read it
    DATA_DIR/keys/signing.pub   its public half: what recommend trusts unless told otherwise

Trust never comes from what is to be trusted: no key is read from a bundle, the registry or a topic.
"""

from __future__ import annotations

import importlib.util
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recaug import atomic
from recaug.errors import Failure

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from recaug.settings import Settings

SIGNATURE_BYTES: Final = 64
#: Largest key file read; a dozen public keys fit.
MAX_KEY_FILE: Final = 16_384

_PUBLIC: Final = re.compile(b"-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----")


@dataclass(frozen=True, slots=True)
class Keys:
    """Where the two halves are. Files are read at each use, so a key can be exchanged at run time.

    :ivar signing: the private key, PEM; it is there only on the machine that trains.
    :ivar trusted: one or several public keys, PEM, one after the other.
    """

    signing: Path
    trusted: Path

    @classmethod
    def of(cls, settings: Settings) -> Keys:
        """The files that `RECAUG_SIGNING_KEY` and `RECAUG_TRUSTED_KEYS` name, or the defaults."""
        home = settings.data_dir.absolute() / "keys"
        signing = settings.signing_key or home / "signing.key"
        return cls(signing.absolute(), (settings.trusted_keys or home / "signing.pub").absolute())

    def ensure(self) -> None:
        """Make the key where there is none yet, and see that its public half is trusted here.

        Raises Failure: there is a public half without its key, or the two are not a pair.
        """
        if not self.signing.exists():
            self._make()
        if not self.trusted.exists():
            atomic.make_directory(self.trusted.parent)
            atomic.write_bytes(self.trusted, _pem(self._private().public_key()))
        if not self.verifies(b"recaug", self.sign(b"recaug")):
            raise Failure(
                f"models would be signed in vain with {self.signing}",
                f"its public half is not in {self.trusted}, so no worker would serve them",
                f"openssl pkey -in {self.signing} -pubout >> {self.trusted}",
            )

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature. Raises Failure where the key cannot be used."""
        return bytes(self._private().sign(message))

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether one of the trusted keys signed `message`. Raises Failure where none is there."""
        _need_cryptography()
        from cryptography.exceptions import InvalidSignature

        for key in self._public():
            try:
                key.verify(signature, message)
            except InvalidSignature:
                continue
            return True
        return False

    def _make(self) -> None:
        if self.trusted.exists():
            raise Failure(
                f"the key {self.signing} is gone", f"its public half {self.trusted} is still there",
                "bring it back from a copy, or delete the public half: a new pair is made then, "
                "and models signed before are served no more",
            )  # fmt: skip
        _need_cryptography()
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        pem = Ed25519PrivateKey.generate().private_bytes(
            form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
        )
        atomic.make_directory(self.signing.parent)
        atomic.write_bytes(self.signing, pem, 0o600)

    def _private(self) -> Any:
        _need_cryptography()
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(_read(self.signing, others_may=0), None)
        except (OSError, ValueError, TypeError) as error:
            raise _unusable(self.signing, str(error)) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise _unusable(self.signing, "it is no Ed25519 key")
        return key

    def _public(self) -> Iterator[Ed25519PublicKey]:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        try:
            blocks = _PUBLIC.findall(_read(self.trusted, others_may=0o005))
            keys = [load_pem_public_key(block) for block in blocks]
        except (OSError, ValueError) as error:
            raise _untrusting(self.trusted, str(error)) from error
        if not keys or not all(isinstance(key, Ed25519PublicKey) for key in keys):
            raise _untrusting(self.trusted, "it holds no Ed25519 public key, or another kind too")
        yield from keys  # type: ignore[misc]


def _pem(key: Ed25519PublicKey) -> bytes:
    from cryptography.hazmat.primitives import serialization as form

    return key.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)


def _read(path: Path, others_may: int) -> bytes:
    # Links are followed: orchestrators mount secrets as links, and whoever runs us named the file.
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o007 & ~others_may:
            raise ValueError("everybody on this machine may read or change it: chmod o-rwx, o-w")
        return file.read(MAX_KEY_FILE)


def _need_cryptography() -> None:
    if importlib.util.find_spec("cryptography") is None:
        raise Failure(
            "signatures cannot be made or checked here", "cryptography is not installed",
            "make setup   in a checkout, or pip install cryptography",
        )  # fmt: skip


def _unusable(path: Path, why: str) -> Failure:
    mend = "name the key in RECAUG_SIGNING_KEY, or work on the machine where learn runs"
    return Failure(f"cannot sign with {path}", why, mend)


def _untrusting(path: Path, why: str) -> Failure:
    mend = "copy DATA_DIR/keys/signing.pub from the machine of learn, or set RECAUG_TRUSTED_KEYS"
    return Failure(f"no signature can be checked with {path}", why, mend)
