"""Text and ids in normal form, by hand and as invariants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.events import clean_id, clean_text
from tests.recaug.events.examples import patiently

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain", "plain"),
        ("  two \t\r\n spaces  ", "two spaces"),
        ("nul\x00 and bell\x07", "nul and bell"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("ﬁt ① Ｋａｆｋａ", "fit 1 Kafka"),
        ("e\u0301", "é"),
        ("pay\u202eexe.txt", "payexe.txt"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("tag\U000e0041ged", "tagged"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u200db", "ab"),
        (FAMILY, FAMILY),
        ("z" + "\u0336" * 30, "z" + "\u0336" * 4),
        ("\ud800", ""),
    ],
)
def test_text(text: str, clean: str) -> None:
    assert clean_text(text, 100) == clean


def test_a_longer_text_is_cut_and_never_ends_in_a_space() -> None:
    assert clean_text("abc def", 4) == "abc"
    assert clean_text("ab\u00e9" * 100, 5) == "abéab"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (" sku-1 ", "sku-1"),
        ("\ufeffsku-1\u200b", "sku-1"),
        ("Case", "Case"),
        ("n\u0303", "ñ"),
        ("m²", "m²"),
    ],
)
def test_ids(text: str, clean: str) -> None:
    assert clean_id(text) == clean


@patiently
@given(st.text(max_size=60), st.integers(1, 60))
def test_text_is_one_visible_line_and_stays_as_it_is(text: str, most: int) -> None:
    clean = clean_text(text, most)
    assert len(clean) <= most
    assert clean_text(clean, most) == clean
    assert not set(clean) & set("\x00\n\r\t\x1b\u200b\u202e\ufeff")


@patiently
@given(st.text(max_size=60))
def test_ids_stay_as_they_are(text: str) -> None:
    assert clean_id(clean_id(text)) == clean_id(text)
