import shutil
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from models.text import export_encoder
from recaug.errors import Failure
from recaug.text import About, TextEncoder


def test_alike_texts_are_near_and_order_is_kept(exported: Path) -> None:
    encoder = TextEncoder.load(exported)
    texts = ["red running shoes", "electric kettle " * 80, "sneakers for jogging, red", ""]
    vectors = encoder.encode(texts)
    assert encoder.name == "all-MiniLM-L6-v2"
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    near = vectors @ vectors.T
    assert near[0, 2] > 0.6 > near[0, 1]
    for text, vector in zip(texts, vectors, strict=True):
        assert np.allclose(encoder.encode([text])[0], vector, atol=1e-5)


def test_no_text_no_vector(exported: Path) -> None:
    assert TextEncoder.load(exported).encode([]).shape == (0, 384)


def test_a_text_of_blanks_has_no_direction() -> None:
    # A tokenizer that frames no text: of blanks nothing is left, and no session is asked.
    words = Tokenizer(WordLevel({"ball": 1}))
    words.pre_tokenizer = Whitespace()
    words.enable_padding()
    about = About(name="tiny", width=2, max_tokens=8, sha256={})
    encoder = TextEncoder(about, None, words)
    assert encoder.encode(["", "  "]).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_damaged_encoder_is_refused(exported: Path, tmp_path: Path) -> None:
    place = tmp_path / "copy"
    shutil.copytree(exported, place)
    (place / "tokenizer.json").write_text("{}")
    with pytest.raises(Failure, match=r"tokenizer\.json does not have the hash"):
        TextEncoder.load(place)
    with pytest.raises(Failure, match="cannot be used"):
        TextEncoder.load(tmp_path / "nothing")


def test_an_export_never_overwrites(exported: Path) -> None:
    with pytest.raises(Failure, match="exists"):
        export_encoder("", exported)


def test_an_encoder_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot read the text encoder"):
        export_encoder(str(tmp_path / "none"), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
