"""Events of other systems, read as ours: GA4, Segment, Snowplow, Metarank.

A dialect is told by its shape and flattened; then names are translated. What is already there under
our own name is never overwritten.
"""

from __future__ import annotations

from recaug.events.aliases.names import event_fields, item_fields, user_fields

__all__ = ["event_fields", "item_fields", "user_fields"]
