"""Session kNN by hand, and against the same thing written out without an index."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.bounds import Bound, counts
from recaug.session_knn import REACHES, SessionKnn

Click = tuple[str, str]

sessions = st.sampled_from([f"s{n}" for n in range(7)])
items = st.sampled_from([f"i{n}" for n in range(8)])
logs = st.lists(st.tuples(sessions, items), max_size=50)
histories = st.lists(items, max_size=8)
TIGHT = {"sessions": 4, "per_item": 3, "length": 3, "items": 6, "sample": 3, "neighbours": 2}
ROOMY = {"sessions": 64, "per_item": 64, "length": 16, "items": 64}


def learned(
    log: Sequence[tuple[Hashable, Hashable]], further: float = 0.0, **bounds: int
) -> SessionKnn:
    knn = SessionKnn(**{**ROOMY, **bounds}, further=further)
    for session, item in log:
        knn.learn(session, item)
    return knn


def scored(
    knn: SessionKnn, history: Sequence[Hashable], reach: float = 2.0
) -> dict[Hashable, float]:
    names, scores = knn.score(history, reach=reach)
    assert scores.dtype == np.float32
    assert len(names) == len(set(names)) == len(scores)
    assert list(scores) == sorted(scores, reverse=True)
    return dict(zip(names, scores.tolist(), strict=True))


class Written:
    """The same without rows, slots or arrays; each session is [items, its last click's number]."""

    def __init__(self, **bounds: int) -> None:
        self.bounds = bounds
        self.places: list[str | None] = [None] * bounds["sessions"]
        self.next = self.clicks = 0
        self.sessions: dict[str, tuple[list[str], int]] = {}
        self.listed: dict[str, list[str]] = {}

    def learn(self, session: str, item: str) -> None:
        held = {one for inside, _ in self.sessions.values() for one in inside}
        if item not in held and len(held) == self.bounds["items"]:
            return
        if session not in self.sessions:
            self.begin(session)
        self.clicks += 1
        inside = self.sessions[session][0]
        if item in inside:
            inside.remove(item)
        else:
            newest = [*self.listed.get(item, []), session]
            self.listed[item] = newest[-self.bounds["per_item"] :]
        inside.append(item)
        self.sessions[session] = (inside, self.clicks)
        if len(inside) > self.bounds["length"]:
            self.unlist(inside.pop(0), session)

    def begin(self, session: str) -> None:
        oldest = self.places[self.next]
        if oldest is not None:
            self.forget(oldest)
        self.places[self.next] = session
        self.next = (self.next + 1) % len(self.places)
        self.sessions[session] = ([], 0)

    def unlist(self, item: str, session: str) -> None:
        self.listed[item] = [one for one in self.listed[item] if one != session]

    def forget(self, session: str) -> None:
        if session in self.sessions:
            for item in self.sessions.pop(session)[0]:
                self.unlist(item, session)
            self.places[self.places.index(session)] = None

    def rarity(self, item: str) -> float:
        holders = sum(item in inside for inside, _ in self.sessions.values())
        return 1 + math.log(len(self.sessions) / holders)

    def score(self, history: Sequence[str], reach: float) -> dict[str, float]:
        held = {one for inside, _ in self.sessions.values() for one in inside}
        known = [item for item in dict.fromkeys(reversed(history)) if item in held]
        scores = self.votes(known[:10], reach, reach)
        best = sorted(scores, key=lambda item: -scores[item])
        new = [item for item in best if item not in known[:10]][:10]
        further = self.votes(new, 10, reach)
        part = 0.3 * scores[best[0]] / max(further.values()) if further else 0.0
        return {
            item: scores.get(item, 0.0) + part * further.get(item, 0.0)
            for item in [*scores, *further]
        }

    def votes(self, query: Sequence[str], clicks: float, reach: float) -> dict[str, float]:
        each = math.ceil(self.bounds["sample"] / max(len(query), 1))
        looked = {item: self.listed[item][-each:] for item in query}
        sharing = {session for found in looked.values() for session in found}
        newest = sorted(sharing, key=lambda one: -self.sessions[one][1])
        # Sorting is stable: of equally similar sessions the newer one stays first.
        alike = {session: self.similarity(session, looked, clicks) for session in newest}
        best = sorted(newest, key=lambda one: -alike[one])[: self.bounds["neighbours"]]
        scores: dict[str, float] = {}
        for session in best:
            inside = self.sessions[session][0]
            at = next(inside.index(item) for item in query if session in looked[item])
            for place, item in enumerate(inside):
                vote = alike[session] * math.exp(-abs(place - at) / (4 * reach))
                scores[item] = scores.get(item, 0.0) + vote * self.rarity(item)
        return scores

    def similarity(self, session: str, looked: dict[str, list[str]], clicks: float) -> float:
        shared = sum(
            math.exp(-ago / clicks) * self.rarity(item)
            for ago, (item, found) in enumerate(looked.items())
            if session in found
        )
        return shared / math.sqrt(len(self.sessions[session][0]))


def test_neighbours_vote_for_what_they_held() -> None:
    knn = learned([("s1", "a"), ("s2", "a"), ("s1", "b"), ("s2", "c"), ("s3", "b"), ("s3", "d")])
    # Of three sessions two hold `a`: it counts 1 + ln(3/2); each of the two has two items.
    half, third = 1 + math.log(3 / 2), 1 + math.log(3)
    similarity = half / math.sqrt(2)
    # Both vote for `a` itself; s1 for `b`, s2 for `c`, one click away. s3 shares nothing.
    assert scored(knn, ["a"]) == pytest.approx(
        {
            "a": 2 * similarity * half,
            "b": similarity * math.exp(-1 / 8) * half,
            "c": similarity * math.exp(-1 / 8) * third,
        },
        rel=1e-6,
    )


def test_older_clicks_of_the_history_count_less() -> None:
    knn = learned([("s1", "a"), ("s2", "b"), ("s1", "x"), ("s2", "y")])
    # One session each: x and y are equally rare, so only the place in the history differs.
    for reach in (2.0, 5.0):
        scores = scored(knn, ["b", "a"], reach)
        assert scores["x"] / scores["y"] == pytest.approx(math.exp(1 / reach), rel=1e-6)


def test_ten_items_of_the_history_count() -> None:
    others = [f"i{n}" for n in range(10)]
    knn = learned([("s", "a"), ("s", "x"), *((item, item) for item in others)])
    assert "x" in scored(knn, ["a", *others[:9]])
    assert "x" not in scored(knn, ["a", *others])


def test_the_distance_is_from_the_newest_shared_item() -> None:
    knn = learned([("s", item) for item in "abcd"])
    scores = scored(knn, ["d", "b"])
    # `b` is the newest of the history: a and c are one click away from it, d two.
    near = scores["b"] * math.exp(-1 / 8)
    assert scores == pytest.approx(
        {"a": near, "b": scores["b"], "c": near, "d": scores["b"] * math.exp(-2 / 8)}, rel=1e-6
    )


def test_an_item_clicked_again_moves_to_the_end() -> None:
    knn = learned([("s", "a"), ("s", "b"), ("s", "c"), ("s", "a")])
    scores = scored(knn, ["a"])  # b, c, a: c is next to it
    assert scores["c"] / scores["b"] == pytest.approx(math.exp(1 / 8), rel=1e-6)


def test_the_newest_sessions_are_compared_and_the_nearest_vote() -> None:
    log = [("s1", "a"), ("s1", "x"), ("s2", "a"), ("s2", "y"), ("s3", "a"), ("s3", "z")]
    assert scored(learned(log, sample=2), ["a"]).keys() == {"a", "y", "z"}
    assert scored(learned(log, neighbours=1), ["a"]).keys() == {"a", "z"}
    # s1 goes on: of three items, it is the least similar.
    assert scored(learned([*log, ("s1", "w")], neighbours=2), ["a"]).keys() == {"a", "y", "z"}
    # The items of a history share the sample.
    log = [("s1", "a"), ("s2", "a"), ("s3", "b"), ("s4", "b")]
    knn = learned([*log, *((f"s{n}", f"x{n}") for n in (4, 2, 3, 1))], sample=2)
    assert scored(knn, ["a", "b"]).keys() == {"a", "b", "x2", "x4"}


def test_few_items_are_asked_for_more() -> None:
    log = [("s1", "a"), ("s1", "b"), ("s2", "b"), ("s2", "c")]
    assert scored(learned(log), ["a"]).keys() == {"a", "b"}
    # Of the neighbours' items b alone is new. Both sessions hold it: its rarity is 1 + ln(2/2), and
    # both are as similar to it, 1/√2. So b gets 2/√2 votes, a and c, which one of two holds, that
    # part of it:
    part = math.exp(-1 / 8) * (1 + math.log(2)) / 2
    best = max(scored(learned(log), ["a"]).values())
    first, both = scored(learned(log), ["a"]), scored(learned(log, further=0.3), ["a"])
    further = {"a": 0.3 * best * part, "b": 0.3 * best, "c": 0.3 * best * part}
    assert both == pytest.approx({i: first.get(i, 0.0) + further[i] for i in further}, rel=1e-6)


@pytest.mark.parametrize(("found", "asked"), [(99, True), (100, False)])
def test_many_items_are_enough(found: int, asked: bool) -> None:
    log = [("s1", f"i{n}") for n in range(found)] + [("s2", "i1"), ("s2", "z")]
    knn = learned(log, further=0.3, length=128, items=128)
    assert ("z" in scored(knn, ["i0"])) is asked


def test_only_the_best_ten_are_asked() -> None:
    log = [("s1", f"i{n}") for n in range(12)] + [("s2", "i10"), ("s2", "y"), ("s3", "i11")]
    knn = learned([*log, ("s3", "z")], further=0.3)
    # i1 to i10 are the ten nearest to i0.
    assert scored(knn, ["i0"]).keys() == {f"i{n}" for n in range(12)} | {"y"}


def test_the_session_that_is_asked_for_does_not_vote() -> None:
    knn = learned([("s1", "a"), ("s1", "x"), ("s2", "a"), ("s2", "y"), ("s3", "b"), ("s3", "z")])
    assert knn.score(["a"], own="s1")[0] == ["y", "a"]  # y is the rarer
    assert knn.score(["b"], own="s3")[0] == []
    assert knn.score(["a"], own="never seen")[0] == knn.score(["a"])[0]


@pytest.mark.parametrize("history", [[], ["never seen"]])
def test_nothing_known_nothing_scored(history: list[str]) -> None:
    assert scored(learned([("s", "a")]), history) == {}
    assert scored(learned([]), history) == {}


def test_a_full_list_of_items_passes_over_new_ones() -> None:
    before = counts()[Bound.KNN_ITEMS]
    knn = learned([("s1", "a"), ("s2", "b"), ("s1", "c")], items=2)
    assert scored(knn, ["a"]).keys() == {"a"}
    assert counts()[Bound.KNN_ITEMS] == before + 1
    knn.forget("s2")  # b has left, there is room
    knn.learn("s1", "c")
    assert scored(knn, ["a"]).keys() == {"a", "c"}


def test_an_item_may_be_held_and_no_longer_listed() -> None:
    knn = learned([("s1", "a"), ("s1", "b"), ("s2", "b")], further=0.3, per_item=1)
    knn.forget("s2")  # which had taken s1's place in the list of b
    assert scored(knn, ["b"]) == {}
    assert scored(knn, ["a"]).keys() == {"a", "b"}
    knn.forget("s1")
    assert scored(knn, ["a"]) == {}


def test_what_is_bounded_is_positive() -> None:
    for name in TIGHT:
        with pytest.raises(ValueError, match="positive"):
            learned([], **{name: 0})
    with pytest.raises(ValueError, match="not negative"):
        learned([], further=-0.1)


@given(
    st.lists(st.tuples(sessions, items | st.none()), max_size=60),
    histories,
    st.sampled_from(REACHES),
)
def test_is_what_is_written_out(
    clicks: list[tuple[str, str | None]], history: list[str], reach: float
) -> None:
    """Under bounds that all bite; None in place of an item erases the session."""
    knn, written = learned([], further=0.3, **TIGHT), Written(**TIGHT)
    for session, item in clicks:
        for one in (knn, written):
            if item is None:
                one.forget(session)
            else:
                one.learn(session, item)
    assert len(knn) == len(written.sessions)
    assert scored(knn, history, reach) == pytest.approx(written.score(history, reach), rel=1e-5)


@given(logs, histories)
def test_is_what_it_would_be_built_from_the_sessions_it_holds(
    log: list[Click], history: list[str]
) -> None:
    held: list[str] = []
    kept: list[Click] = []
    for click in log:
        if click[0] not in held:
            held = [*held, click[0]][-4:]
            kept = [one for one in kept if one[0] in held]
        kept.append(click)
    knn, again = learned(log, sessions=4), learned(kept)
    assert knn.score(history)[0] == again.score(history)[0]
    assert scored(knn, history) == scored(again, history)


@given(logs, st.sets(sessions), histories)
def test_forgotten_is_never_learned(log: list[Click], erased: set[str], history: list[str]) -> None:
    knn = learned(log)
    for session in sorted(erased):
        knn.forget(session)
    never = learned([click for click in log if click[0] not in erased])
    assert scored(knn, history) == scored(never, history)
    assert len(knn) == len(never)


@given(logs, st.permutations(range(7)), histories)
def test_names_of_sessions_do_not_matter(
    log: list[Click], other: list[int], history: list[str]
) -> None:
    renamed = learned([(other[int(session[1:])], item) for session, item in log], sessions=4)
    assert scored(renamed, history) == scored(learned(log, sessions=4), history)
