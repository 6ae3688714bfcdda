"""Friends and words: what is read, what they vote for, and how that becomes a figure."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.goals import verdict
from bench.lastfm import Listening, listening
from bench.social import ARMS, Ranked, ranked, results
from bench.voices import DAY_S, Friends, Words, shuffled, spans
from recaug.batch import Int64, Sequences, sequences
from recaug.evaluation import Targets
from recaug.evaluation.dataset import DataSet

MAY_MS, JUNE_MS = 1_272_672_000_000, 1_275_350_400_000  # 2010, the first of each


@pytest.fixture
def place(tmp_path: Path) -> Path:
    files = {
        "user_taggedartists": "userID artistID tagID day month year\n"
        "7 50 1 1 6 2010\n7 50 2 1 6 2010\n7 50 3 1 7 2010\n"
        "4 50 2 1 5 2010\n4 60 9 1 1 1956\n",
        "user_friends": "userID friendID\n7 4\n4 7\n4 99\n",
    }
    for name, text in files.items():
        with gzip.open(tmp_path / f"{name}.dat.gz", "wt") as file:
            file.write(text.replace(" ", "\t"))
    return tmp_path


def test_an_event_is_the_first_time_with_all_that_was_typed_then(place: Path) -> None:
    found = listening(place, seed=0)
    assert found.data.users.tolist() == [0, 1] and found.data.items.tolist() == [0, 0]
    assert found.data.times_ms.tolist() == [MAY_MS, JUNE_MS]
    assert found.data.item_ids == ["50"], "1956 is a slip"
    assert sorted(map(tuple, found.typed.tolist())) == [(0, 2), (1, 1), (1, 2)]
    assert found.friends.tolist() == [[1, 0], [0, 1]], "99 has tagged nothing"


def log(events: list[tuple[int, int, int]]) -> Sequences:
    """Of (user, row, day)."""
    users, rows, days = (np.array(column, np.int64) for column in zip(*events, strict=True))
    return sequences(users, rows, np.ones(len(users)), days * round(DAY_S * 1_000))


def target(source: Sequences, at: int) -> Targets:
    wanted = np.array([at])
    return Targets(
        wanted, source.starts[source.owners()[wanted]], source.rows[wanted], source.times_ms[wanted]
    )


def test_friends_vote_for_what_they_had_before_the_day_half_for_each_half_life() -> None:
    source = log([(0, 5, 31), (1, 2, 1), (1, 3, 30), (1, 4, 31), (2, 3, 30), (3, 2, 30)])
    friends = Friends(source, np.array([[0, 1], [0, 2], [1, 0]]))
    votes = friends.votes(target(source, 0), 6, 30 * DAY_S)
    day = 2 ** (-1 / 30)
    assert votes[0].tolist() == pytest.approx([0, 0, 0.5, 2 * day, 0, 0])
    assert friends.votes(target(source, 0), 3, 30 * DAY_S).tolist() == [[0, 0, pytest.approx(0.5)]]
    assert not friends.votes(target(source, 5), 6, 30 * DAY_S).any(), "nobody's friend"


def test_each_word_has_a_vote_for_what_it_was_typed_for() -> None:
    source = log([(0, 2, 1), (0, 3, 2), (0, 4, 3), (1, 2, 1), (1, 3, 1), (2, 3, 1)])
    # Word 8 is typed with row 2 once and with row 3 twice, word 9 with row 2.
    typed = np.array([[0, 9], [1, 8], [3, 8], [4, 8], [2, 8]])
    words = Words(source, typed, np.array([True, True, False, True, True, True]))
    one, two = (words.votes(target(source, 2), 5, newest)[0].tolist() for newest in (1.0, 2.0))
    assert one == pytest.approx([0, 0, 1 / 3, 2 / 3, 0])
    assert two == pytest.approx([0, 0, 4 / 3, 2 / 3, 0])
    assert not words.votes(target(source, 0), 5, 2.0).any(), "nothing typed before"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=8))
def test_spans_are_ranges_end_to_end(pairs: list[tuple[int, int]]) -> None:
    starts = np.array([start for start, _ in pairs], np.int64)
    stops = starts + np.array([count for _, count in pairs], np.int64)
    of, at = spans(starts, stops)
    both = list(zip(of.tolist(), at.tolist(), strict=True))
    assert both == [(n, start + i) for n, (start, count) in enumerate(pairs) for i in range(count)]


def test_dealt_anew_everybody_keeps_how_many_they_have() -> None:
    pairs = np.random.default_rng(1).integers(0, 20, (200, 2))
    dealt = shuffled(pairs, np.random.default_rng(0))
    for side in (0, 1):
        assert np.bincount(dealt[:, side]).tolist() == np.bincount(pairs[:, side]).tolist()
    assert not np.array_equal(dealt, pairs)


def places(own: Int64, other: Int64) -> Ranked:
    tried = {"none": other, "friends": own, "words": other, **dict.fromkeys(ARMS.values(), other)}
    return Ranked(np.arange(len(own)), np.arange(len(own)) % 10, tried)


def test_a_lift_is_over_the_control_and_sure() -> None:
    half = np.arange(100) % 2
    found = {(one.config["signal"], one.config["part"], one.unit): one
             for one in results(places(np.zeros(100, np.int64), 50 * half), seeds=1)}  # fmt: skip
    friends = found["friends", "all", "% HR@10"]
    assert (friends.ours, friends.theirs, friends.config["gain"]) == (100, 50, 50)
    assert 30 < friends.config["low"] < 50 < friends.config["high"] < 70
    assert "met" in verdict(found["friends", "all", "% NDCG@10"])
    assert "MISSED" in verdict(found["words", "all", "% NDCG@10"])
    assert found["friends", "cold", "% HR@10"].config["targets"] == 30


def test_friends_who_go_before_are_found_and_strangers_are_not() -> None:
    """Of each pair of friends the second has what the first had five days before."""
    chance, rows = np.random.default_rng(0), list[tuple[int, int, int]]()
    for pair in range(240):
        for turn, item in enumerate(chance.choice(100, 8, replace=False).tolist()):
            rows += [(10 * turn, 2 * pair, item), (10 * turn + 5, 2 * pair + 1, item)]
    days, users, things = np.array(sorted(rows), np.int64).T
    had, items = np.unique(things, return_inverse=True)
    data = DataSet(
        Path(), "", users, items, np.ones_like(users), MAY_MS + days * round(1_000 * DAY_S), None,
        [str(item) for item in had.tolist()], {},
    )  # fmt: skip
    pairs = np.arange(480).reshape(240, 2)
    friends = np.concatenate([pairs, pairs[:, ::-1]])
    found = ranked(Listening(data, friends, np.zeros((0, 2), np.int64)), seed=0, trained_s=0.05)
    hits = {arm: (of[found.users % 2 == 1] < 10).mean() for arm, of in found.places.items()}
    assert hits["friends"] > 0.5 > 0.3 > max(hits["none"], hits[ARMS["friends"]])
