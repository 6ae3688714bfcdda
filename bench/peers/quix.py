"""`python -m bench.peers.quix`: the clean stage on Quix Streams, as its documentation writes it.

Same validation and normalisation as ours, delivery acknowledged by all replicas, compressed alike,
checkpoints every second. It leaves out: resends, floods and bots, dead letters, re-keying (the
producer's key is kept), where an event came from, headers.
"""

from __future__ import annotations

import os

from quixstreams import Application  # type: ignore[import-not-found,unused-ignore]

from recaug.events import parse_event, to_bytes
from recaug.settings import Settings


def clean(value: bytes) -> bytes:
    return to_bytes(parse_event(value, (), 2**53))


def main() -> None:
    settings = Settings()
    app = Application(
        broker_address=settings.kafka,
        consumer_group=settings.group("quix"),
        auto_offset_reset="earliest",
        auto_create_topics=False,
        commit_interval=1.0,
        loglevel="ERROR",
        producer_extra_config={"acks": "all", "linger.ms": 5, "compression.type": "lz4"},
    )
    bare = {"key_serializer": "bytes", "value_serializer": "bytes"}
    source = app.topic(
        settings.topics.clickstream.name, key_deserializer="bytes", value_deserializer="bytes"
    )
    app.dataframe(source).apply(clean).to_topic(app.topic(os.environ["BENCH_OUTPUT"], **bare))
    app.run()


if __name__ == "__main__":
    main()
