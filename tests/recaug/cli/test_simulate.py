"""`recaug simulate` as a person runs it."""

import os
import re
import signal
import subprocess
import sys

from recaug.kafka import ensure_topics, read
from recaug.settings import Settings

SMALL = ["--rate", "200", "--users", "50", "--items", "60"]


def command(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "RECAUG_PREFIX": settings.prefix,
        "RECAUG_DATA_DIR": str(settings.data_dir),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "recaug", "simulate", "--kafka", settings.kafka, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def stored(settings: Settings) -> set[str]:
    topics = [topic.name for topic in settings.topics.behaviour]
    values = [record.value or b"" for record in read(settings.kafka, topics)]
    return {m[1].decode() for v in values if (m := re.search(rb'"event_id":"([^"]+)"', v))}


def test_each_run_has_ids_of_its_own_unless_asked_for_the_same(settings: Settings) -> None:
    ensure_topics(settings)
    for extra in ([], [], ["--same-ids"]):
        process = command(settings, *SMALL, "--for", "1", *extra)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert out == ""
        assert "published" in err
    runs = {event_id.rpartition("-")[0] for event_id in stored(settings)}
    assert len(runs) == 3
    assert "sim-1" in runs
    assert all(run.startswith("sim-1") for run in runs)


def test_interrupted_it_stores_what_it_counted_and_ends_well(settings: Settings) -> None:
    ensure_topics(settings)
    process = command(settings, *SMALL)
    assert process.stderr
    assert "items and users published" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    told = re.search(r"published ([\d,]+) events", err)
    assert told
    assert len(stored(settings)) == int(told[1].replace(",", ""))


def test_no_topics_is_explained(settings: Settings) -> None:
    process = command(settings, *SMALL, "--for", "1")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "items is not there" in err
    assert "recaug up" in err
