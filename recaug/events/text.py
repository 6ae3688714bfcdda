"""Text and ids as they are stored: normal form, nothing invisible, nothing that steers a terminal.

Markup, SQL and templates are left alone: they are inert here and escaped where they are shown.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from recaug.bounds import Bound, hit

# Control, soft hyphen, bidi marks and overrides, zero width, interlinear, tag characters,
# surrogates. Joiners are kept inside scripts that need them to spell (Persian, Hindi, emoji).
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb"
    "\U000e0000-\U000e0fff]"
    "|(?<![\u0600-\u1fff\u2600-\uffff\U00010000-\U0010ffff])[\u200c\u200d]"
    "|[\u200c\u200d](?![\u0600-\u1fff\u2600-\uffff\U00010000-\U0010ffff])"
)
_SPACE = re.compile(r"\s+")
# Marks that combine with any letter, and those that Thai and Lao decoration is made of; the others
# are found by their class.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_BMP, _LAST_MARK = "\uffff", "\U0001efff"
# Four times the longest id: nothing that copying adds makes one longer.
_ID_READ = 512

# Removing an invisible character can bring two others together; three rounds settle it.
_ROUNDS = 3


def clean_text(text: str, most: int) -> str:
    """One line of text: NFKC, nothing invisible, white space runs one space, `most` characters.

    Idempotent. A longer text is cut, never refused.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return _cut(text.strip(), most)
    before, stacked = "", _stacked(_BMP if max(text, default="") <= _BMP else _LAST_MARK)
    for _ in range(_ROUNDS):
        if text == before:
            break
        before = text
        # One character may become eighteen.
        text = stacked.sub(r"\1", _INVISIBLE.sub("", text[: 4 * most]))
        text = unicodedata.normalize("NFKC", text)[: 4 * most]
        text = _SPACE.sub(" ", stacked.sub(r"\1", text))
    return _cut(_INVISIBLE.sub("", text).strip(), most)


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    hit(Bound.TEXT)
    return text[:most].rstrip()


@cache
def _stacked(last: str) -> re.Pattern[str]:
    """Five or more marks in a row, none beyond `last`: decoration that overflows the lines around.

    Normalising sorts the marks on a letter in the square of their number, so they are cut first. A
    set with characters beyond the first plane takes thirty times as long.
    """
    marks = filter(unicodedata.combining, map(chr, range(0x300, ord(last) + 1)))
    sorted_ = "".join(marks)
    mark = f"[{_MARKS}{sorted_}]"
    # Not `{4}`: a pattern that begins with a set is looked for much faster.
    return re.compile(f"({mark}{mark}{mark}{mark}){mark}+")


def clean_id(text: str) -> str:
    """An id without the spaces and invisible characters that copying adds; case is kept.

    NFC, not NFKC: `²` and `2` may be two products. What is far too long for an id is left as it is.
    """
    text = text.strip()
    if (text.isascii() and text.isprintable()) or len(text) > _ID_READ:
        return text
    for _ in range(_ROUNDS):
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).strip()
    return text
