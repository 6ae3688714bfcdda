"""Item documents become vectors on a real broker, and lose them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from models.text import prepared
from recaug.item_text import text_sha256
from recaug.kafka import read
from recaug.settings import Settings
from recaug.text import TextEncoder
from streams.egress import Egress, Record
from streams.follower import Followed
from streams.vectors import Vectors

#: A child that loads torch comes after all else, other tests among it.
WITHIN_S = 180.0


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings that choose a BERT of width 8, which knows three words and means nothing by them."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    place = tmp_path_factory.mktemp("tiny")
    names = ("[PAD]", "[UNK]", "red", "tea", "pot")
    rules = Tokenizer(WordLevel({name: i for i, name in enumerate(names)}, unk_token="[UNK]"))
    rules.pre_tokenizer = Whitespace()
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]"}
    PreTrainedTokenizerFast(tokenizer_object=rules, **special).save_pretrained(place)
    config = BertConfig(
        vocab_size=len(names), hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=256,
    )  # fmt: skip
    BertModel(config).save_pretrained(place)
    chosen = {"encoder": str(place), "cache_dir": place / "cache"}
    prepared(Settings().model_copy(update=chosen))
    return chosen


@asynccontextmanager
async def encoding(settings: Settings, egress: Egress) -> AsyncIterator[Vectors]:
    vectors = Vectors(settings, egress)
    vectors.start()
    task = asyncio.create_task(vectors.encode_for_ever())
    try:
        yield vectors
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        vectors.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not holds():
            await asyncio.sleep(0.1)


def document(settings: Settings, item: str, name: str | None) -> Record:
    value = None if name is None else orjson.dumps({"item_id": item, "name": name})
    return Record(settings.topics.clean_items.name, item.encode(), value)


def held(vectors: Vectors, place: Path) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float16]]]:
    if vectors.save(place) is None:
        return {}
    with np.load(place) as file:
        names = file["ids"].tobytes().decode().split("\n")
        return dict(zip(names, file["vectors"], strict=True))


async def test_documents_get_vectors_and_lose_them_and_nothing_is_encoded_twice(
    settings: Settings, egress: Egress, tiny: dict[str, Any], tmp_path: Path
) -> None:
    chosen = settings.model_copy(update=tiny)
    names = {"a": "red tea pot", "b": "tea"}
    await egress.send(document(chosen, item, name) for item, name in names.items())
    place = tmp_path / "vectors.npz"
    async with encoding(chosen, egress) as vectors:
        await until(lambda: set(held(vectors, place)) == {"a", "b"})
        found = held(vectors, place)
        expected = TextEncoder.load(chosen.encoder_dir).encode(list(names.values()))
        assert np.allclose(np.stack([found["a"], found["b"]]), expected, atol=1e-3)

    # The next learn finds them: of three documents only the one that changed is encoded.
    await egress.send([document(chosen, "a", None), document(chosen, "c", "pot")])
    async with encoding(chosen, egress) as vectors:
        await until(lambda: set(held(vectors, place)) == {"b", "c"})
        assert np.array_equal(held(vectors, place)["b"], found["b"])
    written = read(chosen.broker, [chosen.topics.item_vectors.name])
    assert sorted((one.key or b"", one.value is None) for one in written) == [
        (b"a", False), (b"a", True), (b"b", False), (b"c", False)
    ]  # fmt: skip


async def test_a_vector_that_is_read_after_its_document_has_gone_goes_too(
    settings: Settings, egress: Egress, tiny: dict[str, Any]
) -> None:
    # Two topics come in any order: at a start all documents may be read before any vector.
    vectors = Vectors(settings, egress)
    vectors._on_item(Followed("a", None, {}))
    vectors._on_vector(Followed("a", bytes(16), {"text-sha256": text_sha256("tea").encode()}))
    encoder = TextEncoder.load(settings.model_copy(update=tiny).encoder_dir)
    assert await vectors._encode_some(encoder)
    (written,) = read(settings.broker, [settings.topics.item_vectors.name])
    assert (written.key, written.value) == (b"a", None)
    assert not await vectors._encode_some(encoder)


async def test_without_an_encoder_items_wait_and_the_log_says_so(
    settings: Settings,
    egress: Egress,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    nowhere = {"encoder": str(tmp_path / "none"), "cache_dir": tmp_path / "cache"}
    chosen = settings.model_copy(update=nowhere)
    await egress.send([document(chosen, "a", "tea")])
    with caplog.at_level(logging.ERROR):
        async with encoding(chosen, egress) as vectors:
            await until(lambda: "no text encoder" in caplog.text)
            assert vectors.save(tmp_path / "vectors.npz") is None
    said = capfd.readouterr().err
    assert f"cannot read the text encoder {tmp_path / 'none'}" in said
    assert "RECAUG_ENCODER" in said
