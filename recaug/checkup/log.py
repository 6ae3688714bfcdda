"""Whether Kafka answers, and whether its topics are what they should be.

broker · topics · retention
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from recaug.checkup.finding import PATIENCE_S, Finding, Level
from recaug.settings import Settings
from recaug.topics import Topic


def broker(settings: Settings) -> Iterator[Finding]:
    """Whether Kafka answers, and with how many brokers."""
    from recaug.kafka import admin

    began = time.perf_counter()
    with admin(settings.broker, PATIENCE_S) as client:
        count = len(client.describe_cluster()["brokers"])
    took_ms = (time.perf_counter() - began) * 1_000
    words = f"{count} broker{'s' if count != 1 else ''} at {settings.kafka}, {took_ms:.0f} ms"
    if settings.env == "production" and count < 3:
        words += ": acknowledged records are lost with a disk"
        mend = "three brokers, RECAUG_REPLICATION=3 and min.insync.replicas=2"
        yield Finding(Level.WARN, "broker", words, mend)
        return
    yield Finding(Level.OK, "broker", words)


def topics(settings: Settings) -> Iterator[Finding]:
    """Whether every topic is there as wanted, with a user in the same partition everywhere."""
    from recaug import topic_check as check

    found = check.differences(settings)
    missing = [one.topic for one in found if one.setting == check.TOPIC]
    unequal = [one for one in found if one.setting == check.PARTITIONS]
    others = [one for one in found if one.setting not in (check.TOPIC, check.PARTITIONS)]
    if missing:
        words = f"missing: {', '.join(missing)}"
        mend = "recaug topics create   (recaug up and every service make them too)"
        yield Finding(Level.WARN, "topics", words, mend)
    if unequal:
        shown = ", ".join(f"{one.topic} {one.found}" for one in unequal)
        words = f"topics keyed by user should have {unequal[0].wanted} partitions, but: {shown}"
        mend = "recaug topics diff -f wide   (says how to raise the smaller, while nothing runs)"
        yield Finding(Level.FAIL, "topics", words, mend)
    for one in others:
        words = f"{one.topic}: {one.setting} is {one.found}, not {one.wanted}"
        mend = "recaug topics create --align" if one.is_setting else "recaug topics diff -f wide"
        yield Finding(Level.WARN, "topics", words, mend)
    if not found:
        words = f"{len(settings.topics.all)} topics as they should be"
        yield Finding(Level.OK, "topics", words)


def retention(settings: Settings) -> Iterator[Finding]:
    """Whether the log is kept as long as the training buffer reaches back.

    A learn that lost its disk, and a store that was wiped, are rebuilt from the log alone.
    """
    from recaug.kafka import admin
    from recaug.topic_check import layouts

    log = settings.topics.events
    with admin(settings.broker, PATIENCE_S) as client:
        found = layouts(client, [log]).get(log.name)
    if found is None:
        return
    kept_s = _kept_s(found.config.get("retention.ms", "-1"))
    window = _days(settings.buffer_age_s)
    if kept_s < settings.buffer_age_s:
        words = f"{log.name} is kept {_days(kept_s)}, but training looks back {window}"
        yield Finding(Level.WARN, "retention", words, _retention_mend(log, kept_s))
        return
    size = int(found.config.get("retention.bytes", "-1"))
    if size >= 0:
        words = f"{log.name} is cut at {size:,} bytes a partition, whatever its age"
        mend = f"set retention.bytes=-1 on {log.name}, and give the broker the disk"
        yield Finding(Level.WARN, "retention", words, mend)
        return
    words = f"the log is kept {_days(kept_s)}, training looks back {window}"
    yield Finding(Level.OK, "retention", words)


def _kept_s(retention_ms: str) -> float:
    """Seconds; for ever where the broker says -1."""
    return float("inf") if int(retention_ms) < 0 else int(retention_ms) / 1_000


def _retention_mend(log: Topic, kept_s: float) -> str:
    wanted_s = (log.retention_ms or 0) / 1_000
    lower = f"set RECAUG_BUFFER_AGE_S={kept_s:.0f}"
    return f"recaug topics create --align   or {lower}" if wanted_s > kept_s else lower


def _days(seconds: float) -> str:
    if seconds == float("inf"):
        return "for ever"
    return f"{seconds / 86_400:.3g} days" if seconds >= 86_400 else f"{seconds:,.0f} s"
