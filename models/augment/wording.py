"""Other wordings of item texts by any Hugging Face seq2seq model, and their use in training.

paraphrase          a model asked for the same in other words
back_translation    into another language and back (Sennrich et al. 2016), by a pair of models

Wordings are made once, kept in a `Wordbook`, and encoded like any text. In training one of them
stands for an item's own text now and then: what is learned then holds for both. Nothing of this
happens where events are answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from models.text_rows import Float32, TextRows, whitened
from recaug.batch import FIRST_ROW
from recaug.errors import Failure

#: Texts said at once, and tokens of each, most.
TOGETHER, TOKENS = 16, 64


class Seq2Seq:
    """A model that answers a text with another."""

    def __init__(self, name: str, seed: int = 0) -> None:
        """Raises Failure where there is no such model, or it is of another kind."""
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
        from transformers.utils import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(name)
            self._model = AutoModelForSeq2SeqLM.from_pretrained(name).eval()
        except (OSError, ValueError) as error:
            raise Failure(
                f"cannot read the model {name}", str(error).splitlines()[0],
                "name a directory or a Hugging Face model that turns text into text",
            ) from error  # fmt: skip
        self._seed = seed

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """One answer a text, drawn by the seed."""
        said: list[str] = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed)
            for at in range(0, len(texts), TOGETHER):
                said += self._some(list(texts[at : at + TOGETHER]))
        return said

    @torch.no_grad()
    def _some(self, texts: list[str]) -> list[str]:
        asked = self._tokenizer(
            texts, return_tensors="pt", padding=True, truncation=True, max_length=TOKENS
        )
        ids = self._model.generate(
            input_ids=asked["input_ids"], attention_mask=asked["attention_mask"],
            do_sample=True, top_p=0.95, max_new_tokens=TOKENS,
        )  # fmt: skip
        said: list[str] = self._tokenizer.batch_decode(ids, skip_special_tokens=True)
        return said


class BackTranslation:
    """There and back."""

    def __init__(self, there: str, back: str, seed: int = 0) -> None:
        self._there, self._back = Seq2Seq(there, seed), Seq2Seq(back, seed)

    def __call__(self, texts: Sequence[str]) -> list[str]:
        return self._back(self._there(texts))


class Wordings:
    """What else the texts of a table could be, (V, N, q); 0 where there is nothing else."""

    def __init__(self, others: Tensor | None, share: float, seed: int) -> None:
        """In each epoch a `share` of the items have one of their other texts."""
        self._others, self._share = others, share
        self._rng = np.random.default_rng(seed)

    @contextmanager
    def in_place(self, texts: TextRows | None) -> Iterator[None]:
        """Some of the texts are others meanwhile; drawn anew each time."""
        if texts is None or self._others is None or not len(self._others):
            yield
            return
        own = texts.text
        texts.text = self._drawn(self._others.to(own.device), own)
        try:
            yield
        finally:
            texts.text = own

    def _drawn(self, others: Tensor, own: Tensor) -> Tensor:
        count, size = others.shape[:2]
        chosen = torch.from_numpy(self._rng.integers(0, count, size)).to(own.device)  # (N,)
        drawn = torch.from_numpy(self._rng.random(size) < self._share).to(own.device)  # (N,)
        other = others[chosen, torch.arange(size, device=own.device)]  # (N, q)
        return torch.where((drawn & other.ne(0).any(1)).unsqueeze(1), other, own)


def together(
    items: Sequence[str], vectors: Mapping[str, Float32], others: Sequence[Mapping[str, Float32]]
) -> tuple[Float32, Float32] | None:
    """Text of `items` (2 + n, q) and of V other wordings (V, 2 + n, q), whitened as one.

    None where too few have text.
    """
    names = [[f"{number}\n{item}" for item in items] for number in range(len(others))]
    named = {
        name: other[item] for line, other in zip(names, others, strict=True)
        for name, item in zip(line, items, strict=True) if item in other
    }  # fmt: skip
    known = {item: vectors[item] for item in items if item in vectors}
    rows = whitened([*items, *(name for line in names for name in line)], {**known, **named})
    if rows is None:
        return None
    end = FIRST_ROW + len(items)
    rest = rows[end:].reshape(len(others), len(items), rows.shape[1])
    return rows[:end], np.pad(rest, ((0, 0), (FIRST_ROW, 0), (0, 0)))
