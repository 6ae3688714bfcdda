"""Every verdict and every hint that a broker and its groups suffice for, each brought about."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from recaug.kafka import admin, ensure_topics
from recaug.lag import COMMIT_S, Verdict
from recaug.lag.causes import Cause, Hint
from recaug.lag.probe import LagProbe
from recaug.pulse import Pulse
from recaug.settings import Settings
from tests.recaug.lag.stand_in import RATE, Members, look, now_ms, publish, say

PARTITIONS = 3


@pytest.fixture
def ready(settings: Settings) -> Settings:
    """Topics of three partitions: of two, none can be hot."""
    made = settings.model_copy(update={"partitions": PARTITIONS})
    ensure_topics(made)
    return made


def spread(settings: Settings, topic: str, each: int = 50) -> None:
    """As many records of many users in every partition."""
    for partition in range(PARTITIONS):
        publish(settings, topic, {f"u-{partition}-{n}": 1 for n in range(each)}, partition)


def busy(service: str, **change: object) -> Pulse:
    """A worker that is busy on a host with room, its time spread over what it does."""
    figures: dict[str, object] = {
        "service": service, "worker": "w-1", "host": "node-1", "at_ms": now_ms(), "span_s": 5.0,
        "records": 100, "batches": 50, "busy_s": 4.5, "cpu_s": 4.4, "cores": 8, "load": 0.4,
        "stage_s": {"decode": 2.0, "produce": 2.5}, "partitions": PARTITIONS,
    }  # fmt: skip
    return Pulse.model_validate({**figures, **change})


def only(found: list[Hint]) -> Hint:
    (hint,) = found
    return hint


def test_a_service_that_does_not_run(ready: Settings) -> None:
    spread(ready, ready.topics.searches.name)
    rows, found = look(ready, "clean")
    hint = only(found)
    assert {row.verdict for row in rows} == {Verdict.STOP}
    assert (hint.cause, hint.more_workers) == (Cause.STOPPED, True)
    assert hint.words == f"no worker runs, 150 records of {ready.topics.searches.name} wait"
    assert "python -m streams clean" in hint.mend


def test_all_is_read(ready: Settings) -> None:
    """The groups of both services stand at the ends."""
    topic = ready.topics.events.name
    with Members(ready, "learn", 1, topic):
        _, found = look(ready, "learn")
    hint = only(found)
    assert (hint.cause, hint.more_workers) == (Cause.FINE, False)
    assert hint.words == "everything keeps up"


def test_a_worker_that_stands_still_is_named(ready: Settings) -> None:
    topic = ready.topics.events.name
    spread(ready, topic)
    with Members(ready, "learn", 1, topic, commits=False):
        rows, found = look(ready, "learn")
    hint = only(found)
    assert next(row for row in rows if row.topic == topic).verdict is Verdict.STALL
    assert (hint.cause, hint.more_workers) == (Cause.STALLED, False)
    assert hint.evidence["partitions"] == [0, 1, 2]
    assert hint.evidence["members"] == ["stand-in-0@127.0.0.1"]
    assert "stand-in-0@127.0.0.1" in hint.words


def test_workers_without_a_partition(ready: Settings) -> None:
    topic = ready.topics.events.name
    with Members(ready, "learn", 5, topic):
        rows, found = look(ready, "learn")
    hint = only(found)
    assert {row.verdict for row in rows} == {Verdict.OK}
    assert (hint.cause, hint.more_workers) == (Cause.IDLE_WORKERS, False)
    assert hint.evidence == {"members": 5, "idle": 2, "partitions": 3}
    assert "--scale learn=3" in hint.mend


def test_one_key_that_makes_a_partition_hot_is_found_in_its_records(ready: Settings) -> None:
    topic = ready.topics.events.name
    spread(ready, topic, 100)
    keys = {f"u-{n}": 1 for n in range(600)}
    publish(ready, topic, {**keys, "u-77": 2_400}, 1)
    with Members(ready, "recommend", 1, topic):
        rows, found = look(ready, "recommend", moving=True)
    hint = next(hint for hint in found if hint.cause is Cause.HOT_KEY)
    # Of 3,100 records in the partition, 2,400 are of one user: the first 700 are of others.
    assert (hint.evidence["partition"], hint.evidence["key"]) == (1, "u-77")
    assert 0.5 < hint.evidence["key_share"] < 0.9
    assert hint.more_workers is False
    assert "of key u-77" in hint.words
    hot = next(row.hot for row in rows if row.hot)
    # 3,100 of 3,300 records wait there, and as many are read in every partition.
    assert hot.lag_share > 0.9


def test_a_partition_that_gets_most_of_many_keys(ready: Settings) -> None:
    topic = ready.topics.events.name
    publish(ready, topic, {f"u-{n}": 1 for n in range(2_000)}, 2)
    more = {f"v-{n}": 1 for n in range(300)}
    with Members(ready, "recommend", 1, topic):
        _, found = look(
            ready, "recommend", between=lambda: publish(ready, topic, more, 2), moving=True
        )
    hint = next(hint for hint in found if hint.cause is Cause.HOT_PARTITION)
    assert (hint.evidence["partition"], hint.more_workers) == (2, False)
    assert "recaug doctor" in hint.mend


#: At the rate of the stand-ins so many records a partition are read in two minutes at best.
LONG = 120 * RATE


@pytest.mark.parametrize(
    ("members", "cause", "helps"),
    [(1, Cause.WORKERS, True), (PARTITIONS, Cause.PARTITIONS, False)],
)
def test_busy_workers_and_as_many_partitions_or_more(
    ready: Settings, members: int, cause: Cause, helps: bool
) -> None:
    topic = ready.topics.events.name
    spread(ready, topic, LONG)
    with Members(ready, "learn", members, topic):
        for number in range(members):
            say(ready, busy("learn", worker=f"w-{number}"))
        rows, found = look(ready, "learn", moving=True)
    hint = only(found)
    row = next(row for row in rows if row.topic == topic)
    assert row.verdict is Verdict.WARN
    assert (hint.cause, hint.more_workers) == (cause, helps)
    assert hint.evidence["members"] == members
    assert hint.evidence["busy"] == 0.9
    assert ("--scale learn=3" in hint.mend) is helps


def test_workers_that_are_behind_and_not_busy(ready: Settings) -> None:
    topic = ready.topics.events.name
    spread(ready, topic, LONG)
    with Members(ready, "learn", 1, topic):
        say(ready, busy("learn", busy_s=0.5))
        _, found = look(ready, "learn", moving=True)
    hint = only(found)
    assert (hint.cause, hint.more_workers) == (Cause.WAITING, False)
    assert hint.evidence["busy"] == 0.1


def test_a_lag_that_will_soon_be_gone(ready: Settings) -> None:
    topic = ready.topics.events.name
    # Twenty seconds of work at best; sixty would be no longer "soon".
    spread(ready, topic, 20 * RATE)
    with Members(ready, "learn", 1, topic):
        say(ready, busy("learn"))
        _, found = look(ready, "learn", COMMIT_S + 0.5, moving=True)
    hint = only(found)
    assert (hint.cause, hint.more_workers) == (Cause.CATCHING_UP, False)
    assert 0 < hint.evidence["drain_s"] <= 60


def test_workers_that_say_nothing(ready: Settings) -> None:
    topic = ready.topics.events.name
    spread(ready, topic, LONG)
    with Members(ready, "learn", 1, topic):
        _, found = look(ready, "learn", moving=True)
    hint = only(found)
    assert (hint.cause, hint.more_workers) == (Cause.SILENT, None)
    assert hint.evidence == {"members": 1, "partitions": 3}


def test_an_offset_that_goes_back(ready: Settings) -> None:
    topic, group = ready.topics.events.name, ready.group("learn")
    spread(ready, topic, 20)
    with Members(ready, "learn", 1, topic, start=15) as members:
        until(lambda: committed(ready, group, topic) == 15)

        def go_back() -> None:
            members.place = 4
            until(lambda: committed(ready, group, topic) == 4)

        rows, _ = look(ready, "learn", between=go_back)
    row = next(row for row in rows if row.topic == topic)
    assert row.verdict is Verdict.REWIND
    assert row.words.startswith("its offset went back in partitions ")


def test_records_that_were_deleted_before_they_were_read(ready: Settings) -> None:
    topic, group = ready.topics.events.name, ready.group("learn")
    spread(ready, topic, 20)
    with Members(ready, "learn", 1, topic, start=5):
        until(lambda: committed(ready, group, topic) == 5)
        with admin(ready.kafka) as control:
            control.delete_records({TopicPartition(topic, 0): 12})
        rows, _ = look(ready, "learn")
    row = next(row for row in rows if row.topic == topic)
    # Partition 0 begins at 12 and was read to 5.
    assert (row.verdict, row.words) == (
        Verdict.LOST, "7 records were deleted before they were read",
    )  # fmt: skip


def test_unread_records_that_are_about_to_be_deleted(ready: Settings) -> None:
    topic = ready.topics.events.name
    kept = ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "1800000"})
    with admin(ready.kafka) as control:
        control.alter_configs([kept])
    spread(ready, topic, 20)
    # Records that wait for a commit only are no lag: those here are older.
    rows, found = look(ready, "learn", apart_s=COMMIT_S + 0.5)
    row = next(row for row in rows if row.topic == topic)
    # Half an hour, less the age of what was written just now.
    assert row.retention_s is not None
    assert 1_700 < row.retention_s < 1_800
    assert [hint.cause for hint in found] == [Cause.STOPPED, Cause.RETENTION]
    assert "retention.ms" in found[1].mend


def test_when_each_partition_was_last_committed(ready: Settings) -> None:
    topic, group = ready.topics.events.name, ready.group("learn")
    spread(ready, topic, 5)
    before_ms = now_ms()
    with Members(ready, "learn", 1, topic, start=2):
        until(lambda: committed(ready, group, topic) == 2)
        with LagProbe(ready, ["learn"], commits=True) as probe:
            # A look takes a second at most; on a busy machine the next one reads on.
            until(lambda: len(told_by(probe, topic)) == PARTITIONS)
            told = told_by(probe, topic)
    assert set(told) == {(group, topic, number) for number in range(PARTITIONS)}
    assert all(before_ms <= ms <= now_ms() for ms in told.values())


def told_by(probe: LagProbe, topic: str) -> dict[tuple[str, str, int], int]:
    """When each partition of a topic was last committed."""
    told = probe.sample(now_ms()).committed_ms
    return {at: ms for at, ms in told.items() if at[1] == topic}


def committed(settings: Settings, group: str, topic: str) -> int | None:
    """Where the group stands in every partition; None where it differs."""
    with LagProbe(settings, ["learn"]) as probe:
        parts = probe.sample(now_ms()).positions[group, topic]
    places = {position.committed for position in parts.values()}
    return places.pop() if len(places) == 1 else None


def until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come about"
        time.sleep(0.1)
