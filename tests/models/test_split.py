import numpy as np
import pytest

from models.split import split
from recaug.buffer import RollingBuffer
from recaug.errors import Failure


def buffer(rows: list[tuple[str, str, int]]) -> RollingBuffer:
    made = RollingBuffer(1_000, 10**9)
    made.extend([r[0] for r in rows], [r[1] for r in rows], [1] * len(rows), [r[2] for r in rows])
    return made


def test_rows_are_given_in_order_of_arrival_and_never_renumbered() -> None:
    log = buffer([("u", f"i{n}", n) for n in range(20)])
    data = split(log.snapshot(), ["i5", "gone", "i3"], 50, 1_000)
    assert data.vocabulary[:6] == ["i5", "gone", "i3", "i0", "i1", "i2"]
    assert data.inherited == 3


def test_what_only_the_held_out_part_has_is_unknown() -> None:
    log = buffer([("u", f"i{n}", n) for n in range(20)])
    data = split(log.snapshot(), [], 50, 1_000)
    assert data.vocabulary == [f"i{n}" for n in range(14)]  # three tenths are held out
    assert data.test.rows.tolist() == [1] * 6


def test_nothing_held_out_is_learned_from() -> None:
    log = buffer([(f"u{n % 3}", f"i{n % 7}", n) for n in range(100)])
    data = split(log.snapshot(), [], 2, 1_000)
    learned = data.source.times_ms[data.log.asked].max()
    assert learned < data.source.times_ms[data.validation.at].min()
    assert data.source.times_ms[data.log.known].max() < data.source.times_ms[data.test.at].min()
    assert data.counts.sum() == data.log.known.sum()
    assert not (data.log.asked & ~data.log.known).any()


def test_capacity_bounds_the_vocabulary() -> None:
    log = buffer([("u", f"i{n}", n) for n in range(20)])
    assert split(log.snapshot(), ["a"], 50, 3).vocabulary == ["a", "i0", "i1"]
    assert split(log.snapshot(), ["a", "b"], 50, 1).vocabulary == ["a", "b"]


def test_an_empty_buffer_says_what_to_do() -> None:
    with pytest.raises(Failure, match="no events"):
        split(buffer([]).snapshot(), [], 50, 1_000)


def test_a_log_of_one_event_asks_for_nothing() -> None:
    data = split(buffer([("u", "i", 0)]).snapshot(), [], 50, 1_000)
    assert len(data.test) == len(data.validation) == 0
    assert np.flatnonzero(data.log.asked).tolist() == [0]
