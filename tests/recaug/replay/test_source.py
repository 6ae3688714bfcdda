"""Every format is told by its looks, and every line is accounted for."""

import gzip
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recaug.errors import Failure
from recaug.replay import Source, in_time_order, open_source

RATED = {"event": "view", "properties": {"rating": 3.0}}
CLICKED = {"event": "click"}


def written(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def events(source: Source) -> list[dict[str, Any]]:
    count, found = in_time_order(source.happenings)
    made = [one.event for one in found]
    assert len(made) == count
    tally = source.tally
    assert tally.lines == tally.headers + tally.used + tally.unusable.total()
    return made


@pytest.mark.parametrize(
    ("name", "text", "base"),
    [
        ("a.inter", "user_id:token\titem_id:token\trating:float\ttimestamp:float\n", RATED),
        ("a.tsv.gz", "user_id\titem_id\trating\ttimestamp\n", RATED),
        ("a.tsv", "user_id\titem_id\trating\ttimestamp\r\n", RATED),
    ],
)
def test_tables_by_tabs(tmp_path: Path, name: str, text: str, base: dict[str, Any]) -> None:
    rows = "2\t20\t3\t990000002\n1\t10\t3\t990000001\n"
    source = open_source(written(tmp_path / name, text + rows))
    assert events(source) == [
        {**base, "user_id": "1", "item_id": "10"},
        {**base, "user_id": "2", "item_id": "20"},
    ]
    assert source.timed
    assert source.tally.headers == 1


def test_csv_with_quotes_and_broken_rows(tmp_path: Path) -> None:
    text = (
        "\ufeffuserId,movieId,comment,timestamp\n"
        '1,10,"good, really",990000001\n'
        "2,20,,later\n"
        ",30,,990000002\n"
        "3\n"
        "\n"
        "4,40,x,990000003,surplus\n"
    )
    source = open_source(written(tmp_path / "a.csv", text))
    assert [event["user_id"] for event in events(source)] == ["1", "4"]
    assert source.tally.lines == 7
    assert dict(source.tally.unusable) == {
        "without a readable time": 1,
        "without a user": 1,
        "without an item": 1,
        "blank": 1,
    }
    assert source.tally.reasons() == (
        "1 without a readable time (line 3: 'later'), 1 without a user (line 4),"
        " 1 without an item (line 5), 1 blank (line 6), 1 header"
    )


def test_movielens_double_colons(tmp_path: Path) -> None:
    source = open_source(written(tmp_path / "ratings.dat", "1::1193::3::978300760\n"))
    assert events(source) == [{**RATED, "user_id": "1", "item_id": "1193"}]


def test_pairs_user_by_user_run_side_by_side(tmp_path: Path) -> None:
    source = open_source(written(tmp_path / "a.txt", "1 1\n1 2\n1 3\n2 7\n2 8\n2 9\n"))
    made = events(source)
    assert [e["item_id"] for e in made if e["user_id"] == "1"] == ["1", "2", "3"]
    assert [e["user_id"] for e in made[:3]] != ["1", "1", "1"]
    assert not source.timed
    assert "side by side" in source.note


def test_sessions_in_order_stay_in_order(tmp_path: Path) -> None:
    source = open_source(written(tmp_path / "a.txt.gz", "5 1\n6 2\n5 3\n6 4\n"))
    assert [event["item_id"] for event in events(source)] == ["1", "2", "3", "4"]


def test_histories_give_an_event_an_item(tmp_path: Path) -> None:
    source = open_source(written(tmp_path / "a.txt", "1 10 11 12\n2 20 21\n3\n\n"))
    made = events(source)
    assert [e["item_id"] for e in made if e["user_id"] == "1"] == ["10", "11", "12"]
    assert len(made) == 5
    assert dict(source.tally.unusable) == {"without a user and an item": 1, "blank": 1}


def test_parquet(tmp_path: Path) -> None:
    table = pa.table({"user_id": [2, 1], "item_id": [20, 10], "timestamp": [990000002, 990000001]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert events(open_source(tmp_path / "a.parquet")) == [
        {**CLICKED, "user_id": "1", "item_id": "10"},
        {**CLICKED, "user_id": "2", "item_id": "20"},
    ]


def test_events_travel_as_they_are(tmp_path: Path) -> None:
    ours = {"event": "click", "event_id": "e1", "timestamp": 990000002000, "user_id": "u"}
    segment = {
        "event": "Product Viewed", "messageId": "m", "timestamp": "2001-05-16T08:00:01Z",
        "anonymousId": "a",
    }  # fmt: skip
    lines = [orjson.dumps(ours).decode(), orjson.dumps(segment).decode(), "{broken", "[1]", ""]
    lines.append('{"event":"click","user_id":"u","timestamp":"never"}')
    lines.append('{"event":"page_view","user_id":"u","timestamp":990000002000}')
    lines.append('{"event":"click","timestamp":990000002000}')
    source = open_source(written(tmp_path / "a.jsonl", "\n".join(lines) + "\n"))
    assert events(source) == [segment, ours]
    assert dict(source.tally.unusable) == {
        "not JSON": 1,
        "not an event": 1,
        "blank": 1,
        "without a readable time": 1,
        "of unknown kind 'page_view'": 1,
        "without a user": 1,
    }


def test_json_rows_are_a_table(tmp_path: Path) -> None:
    review = {
        "rating": 3,
        "parent_asin": "B1",
        "asin": "B0",
        "user_id": "u",
        "timestamp": 990000001,
    }
    text = orjson.dumps(review).decode() + "\nnot json\n"
    source = open_source(written(tmp_path / "reviews.jsonl", text))
    assert events(source) == [{**RATED, "user_id": "u", "item_id": "B1"}]
    assert source.tally.lines == 2


@pytest.mark.parametrize(
    "text", ["", "\n\n", "hello\nworld\n", "11,12,13\n", "a,b\n1,2\n", '{"a":1}\n', "x\ty\n"]
)
def test_what_cannot_be_replayed_is_refused_with_advice(tmp_path: Path, text: str) -> None:
    with pytest.raises(Failure) as told:
        open_source(written(tmp_path / "a.data", text))
    assert told.value.mend
