from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from recaug.settings import Settings

if TYPE_CHECKING:
    from streams.egress import Egress


@pytest.fixture
def egress(settings: Settings) -> Iterator[Egress]:
    """A producer on a broker that has the topics."""
    # Not above: what kafka-python warns of is only let pass once pytest is configured.
    from recaug.kafka import ensure_topics
    from streams.egress import Egress

    ensure_topics(settings)
    opened = Egress(settings.broker)
    yield opened
    opened.close()
