"""The world is repeatable, its events are good ones, and what it teaches is worth learning."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson
import pytest

from recaug.events import EVENT_NAMES, items_of, parse_event, user_key
from recaug.simulate import World

AT_MS = 1_764_000_000_000


def small(seed: int = 1, run: str = "") -> World:
    return World(seed, users=150, items=400, run=run)


def events(world: World, count: int) -> list[dict[str, Any]]:
    return [world.event(AT_MS + n) for n in range(count)]


def anonymised(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = ("event_id", "session_id", "transaction_id", "recommendation_id", "timestamp")
    return [{name: one[name] for name in one if name not in ids} for one in found]


def test_the_same_seed_sends_the_same_events() -> None:
    assert events(small(), 3_000) == events(small(), 3_000)
    assert list(small().documents(AT_MS)) == list(small().documents(AT_MS))


def test_a_run_changes_every_id_and_nothing_else() -> None:
    first, second = events(small(run="a"), 2_000), events(small(run="b"), 2_000)
    assert anonymised(first) == anonymised(second)
    assert not {e["event_id"] for e in first} & {e["event_id"] for e in second}


def test_the_clock_decides_nothing() -> None:
    late = [small_event | {"timestamp": 0} for small_event in events(small(), 500)]
    world = small()
    assert late == [world.event(0) for _ in range(500)]


def test_another_seed_sends_other_events() -> None:
    assert anonymised(events(small(1), 500)) != anonymised(events(small(2), 500))


def test_every_event_is_accepted_and_every_kind_occurs() -> None:
    found = events(small(), 6_000)
    for one in found:
        parse_event(orjson.dumps(one), [], AT_MS + 10_000)
    assert {one["event"] for one in found} == set(EVENT_NAMES)
    assert len({one["event_id"] for one in found}) == len(found)
    assert any("recommendation_id" in one for one in found)


def test_visitors_sign_in_and_sessions_have_one_person() -> None:
    people = defaultdict(set)
    for one in events(small(), 6_000):
        people[one["session_id"]].add((one.get("user_id"), one.get("anonymous_id")))
    assert all(len(who) == 1 for who in people.values())
    seen = {pair for who in people.values() for pair in who}
    visitors = {anonymous for user, anonymous in seen if user is None}
    assert visitors & {anonymous for user, anonymous in seen if user is not None}


def test_nobody_can_look_at_what_is_out_of_stock() -> None:
    world = small()
    gone = {item.item_id for item in world.items if item.availability == "out_of_stock"}
    assert gone
    assert not gone & {item for one in events(world, 5_000) for item in items_of(one)}


@pytest.mark.parametrize(("users", "items"), [(1, 1), (1, 50), (3, 2), (40, 30)])
def test_the_smallest_worlds_turn_too(users: int, items: int) -> None:
    world = World(1, users, items)
    assert len(events(world, 300)) == 300


def test_truth_is_known_of_everybody_in_the_shop() -> None:
    world = small()
    keys = {user_key(one) for one in events(world, 2_000)}
    present = {shopper.key for shopper in world.shoppers if shopper.last_item is not None}
    for key in sorted(keys & present)[:20]:
        truth = world.truth(key)
        assert sum(truth.values()) == pytest.approx(1)


def test_a_sequence_model_beats_popularity_by_far() -> None:
    scores = evaluate(World(seed=1), learn=10_000, test=2_000)
    assert scores["popular hr"] > 0.03
    assert scores["markov hr"] > 3 * scores["popular hr"]
    assert scores["markov ndcg"] > 3 * scores["popular ndcg"]


def evaluate(world: World, learn: int, test: int) -> dict[str, float]:
    """HR@10 and NDCG@10 on items new to their user, of popularity and of item-to-item counts."""
    popular: Counter[str] = Counter()
    follows: dict[str, Counter[str]] = defaultdict(Counter)
    last: dict[str, str] = {}
    seen: dict[str, set[str]] = defaultdict(set)
    scores: dict[str, float] = defaultdict(float)
    targets = 0
    stream = ((user_key(one), item) for one in iter_events(world) for item in items_of(one))
    for turn, (user, item) in enumerate(islice(stream, learn + test)):
        if turn < learn:
            popular[item] += 1
            follows[last.get(user, "")][item] += 1
        elif item not in seen[user]:
            targets += 1
            best = [i for i, _ in popular.most_common() if i not in seen[user]][:10]
            after = [i for i, _ in follows[last.get(user, "")].most_common() if i not in seen[user]]
            for name, ranked in (("popular", best), ("markov", [*after, *best][:10])):
                if item in ranked:
                    scores[f"{name} hr"] += 1
                    scores[f"{name} ndcg"] += 1 / math.log2(ranked.index(item) + 2)
        seen[user].add(item)
        last[user] = item
    return {name: score / targets for name, score in scores.items()}


def iter_events(world: World) -> Iterator[dict[str, Any]]:
    while True:
        yield world.event(AT_MS)
