"""`recaug replay` as a person runs it."""

import os
import subprocess
import sys
from pathlib import Path

import orjson

from recaug.kafka import ensure_topics, read
from recaug.settings import Settings


def replay(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "RECAUG_PREFIX": settings.prefix, "RECAUG_KAFKA": settings.kafka}
    return subprocess.run(
        [sys.executable, "-m", "recaug", "replay", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )


def test_a_data_set_with_titles_and_every_line_accounted_for(
    settings: Settings, tmp_path: Path
) -> None:
    ensure_topics(settings)
    rows = "".join(f"{n % 7}\t{n % 11}\t4\t{990000000 + n}\n" for n in range(300))
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    (tmp_path / "ml.inter").write_text(header + rows + "8\t\t4\t990000000\n")
    (tmp_path / "ml.item").write_text("item_id:token\tmovie_title:token_seq\n1\tGoldenEye\n")
    done = replay(settings, f"{tmp_path}/ml.inter")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "user ← user_id:token" in done.stderr
    assert "300 of 302 lines used; not used: 1 without an item, 1 header" in done.stderr
    events = [
        orjson.loads(r.value or b"")
        for r in read(settings.kafka, [settings.topics.clickstream.name])
    ]
    assert sorted(int(e["properties"]["original_timestamp"]) for e in events) == [
        990000000 + n for n in range(300)
    ]
    (item,) = read(settings.kafka, [settings.topics.items.name])
    assert orjson.loads(item.value or b"")["name"] == "GoldenEye"


def test_a_multiple_of_real_time_needs_times(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1 2\n1 3\n2 4\n")
    done = replay(settings, f"{tmp_path}/a.txt:10x")
    assert done.returncode == 2
    assert "has no times" in done.stderr
