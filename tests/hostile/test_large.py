"""Ten megabytes: the producer says so, the broker refuses, and clean keeps a head of it."""

from __future__ import annotations

import os

import pytest
from kafka.errors import MessageSizeTooLargeError

from recaug import kafka as client
from recaug.bounds import Bound, counts
from recaug.clean import Cleaner, Rejected
from recaug.errors import Failure
from recaug.events import Reason, Rejection, dead_letter
from recaug.kafka import ensure_topics
from recaug.producer import Producer
from recaug.settings import Settings
from tests.hostile.sent import Maker

NOW = 1_764_000_000_000
LARGE = b"{" + b" " * 10_000_000 + b"}"


def test_the_producer_refuses_to_send_it_and_says_why(settings: Settings) -> None:
    ensure_topics(settings)
    before = counts()[Bound.MESSAGE]
    with Producer(settings.kafka, settings.prefix) as producer:
        with pytest.raises(Failure) as caught:
            producer.send(LARGE, producer.topics.clickstream, "u1")
        producer.send(Maker("l1", NOW).body())  # the connection is as good as before
    assert "too large" in caught.value.what
    assert "64 KiB" in caught.value.mend
    assert counts()[Bound.MESSAGE] == before + 1


def test_the_broker_refuses_it_from_a_producer_that_does_not_care(settings: Settings) -> None:
    ensure_topics(settings)
    sender = client.producer(settings.kafka, max_request_size=20_000_000)
    try:
        with pytest.raises(MessageSizeTooLargeError):
            sender.send(settings.topics.clickstream.name, os.urandom(10_000_000), b"u1").get(30)
    finally:
        sender.close()


def test_clean_keeps_its_head_and_its_hash() -> None:
    raw = Maker("l2", NOW).value(LARGE).raw(7, NOW)
    (refused,) = Cleaner(Settings()).clean([raw], NOW)
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.TOO_LARGE
    assert "10,000,002 bytes, more than 65,536" in refused.message
    why = Rejection(refused.reason, refused.message)
    letter = dead_letter(why, ("clickstream", 0, 7), raw.key, raw.value, raw.headers)
    assert letter.value == LARGE[:4_096]
    assert letter.key == raw.key
