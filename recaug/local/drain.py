"""Wait until the services have caught up, for as long as they make progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kafka.errors import KafkaError

from recaug.errors import Unreachable
from recaug.kafka import admin, lag
from recaug.settings import Settings

#: No progress for so long ends the wait: what is left is in Kafka and will be read next time.
PATIENCE_S = 30.0
MOST_S = 900.0
#: More than any lag, for when it cannot be measured.
UNKNOWN = 2**63


def lags(settings: Settings) -> dict[str, int]:
    """Return the records each service has not acknowledged, in the order data flows."""
    topics = settings.topics
    reads = {
        "clean": [topic.name for topic in topics.inputs],
        "learn": [topics.events.name, topics.clean_users.name],
        "recommend": [topics.events.name, topics.clean_users.name],
    }
    with admin(settings.broker) as client:
        # In this order: when clean has nothing left, what it has written is all there will be.
        return {
            service: sum(lag(client, settings.group(service), names).values())
            for service, names in reads.items()
        }


@dataclass(slots=True)
class Drain:
    """Decides when a wait is over, from one measurement after the other."""

    began_s: float
    best: int | None = None
    progress_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.progress_s = self.began_s

    def over(self, left: int, now_s: float) -> bool:
        """Whether to stop waiting with `left` records to go."""
        if self.best is None or left < self.best:
            self.best, self.progress_s = left, now_s
        return left == 0 or now_s - self.progress_s >= PATIENCE_S or now_s - self.began_s >= MOST_S


def drain(
    settings: Settings,
    say: Callable[[str], None],
    clock: Callable[[], float],
    pause: Callable[[], None],
) -> dict[str, int]:
    """Wait until nothing is left or nothing moves; return what is left by service.

    Empty: the broker never said. It may come back meanwhile, so that is waited for as well.

    `pause` is called between two looks: it sleeps, and keeps the services running meanwhile.
    """
    waiting = Drain(clock())
    left: dict[str, int] = {}
    while True:
        try:
            left = lags(settings)
        except (Unreachable, KafkaError):
            say("waiting for Kafka")
        else:
            behind = ", ".join(f"{name} {count:,}" for name, count in left.items() if count)
            say(f"behind: {behind}" if behind else "nothing left to do")
        if waiting.over(sum(left.values()) if left else UNKNOWN, clock()):
            return left
        pause()
