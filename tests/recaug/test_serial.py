from __future__ import annotations

from functools import partial
from threading import Event, Thread

import pytest

from recaug.serial import PENDING, Serial


def test_changes_are_made_at_once_and_in_order_when_nobody_holds() -> None:
    serial, made = Serial(), list[int]()
    for n in range(3):
        serial.later(partial(made.append, n))
    assert made == [0, 1, 2]


def test_a_change_waits_for_the_holder_but_its_bringer_does_not() -> None:
    serial, made = Serial(), list[str]()
    with serial.hold():
        bringer = Thread(target=lambda: serial.later(lambda: made.append("change")))
        bringer.start()
        bringer.join()
        assert made == []
        made.append("held")
    assert made == ["held", "change"]


def test_now_returns_what_the_change_does_and_raises_what_it_raises() -> None:
    serial = Serial()
    assert serial.now(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        serial.now(lambda: 1 // 0)
    assert serial.now(lambda: 8) == 8


def test_an_error_while_holding_lets_go_and_makes_the_changes() -> None:
    serial, made = Serial(), list[int]()
    with pytest.raises(KeyError), serial.hold():
        serial.later(lambda: made.append(1))
        raise KeyError
    assert made == [1]


def test_too_many_waiting_changes_make_the_bringer_wait() -> None:
    serial, made, full = Serial(), list[int](), Event()

    def bring() -> None:
        for n in range(PENDING):
            serial.later(partial(made.append, n))
        full.set()
        serial.later(lambda: made.append(PENDING))
        made.append(-1)

    with serial.hold():
        bringer = Thread(target=bring)
        bringer.start()
        assert full.wait(30)
        bringer.join(0.05)
        assert bringer.is_alive()
    bringer.join(30)
    assert made == [*range(PENDING + 1), -1]


def test_no_change_is_lost_or_torn_between_threads() -> None:
    serial, total = Serial(), [0]

    def add() -> None:
        total[0] = total[0] + 1  # loses counts unless made one at a time

    def bring() -> None:
        for _ in range(5_000):
            serial.later(add)

    bringers = [Thread(target=bring) for _ in range(4)]
    for bringer in bringers:
        bringer.start()
    while any(bringer.is_alive() for bringer in bringers):
        with serial.hold():
            before = total[0]
            assert total[0] == before
    assert total == [20_000]
