import gzip
import json
from pathlib import Path

import pytest

from recaug.errors import Failure
from recaug.evaluation.dataset import PERIOD_MS, DataSet, read
from recaug.events import KINDS
from recaug.replay import Choice
from recaug.replay.periods import period_files


def rows(data: DataSet) -> list[tuple[int, str, int]]:
    """User number, item and time of each event."""
    items = [data.item_ids[item] for item in data.items]
    return list(zip(data.users.tolist(), items, data.times_ms.tolist(), strict=True))


def test_a_table_with_times_kinds_and_texts(tmp_path: Path) -> None:
    file = tmp_path / "clicks.csv"
    file.write_text(
        "user,item,timestamp,event\nann,tea,1000000010,view\nbob,mug,1000000020,purchase\n"
        "ann,mug,1000000030,click\nann,,1000000004,view\n"
    )
    (tmp_path / "items.csv").write_text(
        "item_id,title,brand,genres\ntea,Green tea,Leaf,tea|hot\npot,A pot,,\nmug,,,\n"
    )
    data = read(file)
    at = 10**12
    assert rows(data) == [
        (0, "tea", at + 10_000), (1, "mug", at + 20_000), (0, "mug", at + 30_000)
    ]  # fmt: skip
    assert data.kinds.tolist() == [KINDS[kind] for kind in ("view", "purchase", "click")]
    assert data.timed and data.periods is None
    assert data.texts == {"tea": "Green tea. Leaf. tea. hot"}, "of items that have an event"
    assert "not used: 1 without an item" in data.note


def test_a_column_is_what_its_owner_says(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("who,what,at\nann,tea,1000000010\n")
    data = read(file, choice=Choice.of("user=who,item=what,time=at"))
    assert rows(data) == [(0, "tea", 10**12 + 10_000)]
    with pytest.raises(Failure, match="none says who the user is"):
        read(file)


def test_pairs_and_histories_have_an_order_and_no_times(tmp_path: Path) -> None:
    pairs, histories = tmp_path / "pairs.txt", tmp_path / "histories.txt"
    pairs.write_text("7 3\n7 4\n8 3\n")
    histories.write_text("7 3 4\n8 3\n")
    expected = [(0, "3", 0), (0, "4", 0), (1, "3", 0)]
    for file in (pairs, histories):
        data = read(file)
        assert rows(data) == expected and not data.timed


def test_events_in_any_dialect(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    view = {"event": "view", "event_id": "1", "user_id": "ann", "item_id": "tea", "timestamp": 1e12}
    ga4 = {
        "event": "view_item", "user_pseudo_id": "bob", "event_id": "2", "timestamp": 1e12 + 1,
        "items": [{"item_id": "mug"}],
    }  # fmt: skip
    search = {**view, "event": "search", "event_id": "3", "query": "tea"}
    nonsense = {"event": "yawn", "user_id": "ann", "timestamp": 1e12}
    file.write_text("".join(json.dumps(e) + "\n" for e in (view, ga4, search, nonsense)))
    assert rows(read(file)) == [(0, "tea", 10**12), (1, "mug", 10**12 + 1)]


def test_rows_as_json(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    row = {"user": "ann", "item": "tea", "time": 1_000_000_000}
    file.write_text(json.dumps(row) + "\n" + json.dumps({**row, "item": "mug"}) + "\n")
    assert rows(read(file)) == [(0, "tea", 10**12), (0, "mug", 10**12)]


def test_a_directory_is_one_period_a_file(tmp_path: Path) -> None:
    (tmp_path / "period_0.txt").write_text("1 5\n2 6\n1 6\n")
    (tmp_path / "period_10.txt").write_text("1 7\n1 8\n")
    (tmp_path / "period_2.txt.gz").write_bytes(gzip.compress(b"1 6\n1 5\n"))
    (tmp_path / "readme.txt").write_text("not one of them")
    assert [file.name for file in period_files(tmp_path)] == [
        "period_0.txt", "period_2.txt.gz", "period_10.txt",
    ]  # fmt: skip
    data = read(tmp_path)
    assert data.periods is not None and not data.timed
    assert data.periods.tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert data.times_ms.tolist() == [PERIOD_MS * period for period in data.periods.tolist()]
    assert data.users.tolist() == [0, 1, 0, 2, 2, 3, 3], "another period's session 1 is another"


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "searches.jsonl").write_text(
        '{"event": "search", "user_id": "ann", "query": "tea", "timestamp": 1000000000000}\n'
    )
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "period_0.txt").write_text("1 2\n")
    for name, why in (("gone", "is not there"), ("alone", "holds 1 files called"),
                      ("searches.jsonl", "no event with an item")):  # fmt: skip
        with pytest.raises(Failure, match=why):
            read(tmp_path / name)


def test_how_far_reading_is(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("1 2\n3 4\n" * 12_500)
    told: list[int] = []
    read(tmp_path / "long.txt", told.append)
    assert told == [10_000, 20_000]
