"""A log of the test's own, and a hand that writes to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from recaug.settings import Settings

if TYPE_CHECKING:
    from tests.recaug.audit.hand import Hand


@pytest.fixture
def hand(settings: Settings) -> Iterator[Hand]:
    # Not above: conftests are read before the warnings that kafka-python gives are filtered.
    from recaug.kafka import ensure_topics, producer
    from tests.recaug.audit.hand import Hand

    ensure_topics(settings)
    client = producer(settings.kafka, linger_ms=0)
    yield Hand(settings, client)
    client.close()
