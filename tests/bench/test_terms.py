"""What a term of the loss is worth: who has which traits, and how a comparison is told."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bench import terms
from recaug.evaluation.dataset import read

PEOPLE, FILMS = 30, 12


@pytest.fixture
def films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everybody goes round a ring of films, from one of their own; half of them are young."""
    rows = [
        f"{user}\t{(user + turn) % FILMS}\t5\t{1_000_000_000 + 60 * turn}"
        for turn in range(10)
        for user in range(PEOPLE)
    ]
    traits = [f"{user}\t{21 + user % 2 * 30}\t{'FM'[user % 2]}\t12345" for user in range(PEOPLE)]
    place = tmp_path / "ml-100k"
    place.mkdir()
    _write(
        place / "ml-100k.inter.gz", "user_id:token item_id:token rating:float timestamp:float", rows
    )
    _write(place / "ml-100k.user.gz", "user_id:token age:token gender:token zip_code:token", traits)
    monkeypatch.setenv("RECAUG_DATA", str(tmp_path))
    return place / "ml-100k.inter.gz"


def _write(path: Path, header: str, rows: list[str]) -> None:
    with gzip.open(path, "wt") as file:
        file.write("\n".join([header.replace(" ", "\t"), *rows]) + "\n")


def test_traits_are_decades_and_words_and_no_postcodes(films: Path) -> None:
    data = read(films)
    table = terms.traits_of(data)
    assert table.shape == (PEOPLE, 4), "two decades, two genders"
    assert table.sum(1).tolist() == [2.0] * PEOPLE
    young = [int(user) % 2 == 0 for user in data.user_ids]
    assert len({tuple(row) for row in table[young].tolist()}) == 1
    assert not (table[young][0] * table[[not one for one in young]][0]).any()


def test_without_user_documents_there_is_a_column_of_nothing(films: Path) -> None:
    films.with_name("ml-100k.user.gz").unlink()
    assert terms.traits_of(read(films)).sum() == 0


def test_a_comparison_says_what_was_gained_and_how_sure_that_is(films: Path) -> None:
    (found,) = terms.run(quick=True)
    assert (found.bench, found.peer, found.unit) == ("terms", "without", "% NDCG@10")
    assert found.config["term"] == "profile"
    assert found.config["low"] <= found.config["lift"] <= found.config["high"]
    assert found.theirs is not None
    assert found.ours - found.theirs == pytest.approx(found.config["lift"], abs=1e-3)
