import numpy as np

from recaug import evaluation
from recaug.batch import sequences
from tests.recaug.evaluation.logs import log


def test_the_newest_are_newest_by_time_then_log() -> None:
    source = sequences(
        np.array([0, 1, 0, 1]), np.array([2, 3, 4, 5]), np.ones(4, np.int64),
        np.array([5, 9, 9, 1]),
    )  # fmt: skip
    held = evaluation.newest(source, 0.25)
    assert source.rows[held].tolist() == [4]


def test_more_is_held_out_where_targets_are_few() -> None:
    source = log(list(range(2, 102)))
    allowed = np.ones(100, np.bool_)
    assert evaluation.hold_out(source, allowed, least=10).sum() == 10
    assert evaluation.hold_out(source, allowed, least=11).sum() == 20
    assert evaluation.hold_out(source, allowed, least=99).sum() == 30


def test_of_a_long_log_no_more_is_held_out_than_is_ranked() -> None:
    length = 10 * evaluation.HELD_OUT + 1_000
    source = log([2] * length)
    held = evaluation.hold_out(source, np.ones(length, np.bool_))
    assert held.sum() == evaluation.HELD_OUT
    assert held[-evaluation.HELD_OUT :].all(), "the newest"


def test_targets_are_thinned_evenly_and_never_a_first_event() -> None:
    source = log(list(range(2, 102)))
    wanted = evaluation.targets(source, np.ones(100, np.bool_), most=3)
    assert wanted.at.tolist() == [1, 50, 99]


def test_a_list_is_made_at_the_event_before_or_at_the_visit() -> None:
    source = log([2, 3, 4], [5, 6])
    chosen = np.ones(5, np.bool_)
    assert evaluation.targets(source, chosen).asked_ms.tolist() == [0, 1, 2]
    visits = evaluation.targets(source, chosen, visit=True)
    assert visits.asked_ms.tolist() == [2, 3, 4]
    assert visits.users().tolist() == [0, 1, 0]
