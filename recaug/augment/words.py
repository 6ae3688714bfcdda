"""Another wording of a text without any model: what titles of the same thing differ by.

A word is left out, cut short or changes places with the next (Wei & Zou, "EDA", 2019, without its
synonyms, which take a thesaurus).
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np

#: Chance of each, for each word; letters that a word cut short keeps.
LEFT_OUT, CUT, SWAPPED, LETTERS = 0.1, 0.1, 0.1, 4


def reworded(text: str, seed: int) -> str:
    """The same for the same text and seed; at least one word of the text stays.

    >>> reworded("kettle", 0)
    'kettle'
    """
    words = text.split()
    rng = np.random.default_rng(list(sha256(f"{seed} {text}".encode()).digest()))
    left_out, cut, swapped = rng.random((3, len(words))) < [[LEFT_OUT], [CUT], [SWAPPED]]
    if left_out.all():
        return text
    said = [
        _short(w) if c else w for w, c, gone in zip(words, cut, left_out, strict=True) if not gone
    ]
    for at in np.flatnonzero(swapped[: len(said) - 1]):
        said[at], said[at + 1] = said[at + 1], said[at]
    return " ".join(said)


def _short(word: str) -> str:
    return f"{word[:LETTERS]}." if len(word) > LETTERS + 1 else word
