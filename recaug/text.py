"""Texts as vectors: an exported encoder run by ONNX Runtime, no torch (see `models.text`).

DIR/encoder.onnx      tokens → one unit vector a text; pooling is inside
DIR/tokenizer.json    the encoder's vocabulary and rules
DIR/encoder.json      name, width, most tokens, and the hashes of the other two
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recaug import plain
from recaug.admission import ENCODER, Refused, admit
from recaug.errors import Failure

Float32 = npt.NDArray[np.float32]

GRAPH, TOKENIZER, ABOUT = "encoder.onnx", "tokenizer.json", "encoder.json"
INPUTS = ("input_ids", "attention_mask")
OUTPUT = "vectors"
#: Largest description and largest vocabulary read, bytes.
MAX_ABOUT, MAX_TOKENIZER = 1 << 16, 1 << 27
#: Tokens run at once, padding included: bounds memory and how long one run takes.
TOKENS = 4_096


class About(BaseModel):
    """encoder.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    width: int = Field(ge=1)
    max_tokens: int = Field(ge=2)
    sha256: dict[str, str]


class TextEncoder:
    """Encodes texts; one at a time per instance, any number of instances."""

    def __init__(self, about: About, session: Any, tokenizer: Any) -> None:
        self.name, self.width = about.name, about.width
        self._session, self._tokenizer = session, tokenizer

    @classmethod
    def load(cls, directory: Path, threads: int = 1) -> TextEncoder:
        """Read and verify an exported encoder.

        Raises Failure where it is missing, damaged or not what ONNX Runtime may be given.
        """
        import onnxruntime as ort
        from tokenizers import Tokenizer

        about, files = _verified(directory)
        try:
            admit(files[GRAPH], ENCODER)
        except Refused as refused:
            raise _unusable(directory, str(refused)) from refused
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        session = ort.InferenceSession(files[GRAPH], options, providers=["CPUExecutionProvider"])
        return cls(about, session, Tokenizer.from_str(files[TOKENIZER].decode()))

    def encode(self, texts: Sequence[str]) -> Float32:
        """Vectors of length 1, (n, width), in the order of the texts; float32.

        Zeros for a text in which the encoder's tokenizer finds nothing to read.
        """
        vectors = np.zeros((len(texts), self.width), np.float32)
        # By length, so that short texts are not padded to the longest.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        start = 0
        while start < len(order):
            some = order[start : start + 64]
            encoded = self._tokenizer.encode_batch([texts[i] for i in some])
            longest = len(encoded[0].ids)  # of all of them: they are padded
            fit = max(1, min(len(some), TOKENS // longest)) if longest else len(some)
            if longest:
                vectors[some[:fit]] = self._run(encoded[:fit])
            start += fit
        return vectors

    def tokens(self, text: str) -> list[int]:
        """The numbers the encoder reads for a text, cut to its most tokens."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids

    def _run(self, encoded: Sequence[Any]) -> Float32:
        ids = np.array([one.ids for one in encoded], np.int64)  # (b, t)
        mask = np.array([one.attention_mask for one in encoded], np.int64)  # (b, t)
        found: Float32 = self._session.run([OUTPUT], dict(zip(INPUTS, (ids, mask), strict=True)))[0]
        return found


def _verified(directory: Path) -> tuple[About, dict[str, bytes]]:
    try:
        about = About.model_validate_json(plain.read(directory / ABOUT, MAX_ABOUT))
        sizes = {GRAPH: ENCODER.bytes, TOKENIZER: MAX_TOKENIZER}
        files = {name: plain.read(directory / name, most) for name, most in sizes.items()}
    except (OSError, ValidationError) as error:
        raise _unusable(directory, str(error).splitlines()[0]) from error
    for name, data in files.items():
        if hashlib.sha256(data).hexdigest() != about.sha256.get(name):
            raise _unusable(directory, f"{name} does not have the hash that {ABOUT} names")
    return about, files


def _unusable(directory: Path, why: str) -> Failure:
    mend = f"rm -r {directory}; python -m models prepare"
    return Failure(f"the text encoder {directory} cannot be used", why, mend)
