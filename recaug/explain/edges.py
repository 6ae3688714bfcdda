"""Where the topics begin and end, asked once: each question costs a connection."""

from __future__ import annotations

from dataclasses import dataclass

from recaug.errors import no_topic
from recaug.kafka import Offsets, end_offsets, start_offsets
from recaug.settings import Settings


@dataclass(frozen=True, slots=True)
class Edges:
    """Offsets by topic and partition: the oldest record kept, and the next one to come."""

    starts: Offsets
    ends: Offsets

    def of(self, topic: str) -> tuple[Offsets, Offsets]:
        """Where one topic begins and ends."""
        starts = {at: offset for at, offset in self.starts.items() if at[0] == topic}
        return starts, {at: self.ends[at] for at in starts}


def edges(settings: Settings) -> Edges:
    """Look at every topic.

    :raises Failure: the topics are not there.
    :raises Unreachable: the broker does not answer.
    """
    names = [topic.name for topic in settings.topics.all]
    starts = start_offsets(settings.broker, names)
    ends = end_offsets(settings.broker, names)
    topic = settings.topics.recommendations.name
    if not any(name == topic for name, _ in ends):
        raise no_topic(topic)
    return Edges(starts, ends)
