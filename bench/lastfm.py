"""Last.fm as a stream: who tagged which artist first when, in what words, and who is whose friend.

HetRec 2011 (Cantador, Brusilovsky and Kuflik, RecSys 2011). Its dates are months: what somebody
tagged within one is in no order, so it is put into one by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recaug.batch import Int64
from recaug.evaluation.dataset import DataSet
from recaug.events import KINDS

#: A handful of assignments are dated before there was a Last.fm.
FIRST_YEAR = 2002


@dataclass(frozen=True, slots=True)
class Listening:
    """Events, each the first time that somebody tagged an artist; users by number."""

    data: DataSet
    friends: Int64  # (P, 2) a user and a friend, each pair both ways
    typed: Int64  # (Q, 2) an event and a tag that was typed with it


def listening(place: Path, seed: int) -> Listening:
    """Read the directory `place`; `seed` orders what happened within a month."""
    table = _table(place / "user_taggedartists.dat.gz")  # user, artist, tag, day, month, year
    table = table[table[:, 5] >= FIRST_YEAR]
    table = np.random.default_rng(seed).permutation(table)
    times_ms = _times_ms(table)
    order = np.argsort(times_ms, kind="stable")
    table, times_ms = table[order], times_ms[order]
    keys = table[:, 0] * (int(table[:, 1].max()) + 1) + table[:, 1]
    _, first, pair = np.unique(keys, return_index=True, return_inverse=True)
    at = np.sort(first)  # the rows that are events
    together = times_ms == times_ms[first[pair]]
    typed = np.column_stack([np.searchsorted(at, first[pair]), table[:, 2]])[together]
    ids, users = np.unique(table[at, 0], return_inverse=True)
    data = _data(place, users, table[at, 1], times_ms[at])
    return Listening(data, _numbered(_table(place / "user_friends.dat.gz"), ids), typed)


def _table(path: Path) -> Int64:
    return np.loadtxt(path, np.int64, skiprows=1)


def _times_ms(table: Int64) -> Int64:
    months = 12 * (table[:, 5] - 1970) + table[:, 4] - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]") + (table[:, 3] - 1)
    return days.astype("datetime64[ms]").astype(np.int64)


def _data(place: Path, users: Int64, artists: Int64, times_ms: Int64) -> DataSet:
    ids, items = np.unique(artists, return_inverse=True)
    kinds = np.full(len(users), KINDS["click"], np.int64)
    names = [str(artist) for artist in ids.tolist()]
    return DataSet(place, "first tags", users, items, kinds, times_ms, None, names, {})


def _numbered(friends: Int64, ids: Int64) -> Int64:
    """Those pairs of ids both of which are in `ids` (sorted), as places in it."""
    known = np.isin(friends, ids).all(axis=1)
    return np.searchsorted(ids, friends[known])
