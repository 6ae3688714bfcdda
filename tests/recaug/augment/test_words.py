"""Other wordings of texts: without a model, and where those of a model are kept."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.augment import wordbook
from recaug.augment.wordbook import Wordbook
from recaug.augment.words import LETTERS, reworded
from recaug.bounds import Bound, counts

TITLE = "Stainless steel kettle with a whistle for induction hobs and gas two litres"


@given(st.text(), st.integers(0, 1_000))
def test_every_word_is_one_of_the_text_or_begins_one(text: str, seed: int) -> None:
    words, said = text.split(), reworded(text, seed).split()
    assert bool(said) == bool(words) and len(said) <= len(words)
    short = {f"{word[:LETTERS]}." for word in words}
    assert all(word in words or word in short for word in said)
    assert reworded(text, seed) == reworded(text, seed)


def test_about_three_words_in_ten_are_touched_and_seeds_differ() -> None:
    said = [reworded(TITLE, seed).split() for seed in range(500)]
    assert len({tuple(words) for words in said}) > 250
    kept = sum(len(words) for words in said) / (500 * len(TITLE.split()))
    # One in ten is left out: four deviations of 7,000 draws.
    assert abs(kept - 0.9) < 4 * (0.9 * 0.1 / 7_000) ** 0.5


def test_nothing_is_asked_for_twice_even_after_a_restart(tmp_path: Path) -> None:
    asked: list[str] = []

    def shout() -> wordbook.Say:
        def say(texts: Sequence[str]) -> list[str]:
            asked.extend(texts)
            return [text.upper() for text in texts]

        return say

    book = Wordbook(tmp_path / "deep" / "words.json")
    assert book.find(["tea", "milk", "tea"], "shout", shout) == ["TEA", "MILK", "TEA"]
    again = Wordbook(tmp_path / "deep" / "words.json")
    assert again.find(["milk", "rice"], "shout", shout) == ["MILK", "RICE"]
    assert asked == ["tea", "milk", "rice"]
    again.find(["tea"], "louder", shout)
    assert asked[3:] == ["tea"], "another way has wordings of its own"


def test_what_was_used_longest_ago_is_forgotten(tmp_path: Path) -> None:
    def none() -> wordbook.Say:
        pytest.fail("all is known")

    def same() -> wordbook.Say:
        return lambda texts: list(texts)

    before = counts()[Bound.WORDINGS]
    book = Wordbook(tmp_path / "words.json", most=2)
    book.find(["a"], "", same)
    book.find(["b"], "", same)
    book.find(["a"], "", none)
    book.find(["c"], "", same)
    assert counts()[Bound.WORDINGS] == before + 1
    Wordbook(tmp_path / "words.json", most=2).find(["a", "c"], "", none)


def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "words.json").write_text("{")
    book = Wordbook(tmp_path / "words.json")
    assert book.find(["a"], "", lambda: lambda texts: list(texts)) == ["a"]
