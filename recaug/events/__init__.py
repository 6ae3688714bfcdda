"""What travels: every event, document, answer and dead letter, and how bytes become one of them.

    value, headers ──parse_event──▶ Click | View | … ──to_bytes──▶ canonical JSON
                          └───────▶ Rejection ──dead_letter──▶ dead letter

The pydantic models here are the contract; JSON Schema, AsyncAPI and the reference are written from
them (`recaug schema export`).
"""

from __future__ import annotations

from recaug.events.behaviour import (
    AddToCart,
    Click,
    Impression,
    Purchase,
    RemoveFromCart,
    Search,
    View,
)
from recaug.events.deadletter import (
    DeadLetter,
    check_refusals,
    dead_letter,
    dead_letter_headers,
)
from recaug.events.documents import Consent, Item, User
from recaug.events.encode import to_bytes
from recaug.events.envelope import Context, Envelope, Line, Shown
from recaug.events.kinds import EVENT_NAMES, KINDS, Event, items_of, recommendation_id, user_key
from recaug.events.parse import (
    parse_event,
    parse_item,
    parse_item_key,
    parse_user,
    parse_user_key,
    read_event,
)
from recaug.events.reasons import Reason, Rejection
from recaug.events.recommendation import Recommendation
from recaug.events.social import Comment, Follow, Like, Share
from recaug.events.text import clean_id, clean_text
from recaug.events.times import rfc3339

__all__ = [
    "EVENT_NAMES",
    "KINDS",
    "AddToCart",
    "Click",
    "Comment",
    "Consent",
    "Context",
    "DeadLetter",
    "Envelope",
    "Event",
    "Follow",
    "Impression",
    "Item",
    "Like",
    "Line",
    "Purchase",
    "Reason",
    "Recommendation",
    "Rejection",
    "RemoveFromCart",
    "Search",
    "Share",
    "Shown",
    "User",
    "View",
    "check_refusals",
    "clean_id",
    "clean_text",
    "dead_letter",
    "dead_letter_headers",
    "items_of",
    "parse_event",
    "parse_item",
    "parse_item_key",
    "parse_user",
    "parse_user_key",
    "read_event",
    "recommendation_id",
    "rfc3339",
    "to_bytes",
    "user_key",
]
