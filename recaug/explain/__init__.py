"""How one recommendation came about, worked out again from the topics and the bundle it names.

    explain(settings, recommendation_id) -> Explanation

    edges     where the topics begin and end
    find      the message, and the event it answers
    past      what was known of its user then
    world     what was known of items then: documents, text vectors, popularity, neighbours
    parts     each item's score, by scorer

The event and the user's history are exact as far as the log is kept. Popularity and neighbours are
those of the newest events before the list: a worker that ran for long had counted more. Documents
and text vectors are those of now. Where something cannot be known any more, `notes` says so.
"""

from __future__ import annotations

from recaug.explain.story import Explanation, explain

__all__ = ["Explanation", "explain"]
