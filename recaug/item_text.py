"""What of an item document is put into words, for the encoder: while serving and in evaluation."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

#: The encoder reads little more.
TEXT_CHARS = 400


def text_of(document: Mapping[str, Any]) -> str:
    """What is encoded of an item while serving: its words, or its id where it has none."""
    return words_of(document) or str(document.get("item_id", "?"))


def words_of(document: Mapping[str, Any]) -> str:
    """Name, brand, categories and description, at most `TEXT_CHARS`; "" where it has none."""
    parts = [document.get("name"), document.get("brand"), *(document.get("categories") or ())]
    text = ". ".join(str(part) for part in [*parts, document.get("description")] if part)
    return text[:TEXT_CHARS]


def text_sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
