"""Texts in other words by seq2seq models, random and tiny, made here."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from models.augment.wording import BackTranslation, Seq2Seq, Wordings, together
from models.sequence import SequenceModel
from models.text_rows import LEAST, TextRows
from recaug.augment.wordbook import Wordbook
from recaug.errors import Failure
from tests.models.test_train import SHAPE

WORDS = ("red", "green", "tea", "pot", "cup", "of", "steel", "glass")
TEXTS = ["red tea pot", "green cup of tea", "steel"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A T5 that knows eight words and means nothing by them."""
    # Takes seconds, of every process that only looks which tests there are.
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    place = tmp_path_factory.mktemp("tiny")
    names = ("<pad>", "</s>", "<unk>", *WORDS)
    rules = Tokenizer(WordLevel({name: i for i, name in enumerate(names)}, unk_token="<unk>"))
    rules.pre_tokenizer = Whitespace()
    special = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=rules, **special).save_pretrained(place)
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(names), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2,
        decoder_start_token_id=0, pad_token_id=0, eos_token_id=1,
    )  # fmt: skip
    T5ForConditionalGeneration(config).save_pretrained(place)
    return place


def test_each_text_gets_a_wording_and_the_same_by_the_same_seed(tiny: Path) -> None:
    said = Seq2Seq(str(tiny), seed=1)(TEXTS)
    assert len(said) == 3
    assert {word for text in said for word in text.split()} <= {*WORDS, "<unk>"}
    assert said == Seq2Seq(str(tiny), seed=1)(TEXTS) != Seq2Seq(str(tiny), seed=2)(TEXTS)


def test_there_and_back_is_one_model_after_the_other(tiny: Path) -> None:
    one = Seq2Seq(str(tiny), seed=3)
    assert BackTranslation(str(tiny), str(tiny), seed=3)(TEXTS) == one(one(TEXTS))


def test_what_is_in_the_book_takes_no_model(tiny: Path, tmp_path: Path) -> None:
    book = Wordbook(tmp_path / "words.json")
    said = book.find(TEXTS, "tiny", lambda: Seq2Seq(str(tiny)))
    assert book.find(TEXTS, "tiny", lambda: Seq2Seq("no/such")) == said


def test_a_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot read the model"):
        Seq2Seq(str(tmp_path / "nothing"))


def test_wordings_are_whitened_beside_the_texts_and_items_without_stay_empty() -> None:
    rng = np.random.default_rng(0)
    items = [f"i{n}" for n in range(LEAST + 2)]
    vectors = {item: rng.normal(size=6).astype(np.float32) for item in items[:-1]}
    other = {item: vector * 1.01 for item, vector in list(vectors.items())[:-1]}
    own, others = together(items, vectors, [other])
    assert own.shape == (LEAST + 4, 6) and others.shape == (1, LEAST + 4, 6)
    assert not own[:2].any() and not own[-1].any() and not others[0][-2:].any()
    near = (own[2:-2] * others[0][2:-2]).sum(1)
    assert near.min() > 0.99, "almost the same vectors, both of length 1"
    alone, none = together(items, vectors, [])
    assert none.shape == (0, LEAST + 4, 6) and alone.shape == own.shape


def test_some_items_have_another_text_during_an_epoch_and_their_own_after() -> None:
    model = SequenceModel(SHAPE, 402)
    own, others = torch.ones(402, 3), torch.full((2, 402, 3), 2.0)
    others[1] = 3.0
    others[:, :2] = 0.0
    model.texts = TextRows(own, SHAPE.width)
    wordings = Wordings(others, 0.5, seed=0)
    with wordings.in_place(model.texts):
        drawn = model.texts.text
        assert (drawn[:2] == 1).all(), "there is no other"
        number = torch.bincount(drawn[2:, 0].long(), minlength=4).tolist()
        # Half their own, a quarter each: five deviations of 400 draws.
        assert all(abs(n - m) < 50 for n, m in zip(number, [0, 200, 100, 100], strict=True))
    assert model.texts.text is own
    with wordings.in_place(model.texts):
        assert not torch.equal(model.texts.text, drawn), "anew each time"
