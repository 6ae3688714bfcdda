"""Events and documents of other systems, read as ours: GA4, Segment, Snowplow, Metarank.

A dialect is told by its shape and flattened; then names are translated. What is already there under
our own name is never overwritten. What is right or wrong is for the models to say: here nothing is
refused that they could judge.
"""

from __future__ import annotations

from recaug.events.aliases import ga4, metarank, segment, snowplow
from recaug.events.aliases.documents import shaped_item
from recaug.events.aliases.names import ENVELOPE, FIELDS, USER, event_name, renamed, shaped
from recaug.events.aliases.reading import Body, filled

__all__ = ["event_fields", "item_fields", "user_fields"]


def event_fields(body: Body, envelope: Body, value: bytes) -> Body:
    """An event under our names; `envelope` is what headers say, `value` the bytes it came in."""
    flat = (
        metarank.flatten(body)
        or snowplow.flatten(body)
        or segment.flatten(body)
        or ga4.flatten(body, value)
        or body
    )
    flat = filled(renamed(flat, ENVELOPE), envelope)
    if "event" in flat:
        flat["event"] = event_name(flat["event"])
    return shaped(renamed(flat, FIELDS))


def item_fields(body: Body, envelope: Body, value: bytes) -> Body:
    """An item document under our names."""
    return shaped_item(filled(metarank.item_document(body) or body, envelope))


def user_fields(body: Body, envelope: Body, value: bytes) -> Body:
    """A user document under our names."""
    flat = metarank.user_document(body) or segment.profile(body) or body
    return renamed(filled(flat, envelope), USER)
