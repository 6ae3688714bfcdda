from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.batches import Log, batches, cut, examples, followers
from recaug.augment.mix import NOTHING, Mix
from recaug.augment.rows import Origin, joined
from recaug.batch import sequences

MANY = Mix.of({"crop": 0.25, "subset": 0.25})
sizes = st.lists(st.integers(1, 15), min_size=1, max_size=5)


def log(counts: list[int], known_share: float = 1.0) -> Log:
    """Every event has a row of its own, so each can be found again; user u's first is not asked."""
    users = np.repeat(np.arange(len(counts)), counts)
    rows = 2 + np.arange(len(users))
    source = sequences(users, rows, np.ones(len(users), np.int64), np.arange(len(users)) * 1_000)
    nth = np.arange(len(users)) - source.starts[source.owners()]
    known = nth < np.ceil(np.array(counts)[users] * known_share)
    return Log(source, known, known & (nth > 0))


@settings(deadline=None)
@given(sizes, st.integers(1, 6), st.integers(0, 1_000), st.sampled_from([0.5, 1.0]))
def test_each_asked_event_is_asked_once_and_nothing_unknown_is_read(
    counts: list[int], length: int, seed: int, share: float
) -> None:
    made = log(counts, share)
    rows = cut(made, length, np.random.default_rng(seed))
    assert rows.items.shape[1] == length + 1
    asked = rows.items[:, 1:][rows.real[:, 1:]]
    assert sorted(asked.tolist()) == made.source.rows[made.asked].tolist()
    hidden = set(made.source.rows[~made.known].tolist())
    assert not hidden & set(rows.items.ravel().tolist())


@settings(deadline=None)
@given(sizes, st.integers(1, 6), st.integers(0, 1_000))
def test_what_is_wanted_is_what_came_next(counts: list[int], length: int, seed: int) -> None:
    made = log(counts)
    rng = np.random.default_rng(seed)
    for batch in batches(cut(made, length, rng), np.arange(200), NOTHING, 3, rng):
        at = batch.wanted > 0
        # Rows are numbered in order, so the next event's row is one more.
        assert (batch.items[at] + 1 == batch.wanted[at]).all()
        assert (batch.gaps[at] == 1.0).all()


def test_every_window_is_in_one_batch_of_the_size_asked() -> None:
    rng = np.random.default_rng(0)
    rows = cut(log([9, 1, 4, 12, 7]), 3, rng)
    parts = list(batches(rows, np.arange(200), MANY, 2, rng))
    assert sum(len(part.items) for part in parts) == len(rows.items)
    assert max(len(part.items) for part in parts) == 2
    assert sum(len(part.origin) for part in parts) == len(rows.items)


def test_windows_differ_from_epoch_to_epoch() -> None:
    made, rng = log([50]), np.random.default_rng(0)
    edges = {tuple(sorted(cut(made, 10, rng).items[:, -1].tolist())) for _ in range(5)}
    assert len(edges) > 1


def test_an_unknown_item_is_read_but_never_asked_for() -> None:
    users = np.zeros(3, np.int64)
    source = sequences(users, np.array([2, 1, 3]), np.ones(3, np.int64), np.arange(3))
    everything = np.ones(3, np.bool_)
    rows = cut(Log(source, everything, everything), 5, np.random.default_rng(0))
    seen = [wanted for row in examples(rows).wanted.tolist() for wanted in row if wanted]
    assert 1 not in seen
    assert 3 in seen


def test_followers_come_from_known_events_only() -> None:
    made = log([4], 0.5)
    assert followers(made, 5, 7).tolist() == [0, 1, 3, 3, 4, 5, 6]


def test_half_of_what_nobody_did_is_asked_for() -> None:
    rng = np.random.default_rng(0)
    rows = cut(log([40] * 50), 40, rng)
    synthetic = replace(rows, origin=np.full_like(rows.origin, Origin.VAE))
    asked = {Origin.OBSERVED: 0, Origin.VAE: 0}
    for batch in batches(joined(rows, synthetic), np.arange(3_000), NOTHING, 10, rng):
        for origin, wanted in zip(batch.origin, batch.wanted, strict=True):
            asked[Origin(origin)] += int(wanted.gt(0).sum())
    # Each event but the first of everybody, once; of the others half, give or take six deviations.
    assert asked[Origin.OBSERVED] == 50 * 39
    assert abs(asked[Origin.VAE] - 50 * 39 / 2) < 6 * (50 * 39 / 4) ** 0.5
