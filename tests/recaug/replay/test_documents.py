"""Titles and people beside the data."""

from pathlib import Path
from typing import Any

import orjson

from recaug.events import parse_item, parse_user
from recaug.replay.documents import documents_beside

AT_MS = 1_764_000_000_000


def beside(path: Path) -> dict[str, list[dict[str, Any]]]:
    path.write_text("")
    found = {each.kind: list(each.read(AT_MS)) for each in documents_beside(path)}
    for kind, parse in (("item", parse_item), ("user", parse_user)):
        for document in found.get(kind, ()):
            parse(orjson.dumps(document), [], AT_MS)
    return found


def test_recbole_files_of_the_same_name(tmp_path: Path) -> None:
    header = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    row = '1\t"Toy" Story\t1995\tAnimation Comedy\n\tnobody\t\t\n'
    (tmp_path / "ml.item").write_text(header + row)
    (tmp_path / "ml.user").write_text(
        "user_id:token\tage:token\toccupation:token\tzip_code:token\n1\t24\tclerk\t85711\n"
    )
    (tmp_path / "items.tsv").write_text("item_id\ttitle\n9\tanother data set\n")
    assert beside(tmp_path / "ml.inter") == {
        "item": [
            {
                "item_id": "1",
                "timestamp": AT_MS,
                "name": '"Toy" Story',
                "categories": ["Animation", "Comedy"],
                "attributes": {"release_year": "1995"},
            }
        ],
        "user": [
            {
                "user_id": "1",
                "timestamp": AT_MS,
                "traits": {"age": "24", "occupation": "clerk"},
            }
        ],
    }


def test_movielens_files_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "movies.dat").write_text("1::Toy Story (1995)::Animation|Comedy\n")
    (tmp_path / "users.dat").write_text("7::F::1::10::48067\n")
    found = beside(tmp_path / "ratings.dat")
    assert found["item"][0]["name"] == "Toy Story (1995)"
    assert found["item"][0]["categories"] == ["Animation", "Comedy"]
    assert found["user"][0]["traits"] == {"gender": "F", "age": "1", "occupation": "10"}


def test_the_oldest_movielens_has_flags_for_genres_and_windows_letters(tmp_path: Path) -> None:
    flags = "|".join("1" if n in (3, 5) else "0" for n in range(19))
    row = f"1|Cité (1995)|01-Jan-1995||http://us.imdb.com/1|{flags}\n"
    (tmp_path / "u.item").write_bytes(row.encode("cp1252"))
    (tmp_path / "u.user").write_text("7|24|M|clerk|85711\n")
    found = beside(tmp_path / "u.data")
    assert found["item"][0]["name"] == "Cité (1995)"
    # The list of genres begins: unknown, Action, Adventure, Animation, Children's, Comedy.
    assert found["item"][0]["categories"] == ["Animation", "Comedy"]
    assert found["user"][0]["traits"] == {"age": "24", "gender": "M", "occupation": "clerk"}


def test_a_table_of_titles(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text('item_id,title,brand\nB1,"Serum, 30 ml",Seave\n')
    (item,) = beside(tmp_path / "interactions.csv")["item"]
    assert (item["name"], item["brand"]) == ("Serum, 30 ml", "Seave")


def test_alone_there_is_nothing(tmp_path: Path) -> None:
    assert beside(tmp_path / "clicks.csv") == {}
    assert beside(tmp_path / "items.csv") == {}
