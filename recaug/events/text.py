"""Text and ids as they are stored: normal form, nothing invisible, nothing that steers a terminal.

Markup, SQL and templates are left alone: they are inert here and escaped where they are shown.
"""

from __future__ import annotations

import re
import unicodedata

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
_COMBINING = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
# Five or more marks on one letter are decoration that overflows the lines around it.
_STACKED = re.compile(f"({_COMBINING}{{4}}){_COMBINING}+")

# Removing an invisible character can bring two others together; three rounds settle it.
_ROUNDS = 3


def clean_text(text: str, most: int) -> str:
    """One line of text: NFKC, nothing invisible, white space runs one space, `most` characters.

    Idempotent. A longer text is cut, never refused.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()[:most].rstrip()
    text = text[: 4 * most]
    for _ in range(_ROUNDS):
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
        text = _SPACE.sub(" ", _STACKED.sub(r"\1", text))
    return _INVISIBLE.sub("", text).strip()[:most].rstrip()


def clean_id(text: str) -> str:
    """An id without the spaces and invisible characters that copying adds; case is kept.

    NFC, not NFKC: `²` and `2` may be two products.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    for _ in range(_ROUNDS):
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).strip()
    return text
