"""Files nobody prepared for us: read as their owners mean them, or refused by line and mend."""

from __future__ import annotations

import datetime
import gzip
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from recaug.errors import Failure
from recaug.replay import Choice, Source, in_time_order, open_source
from recaug.replay.source import require_used

#: 2024-01-05T10:00:00Z, as seconds.
AT = 1_704_448_800
DAY = 1_704_412_800_000  # of it, as milliseconds

Seen = tuple[str, str, str, int]


def opened(directory: Path, name: str, content: bytes | str, choice: str = "") -> Source:
    path = directory / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_source(path, Choice.of(choice))


def seen(source: Source) -> list[Seen]:
    """Kind, user, item and time (0 where there is none) of each event."""
    found = list(in_time_order(source.happenings)[1])
    tally = source.tally
    assert tally.lines == tally.headers + tally.used + tally.unusable.total()
    return [
        (one.event["event"], one.event["user_id"], _item(one.event), one.at if source.timed else 0)
        for one in found
    ]


def _item(event: dict[str, Any]) -> str:
    about = event["items"][0] if "items" in event else event
    return str(about["item_id"])


TWO: list[Seen] = [("click", "ann", "tea", AT * 1000), ("click", "bob", "mug", AT * 1000 + 1000)]
CSV = f"user_id,item_id,timestamp\nann,tea,{AT}\nbob,mug,{AT + 1}\n"
TSV = CSV.replace(",", "\t")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("semicolons.csv", CSV.replace(",", ";")),
        ("bars.txt", CSV.replace(",", "|")),
        ("blanks.txt", CSV.replace(",", "  ")),
        ("crlf.csv", CSV.replace("\n", "\r\n")),
        ("old-mac.csv", CSV.replace("\n", "\r")),
        ("mark.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("excel.txt", TSV.encode("utf-16")),
        ("big-endian.csv", b"\xfe\xff" + CSV.encode("utf-16-be")),
        ("blank-lines-first.csv", f"\n\n{CSV}"),
        ("no-last-newline.csv", CSV.rstrip()),
        ("quoted.csv", CSV.replace("ann", '"ann"')),
        ("packed.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("packed.csv.zst", zstandard.compress(CSV.encode())),
        ("packed-under-another-name.csv", zstandard.compress(CSV.encode())),
        ("two-frames.csv.zst", zstandard.compress(CSV[:40].encode()) * 1
         + zstandard.compress(CSV[40:].encode())),
        ("milliseconds.csv", CSV.replace(str(AT), f"{AT}000").replace(str(AT + 1), f"{AT + 1}000")),
        ("iso.csv", CSV.replace(str(AT + 1), "2024-01-05T12:00:01+02:00")),
        ("kaggle.csv", CSV.replace(str(AT + 1), "2024-01-05 10:00:01 UTC")),
        ("german.csv", f"user;item;bestellt\nann;tea;{AT}\nbob;mug;5.1.2024 10:00:01\n"),
        ("slashes.csv", CSV.replace(str(AT + 1), "2024/01/05 10:00:01")),
        ("no-header.csv", CSV.partition("\n")[2]),
        ("no-header.tsv", TSV.partition("\n")[2]),
        ("no-header-time-first.csv", f"{AT},ann,tea\n{AT + 1},bob,mug\n"),
        ("no-header.txt", f"ann tea {AT}\nbob mug {AT + 1}\n"),
        ("words.csv", CSV.replace("user_id", "Shop Customer").replace("item_id", "product code")),
        ("camel.csv", CSV.replace("user_id", "memberNo").replace("timestamp", "orderedDate")),
        ("twice.csv", f"user_id,item_id,item_id,timestamp\nann,tea,x,{AT}\nbob,mug,x,{AT + 1}\n"),
        ("array.json", orjson.dumps([
            {"user": "ann", "item": "tea", "time": AT},
            {"user": "bob", "item": "mug", "time": AT + 1},
        ])),
        ("lists.json", b"[\n" + b",\n".join(
            orjson.dumps({"user": u, "item": i, "time": t})
            for u, i, t in (("ann", "tea", AT), ("bob", "mug", AT + 1))) + b"\n]\n"),
        ("retailrocket.jsonl", b"".join(
            orjson.dumps({"visitorid": u, "itemid": i, "event": "click", "timestamp": t}) + b"\n"
            for u, i, t in (("ann", "tea", AT), ("bob", "mug", AT + 1)))),
    ],
)  # fmt: skip
def test_two_clicks_are_two_clicks_however_they_are_written(
    tmp_path: Path, name: str, content: bytes | str
) -> None:
    assert seen(opened(tmp_path, name, content)) == TWO


def test_a_cell_over_several_lines_is_one_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    text = f'user,item,note,time\nann,tea,"two\nlines",{AT}\nbob,mug,,never\n'
    source = opened(tmp_path, "a.csv", text)
    assert seen(source) == TWO[:1]
    assert "1 without a readable time (line 4: 'never')" in source.tally.reasons()


def test_a_day_alone_is_its_midnight(tmp_path: Path) -> None:
    source = opened(tmp_path, "a.csv", "user,item,date\nann,tea,2024-01-05\nbob,mug,20240105\n")
    assert [at for *_, at in seen(source)] == [DAY, DAY]


@pytest.mark.parametrize(
    ("name", "content", "rated"),
    [
        ("u.data", f"ann\ttea\t3\t{AT}\nbob\tmug\t5\t{AT + 1}\n", True),
        ("ratings.dat", f"ann::tea::3::{AT}\nbob::mug::5::{AT + 1}\n", True),
        ("ratings.csv", f"userId,movieId,rating,timestamp\nann,tea,3,{AT}\nbob,mug,5,{AT + 1}\n",
         True),
        ("ml.inter", "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
         f"ann\ttea\t3\t{AT}\nbob\tmug\t5\t{AT + 1}\n", True),
        ("amazon.csv", f"ann,tea,3.0,{AT}\nbob,mug,5.0,{AT + 1}\n", True),
        ("spaces.data", f"ann tea 3 {AT}\nbob mug 5 {AT + 1}\n", True),
    ],
)  # fmt: skip
def test_ratings_of_every_movielens_and_their_kin(
    tmp_path: Path, name: str, content: str, rated: bool
) -> None:
    source = opened(tmp_path, name, content)
    found = list(source.happenings)
    assert [(one.at, one.event) for one in found] == [
        (1000 * at, {"event": "view", "user_id": user, "item_id": item,
                     "properties": {"rating": stars}})
        for at, user, item, stars in ((AT, "ann", "tea", 3.0), (AT + 1, "bob", "mug", 5.0))
    ]  # fmt: skip


def test_ratings_without_times_and_in_latin_letters(tmp_path: Path) -> None:
    """Book-Crossing: semicolons, quotes, Windows' letters, `Book-Rating`."""
    text = '"User-ID";"ISBN";"Book-Rating"\n"zoë";"034545104X";"0"\n"zoé";"0155061224";"5"\n'
    source = opened(tmp_path, "BX-Book-Ratings.csv", text.encode("cp1252"))
    assert [(user, item) for _, user, item, _ in seen(source)] == [
        ("zoë", "034545104X"), ("zoé", "0155061224"),
    ]  # fmt: skip
    assert "read as cp1252, for it is not UTF-8" in source.note


def test_invoices_are_purchases_and_goods_given_back_are_none(tmp_path: Path) -> None:
    """The columns of UCI's Online Retail."""
    text = (
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        '536365,85123A,"HEART, WHITE",6,2024-01-05 10:00,2.55,17850.0,United Kingdom\n'
        "C536365,85123A,,-6,2024-01-05 11:00,2.55,17850.0,United Kingdom\n"
        "536366,22633,,6,2024-01-05 10:02,1.85,,United Kingdom\n"
    )
    source = opened(tmp_path, "online_retail.csv", text)
    ((one),) = source.happenings
    assert one.event["items"] == [{"item_id": "85123A", "quantity": 6, "price": 2.55}]
    assert (one.event["event"], one.event["transaction_id"]) == ("purchase", "536365")
    assert one.at == AT * 1000
    assert set(source.tally.unusable) == {"given back (a quantity below 0)", "without a user"}
    assert "order ← InvoiceNo" in source.note and "every row a purchase" in source.note


def test_decimal_commas_are_read_where_they_can_be_nothing_else(tmp_path: Path) -> None:
    source = opened(tmp_path, "a.csv", f"user;item;price;event;time\nann;tea;2,50;cart;{AT}\n")
    (one,) = source.happenings
    assert one.event["items"] == [{"item_id": "tea", "quantity": 1, "price": 2.5}]


@pytest.mark.parametrize(
    ("content", "choice", "expected"),
    [
        ("who,what,at\nann,tea,{0}\n", "user=who,item=what,time=at", TWO[:1]),
        ("who,what,at\nann,tea,{0}\n", "user=1,item=2,time=3", TWO[:1]),
        ("Who,What,At\nann,tea,{0}\n", "user=who, item=what, time=at", TWO[:1]),
        ("user,buyer,item,time\nx,ann,tea,{0}\n", "user=buyer", TWO[:1]),
        ("user,item,time\nann,tea,{0}\n", "event=purchase",
         [("purchase", "ann", "tea", AT * 1000)]),
        ("user,item,time,event\nann,tea,{0},hover\n", "event=click", TWO[:1]),
        ("user,item,time,rating\nann,tea,{0},5\n", "rating=", TWO[:1]),
        ("user,item,time\nann,tea,{0}\n", "time=", [("click", "ann", "tea", 0)]),
        ("ann,x,tea,{0}\n", "user=1,item=3,time=4", TWO[:1]),
        ("ann,tea\nbob,mug\n", "user=1,item=2", [("click", u, i, 0) for _, u, i, _ in TWO]),
        ('{{"who":"ann","item":"tea","time":{0}}}\n', "user=who", TWO[:1]),
    ],
)  # fmt: skip
def test_a_column_is_what_its_owner_says(
    tmp_path: Path, content: str, choice: str, expected: list[Seen]
) -> None:
    assert seen(opened(tmp_path, "a.csv", content.format(AT), choice)) == expected


def test_what_is_only_a_guess_is_called_one(tmp_path: Path) -> None:
    source = opened(tmp_path, "a.csv", f"shopper,offer code,when\nann,tea,{AT}\n")
    for part in ("user ← shopper (a guess)", "item ← offer code (a guess)"):
        assert part in source.note
    held = opened(tmp_path, "d.csv", "user,item,bestellt\nann,tea,31.01.2024\n")
    assert "time ← bestellt (a guess)" in held.note and "--map user=COLUMN" in held.note
    sure = opened(tmp_path, "b.csv", CSV)
    assert "guess" not in sure.note and "--map" not in sure.note
    numbered = opened(tmp_path, "c.csv", f"ann,tea,{AT}\n")
    assert "no header, columns by their numbers; user ← 1, item ← 2, time ← 3" in numbered.note


@pytest.mark.parametrize("number", ["4006381333931", "885909950805", "0557348153", "2400000000"])
def test_a_long_number_is_no_time_unless_it_is_of_our_days(tmp_path: Path, number: str) -> None:
    """Barcodes of two continents, an ISBN, an id."""
    source = opened(tmp_path, "a.csv", f"user,item,code\nann,tea,{number}\n")
    assert not source.timed
    bare = opened(tmp_path, "b.csv", f"ann,{number},5\n")
    assert seen(bare) == [("view", "ann", number, 0)]


def test_parquet_with_odd_types(tmp_path: Path) -> None:
    """An id column with a gap is of floats, one of a legacy writer of bytes."""
    table = pa.table(
        {
            "customer_id": pa.array([17.0, None, 18.0]),
            "sku": pa.array([b"tea", b"mug", b"mug"]),
            "day": pa.array([datetime.date(2024, 1, 5)] * 3),
            "event_time": pa.array([datetime.datetime(2024, 1, 5, 10)] * 3),  # noqa: DTZ001
        }
    )
    pq.write_table(table, tmp_path / "orders")
    source = open_source(tmp_path / "orders")
    assert seen(source) == [("click", "17", "tea", AT * 1000), ("click", "18", "mug", AT * 1000)]
    assert source.tally.unusable == {"without a user": 1}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("archive.csv", b"PK\x03\x04" + bytes(40), ("a zip archive", "unzip")),
        ("book.xls", b"\xd0\xcf\x11\xe0" + bytes(40), ("Excel", "CSV")),
        ("frame.pkl", b"\x80\x05\x95" + bytes(40), ("pickle", "to_parquet")),
        ("data.bin", b"user,item\n\x00\x01", ("no text: byte 10 is zero", "CSV")),
        ("cut.csv.gz", gzip.compress(CSV.encode(), mtime=0)[:-9], ("is damaged", "fetch it again")),
        ("cut.csv.zst", zstandard.compress(CSV.encode())[:-5], ("is damaged", "fetch it again")),
        ("movies.dat", "1::Toy Story (1995)::Comedy\n", ("describes items", "beside it")),
        ("u.user.gz", gzip.compress(b"1|24|M|clerk|85711\n", mtime=0), ("describes users",)),
        ("ml.item", "item_id:token\tmovie_title:token_seq\n1\tx\n", ("describes items",)),
        ("README", "This data was made by us.\nPlease cite it.\n", ("no format", "'This data")),
        ("no.parquet", b"PAR1 not really", ("no Parquet file",)),
        ("pretty.json", '{\n  "event": "click"\n}\n', ("line 1", "jq -c .")),
        ("broken.json", '[{"event": "click"},\n', ("breaks off", "jq -c '.[]'")),
        ("nobody.csv", "item_id,time\n1,2\n", ("item_id, time", "who the user is", "--map")),
        ("nothing.csv", "user_id,time\n1,2\n", ("which item", "--map")),
        ("both.csv", "user,product_code,item_code\n", ("which item", "--map")),
        ("data.csv", "11,12,13\n", ("has no header", "11, 12, 13", "--map user=1,item=2")),
        ("open.csv", f'user,item,time\nann,"tea,{AT}\n' + f"bob,mug,{AT}\n" * 250,
         ("from line 2 on", "quotation mark", "sed -n 2p")),
        ("american.csv", "user,item,date\nann,tea,01/31/2024\n",
         ("line 2: '01/31/2024'", "2024-01-31T16:00:00", "--map time=COLUMN")),
        ("hover.csv", "user,item,event\nann,tea,hover\n", ("unknown kind 'hover' (line 2)",
         "--map event=click")),
        ("header.csv", "user,item\n", ("it has no rows", "--map")),
        ("pages.jsonl", f'{{"event":"page_view","user_id":"ann","timestamp":{AT}}}\n',
         ("unknown kind 'page_view' (line 1)",)),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_by_its_line_and_its_mend(
    tmp_path: Path, name: str, content: bytes | str, words: tuple[str, ...]
) -> None:
    with pytest.raises(Failure) as told:
        source = opened(tmp_path, name, content)
        assert list(source.happenings) == []
        require_used(source)
    for word in (name, *words):
        assert word in told.value.explain()


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("user", "'user' maps nothing"),
        ("shop=a", "a role one of user, item, time"),
        ("user=nobody", "has no column 'nobody'"),
        ("user=9", "has no column '9'"),
        ("event=hover", "has no column 'hover'"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(tmp_path: Path, choice: str, words: str) -> None:
    with pytest.raises(Failure) as told:
        opened(tmp_path, "a.csv", CSV, choice)
    assert words in told.value.explain()


def test_a_large_file_costs_no_second_look(tmp_path: Path) -> None:
    """Long zstd frames, and many of them, are read to the last line."""
    text = "1 2\n" * 50_000
    packed = zstandard.compress(text.encode()) * 3
    assert len(seen(opened(tmp_path, "a.zst", packed))) == 150_000
