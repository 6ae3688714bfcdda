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
    assert "300 of 302 lines used; not used: 1 without an item (line 302), 1 header" in done.stderr
    events = [
        orjson.loads(r.value or b"")
        for r in read(settings.kafka, [settings.topics.clickstream.name])
    ]
    assert sorted(int(e["properties"]["original_timestamp"]) for e in events) == [
        990000000 + n for n in range(300)
    ]
    (item,) = read(settings.kafka, [settings.topics.items.name])
    assert orjson.loads(item.value or b"")["name"] == "GoldenEye"


def test_a_table_of_a_stranger_is_read_as_proposed_or_as_told(
    settings: Settings, tmp_path: Path
) -> None:
    ensure_topics(settings)
    (tmp_path / "orders.csv").write_text(
        "Shopper;Article Code;Bought\nann;tea;2024-01-05\nbob;mug;2024-01-06\n"
    )
    told = ("--map", "item=article code,time=Bought,event=purchase")
    done = replay(settings, f"{tmp_path}/orders.csv", *told)
    assert done.returncode == 0, done.stderr
    for part in ("user ← Shopper (a guess)", "item ← Article Code", "every row a purchase"):
        assert part in done.stderr
    found = [
        orjson.loads(r.value or b"")
        for r in read(settings.kafka, [settings.topics.clickstream.name])
    ]
    assert {(e["event"], e["user_id"], e["items"][0]["item_id"]) for e in found} == {
        ("purchase", "ann", "tea"), ("purchase", "bob", "mug"),
    }  # fmt: skip
    wrong = replay(settings, f"{tmp_path}/orders.csv", "--map", "user=buyer")
    assert wrong.returncode == 2
    assert "its columns are Shopper, Article Code, Bought" in wrong.stderr


def test_a_multiple_of_real_time_needs_times(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1 2\n1 3\n2 4\n")
    done = replay(settings, f"{tmp_path}/a.txt:10x")
    assert done.returncode == 2
    assert "has no times" in done.stderr
