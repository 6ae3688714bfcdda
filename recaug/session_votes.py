"""The loops of session neighbours that an interpreter is too slow for, in machine code.

    shared        what listed sessions have in common with a history
    tallied       what the rows that they hold are given for it
    added         one tally and another

Compiled by Numba when this module is first imported, which takes a second or two, and kept
beside it, or where NUMBA_CACHE_DIR says. They run without the interpreter's lock.

Shapes: n rows asked for, m sessions listed for them, c compared, S sessions held, N rows, r of them
named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])


def _compiled(signature: str) -> Callable[[F], F]:
    """Machine code for one signature, kept on the disk where there is a place to keep it."""

    def compile_(function: F) -> F:
        try:
            made: F = njit(signature, nogil=True, cache=True)(function)
        except RuntimeError:  # nowhere to write to: it is compiled at each start
            made = njit(signature, nogil=True)(function)
        return made

    return compile_


@_compiled("i8[::1](Array(i4,1,'C',readonly=True),i8[::1],f8[::1],i8,f8[::1],i8[::1])")
def shared(
    listed: NDArray[np.int32], ends: NDArray[np.int64], weights: NDArray[np.float64], own: int,
    similarity: NDArray[np.float64], by: NDArray[np.int64],
) -> NDArray[np.int64]:  # fmt: skip
    """The slots that are listed, each once, in order.

    listed      (m,) slots of the sessions that hold the rows asked for, row after row
    ends        (n,) where those of each row end
    weights     (n,) what holding each row is worth, above 0
    own         slot that is left out, or −1
    similarity  (S,) zeros: becomes the sum of the weights of the rows that a slot holds
    by          (S,) becomes the first of these rows, by number
    """
    found, count, at = np.empty(len(listed), np.int64), 0, 0
    for number in range(len(ends)):
        while at < ends[number]:
            slot = listed[at]
            at += 1
            if slot == own:
                continue
            if similarity[slot] == 0.0:
                by[slot] = number
                found[count] = slot
                count += 1
            similarity[slot] += weights[number]
    return found[:count]


@_compiled(
    "Tuple((i8[::1],f8[::1]))(i8[::1],f8[::1],i8[::1],i4[:,::1],i4[::1],f8[::1],i4[::1],i8,f8[::1])"
)
def tallied(
    slots: NDArray[np.int64], alike: NDArray[np.float64], wanted: NDArray[np.int64],
    items: NDArray[np.int32], held: NDArray[np.int32], near: NDArray[np.float64],
    holders: NDArray[np.int32], sessions: int, tally: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:  # fmt: skip
    """The rows that sessions hold, each once, in order, and what they are given (r,).

    slots, alike   (c,) the sessions and how alike they are, above 0
    wanted         (c,) a row that each of them holds
    items, held    (S, length) rows of each session, and (S,) how many they are
    near           (length,) what a click is worth that is so far from the wanted one
    holders        (N,) how many of all `sessions` hold a row: a rare one is worth more
    tally          (N,) zeros, before and after
    """
    rows, count = np.empty(len(slots) * items.shape[1], np.int64), 0
    for number in range(len(slots)):
        slot, at = slots[number], 0
        size = held[slot]
        while at < size - 1 and items[slot, at] != wanted[number]:
            at += 1
        for place in range(size):
            row = items[slot, place]
            if tally[row] == 0.0:
                rows[count] = row
                count += 1
            tally[row] += alike[number] * near[abs(place - at)]
    scores = np.empty(count)
    for place in range(count):
        row = rows[place]
        scores[place] = tally[row] * (1.0 + np.log(sessions / holders[row]))
        tally[row] = 0.0
    return rows[:count], scores


@_compiled("Tuple((i8[::1],f8[::1]))(i8[::1],f8[::1],i8[::1],f8[::1],f8[::1])")
def added(
    rows: NDArray[np.int64], scores: NDArray[np.float64], more: NDArray[np.int64],
    votes: NDArray[np.float64], tally: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:  # fmt: skip
    """Rows that are named once or twice, each once, in order, and their sums (r,).

    rows, scores   one tally, of scores above 0
    more, votes    another
    tally          (N,) zeros, before and after
    """
    named, count = np.concatenate((rows, more)), len(rows)
    for place, row in enumerate(rows):
        tally[row] = scores[place]
    for place, row in enumerate(more):
        if tally[row] == 0.0:
            named[count] = row
            count += 1
        tally[row] += votes[place]
    total = np.empty(count)
    for place in range(count):
        total[place] = tally[named[place]]
        tally[named[place]] = 0.0
    return named[:count], total
