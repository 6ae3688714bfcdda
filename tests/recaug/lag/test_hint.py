"""Which cause is named first, from rows and pulses chosen by hand."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from recaug.lag import Hot, Row, Verdict
from recaug.lag.causes import Cause
from recaug.lag.hint import hints
from recaug.lag.work import work
from recaug.pulse import Pulse

ROOT = Path(__file__).parents[3]

#: Recommend, one worker for four partitions, 30 s behind and losing.
BEHIND = Row(
    group="shop.recaug-recommend", topic="recaug.events", partitions=4, members=1, lag=3_000,
    time_lag_s=30.0, in_per_s=300.0, out_per_s=200.0, drain_s=math.inf, verdict=Verdict.WARN,
    words="falls behind by 100/s",
)  # fmt: skip

#: 8 of 10 s busy on a host with room; no stage takes half of that.
BUSY = Pulse(
    service="recommend", worker="r-1", host="node-1", at_ms=0, span_s=10.0, records=2_000,
    batches=100, busy_s=8.0, cpu_s=7.6, cores=8, load=0.5, partitions=4,
    stage_s={"decode": 2.0, "state": 2.0, "retrieve": 1.0, "score": 2.0, "produce": 1.0},
)  # fmt: skip

LEARN = BUSY.model_copy(
    update={"service": "learn", "worker": "l-1", "busy_s": 0.5, "fine_tuning": True, "load": 0.95}
)


def cause(row: Row, *pulses: Pulse) -> tuple[Cause, bool | None]:
    (hint,) = hints([row], pulses)
    return hint.cause, hint.more_workers


def slow(**change: object) -> Pulse:
    return BUSY.model_copy(update=change)


def test_a_service_is_named_without_prefix() -> None:
    assert BEHIND.service == "recommend"


def test_where_the_time_goes_decides() -> None:
    waits = {"decode": 1.0, "state": 6.0, "score": 1.0}
    scores = {"decode": 1.0, "retrieve": 1.0, "score": 5.0, "produce": 1.0}
    assert cause(BEHIND, BUSY) == (Cause.WORKERS, True)
    assert cause(BEHIND, slow(stage_s=waits, cpu_s=2.0)) == (Cause.REDIS, False)
    assert cause(BEHIND, slow(stage_s=scores)) == (Cause.SCORER, True)
    assert cause(replace(BEHIND, members=4), slow(stage_s=scores)) == (Cause.SCORER, False)
    assert cause(BEHIND, slow(stage_s=scores, load=0.95)) == (Cause.SCORER, False)
    assert cause(replace(BEHIND, members=4), BUSY) == (Cause.PARTITIONS, False)


def test_a_store_that_is_computed_with_is_not_slow() -> None:
    """Six of eight seconds are state, but a processor was had for nearly all of them."""
    computes = {"decode": 1.0, "state": 6.0, "score": 1.0}
    assert cause(BEHIND, slow(stage_s=computes)) == (Cause.WORKERS, True)


def test_a_full_host_is_the_fine_tune_s_only_where_one_runs() -> None:
    starved = slow(load=0.97, cpu_s=3.0)
    assert cause(BEHIND, starved) == (Cause.HOST, False)
    assert cause(BEHIND, starved, LEARN) == (Cause.FINE_TUNE, False)
    elsewhere = LEARN.model_copy(update={"host": "node-2"})
    assert cause(BEHIND, starved, elsewhere) == (Cause.HOST, False)
    # Every processor is in use, but the worker gets what it asks for: another would get none.
    assert cause(BEHIND, slow(load=0.97)) == (Cause.HOST, False)


def test_a_host_with_room_is_room_for_another_worker() -> None:
    full, free = slow(load=0.97), slow(worker="r-2", host="node-2", load=0.3)
    assert cause(replace(BEHIND, members=2), full, free) == (Cause.WORKERS, True)


def test_a_lag_that_is_soon_gone_needs_nothing() -> None:
    assert cause(replace(BEHIND, drain_s=40.0), BUSY) == (Cause.CATCHING_UP, False)
    assert cause(replace(BEHIND, drain_s=90.0), BUSY) == (Cause.WORKERS, True)


def test_long_batches_are_no_standstill() -> None:
    stalled = replace(BEHIND, verdict=Verdict.STALL)
    waits = {"decode": 1.0, "state": 7.0}
    assert cause(stalled, slow(stage_s=waits, cpu_s=1.0)) == (Cause.REDIS, False)
    # A batch has been in hand all the time and none was finished.
    assert cause(stalled, slow(batches=0, records=0)) == (Cause.STALLED, False)
    assert cause(stalled) == (Cause.STALLED, False)


def test_what_holds_a_service_up_comes_before_where_its_time_goes() -> None:
    hot = Hot(2, 0.9, 0.8, key="u-77", key_share=0.6, sampled=1_000)
    assert cause(replace(BEHIND, hot=hot), BUSY) == (Cause.HOT_KEY, False)
    assert cause(replace(BEHIND, hot=replace(hot, key_share=0.1)), BUSY) == (
        Cause.HOT_PARTITION, False,
    )  # fmt: skip
    # Most of the lag, but not of what arrives, and of many keys: it is only read last.
    last = replace(hot, key_share=0.1, in_share=0.25)
    assert cause(replace(BEHIND, hot=last), BUSY) == (Cause.WORKERS, True)
    assert cause(replace(BEHIND, members=0, hot=hot), BUSY) == (Cause.STOPPED, True)


def test_other_services_are_nobody_s_business() -> None:
    clean = BUSY.model_copy(update={"service": "clean"})
    assert cause(BEHIND, clean) == (Cause.SILENT, None)
    assert cause(replace(BEHIND, members=4), clean) == (Cause.SILENT, False)


def test_nothing_to_say_is_said_once() -> None:
    fine = replace(BEHIND, verdict=Verdict.OK, words="keeps up")
    other = replace(fine, group="shop.recaug-clean", topic="clickstream")
    (hint,) = hints([fine, other], [BUSY])
    assert (hint.cause, hint.evidence) == (Cause.FINE, {"services": ["recommend", "clean"]})


def test_the_worst_topic_of_a_service_speaks_for_it() -> None:
    fine = replace(BEHIND, topic="recaug.users", verdict=Verdict.OK, lag=0)
    (hint,) = hints([fine, BEHIND], [BUSY])
    assert hint.cause is Cause.WORKERS


def test_workers_are_added_up() -> None:
    idle = BUSY.model_copy(update={"worker": "r-2", "busy_s": 0.0, "cpu_s": 0.4, "stage_s": {}})
    told = work("recommend", [BUSY, idle])
    assert told is not None
    # 8 busy seconds of 20; 8 seconds of processor for them.
    assert (told.workers, told.busy, told.cpu) == (2, 0.4, 1.0)
    assert told.stages == pytest.approx(
        {"decode": 0.25, "state": 0.25, "retrieve": 0.125, "score": 0.25, "produce": 0.125}
    )
    assert work("clean", [BUSY]) is None


def test_every_cause_has_its_place_in_the_documents() -> None:
    page = (ROOT / "docs" / "lag.md").read_text()
    titles = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    assert {cause.value for cause in Cause} <= {t.lower().replace(" ", "-") for t in titles}
