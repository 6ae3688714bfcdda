"""Work that goes on for as long as somebody looks: a broker that is away is waited for."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from kafka.errors import KafkaError

from recaug.errors import Failure

#: Seconds between two attempts.
RETRY_S = 1.0


def persist(
    work: Callable[[], None], stopping: Event, trouble: Callable[[Exception], None]
) -> None:
    """Do `work` again and again until `stopping`; what went wrong is handed to `trouble`."""
    while not stopping.is_set():
        try:
            work()
        except (Failure, KafkaError, OSError) as error:
            trouble(error)
            stopping.wait(RETRY_S)
