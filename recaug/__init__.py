"""recaug: a streaming recommender that learns while it serves.

The way of one event through the house, by module:

    events      what travels: every event and document, and how bytes become one of them
    clean       good events out once, duplicates away, the rest as dead letters with a reason
    windows     exact, bounded memory of what was already handled
    history     what a user did lately
    state       users' histories and the position in the log, changed in one atomic step
    shards      recommend's state: what is new, what it changes, what is to be answered
    popularity  what everybody did lately
    collect     learn's state: the training buffer and the offsets it owns
    buffer      the newest events for training, bounded by count and age
    augment     views of a sequence, each telling its origin
    batch       histories as the arrays a model reads, in training and in serving
    evaluate    full ranking, and the gate a new model must pass
    registry    models on disk, every byte accounted for
    score       the whole catalogue ranked in one ONNX Runtime run
    recommend   an answer to every event: the model where it can, popularity where it cannot

Around it: `topics` and `settings`; `simulate`, `replay` and `producer` for traffic; `lag`, `audit`
and `checkup` for those who operate it; `local` for `recaug up`; `page` and `cli` for people.
What a program of the shop needs is here by name: `recaug.Producer`, `recaug.Consumer` and
`recaug.AsyncConsumer`.

The services that join these to Kafka are in `streams/`, what needs torch is in `models/`; neither
is part of the wheel.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recaug.consumer import Consumer
    from recaug.consumer_async import AsyncConsumer
    from recaug.producer import Producer

__all__ = ["AsyncConsumer", "Consumer", "Producer"]

# Imported when asked for: the services import this package and need no client of theirs.
_HOMES = {
    "AsyncConsumer": "recaug.consumer_async",
    "Consumer": "recaug.consumer",
    "Producer": "recaug.producer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'recaug' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
