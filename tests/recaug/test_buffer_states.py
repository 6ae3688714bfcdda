"""The rolling buffer against a plain list of rows, through any history of use."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from recaug.buffer import RollingBuffer

MOST, AGE_MS = 7, 50

users = st.sampled_from(["ann", "bob", "cam", "ü"])
rows = st.tuples(users, st.sampled_from("abcde"), st.integers(1, 11), st.integers(0, 120))
Row = tuple[str, str, int, int]


class Rolling(RuleBasedStateMachine):
    """The newest MOST rows in log order, less those too old beside the newest time among them.

    What is dropped does not come back: rows are dropped for good when somebody looks.
    """

    def __init__(self) -> None:
        super().__init__()
        self.buffer = RollingBuffer(MOST, AGE_MS)
        self.model: list[Row] = []
        self.place = Path(tempfile.mkdtemp()) / "buffer.npz"

    @rule(new=st.lists(rows, max_size=5))
    def extend(self, new: list[Row]) -> None:
        columns: list[list[Any]] = [list(column) for column in zip(*new, strict=True)]
        self.buffer.extend(*(columns or [[], [], [], []]))
        self.model += new

    @rule(gone=st.sets(users))
    def forget(self, gone: set[str]) -> None:
        known = {user for user, *_ in self.model}
        assert (self.buffer.forget(gone) > 0) == bool(known & gone)
        self.model = [row for row in self.model if row[0] not in gone]

    @rule()
    def save_and_load(self) -> None:
        self.buffer.save(self.place)
        self.buffer = RollingBuffer.load(self.place)

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        newest = self.model[-MOST:]
        latest = max((at_ms for *_, at_ms in newest), default=0)
        self.model = [row for row in newest if row[3] >= latest - AGE_MS]
        held = self.buffer.snapshot()
        found = zip(
            [held.user_ids[user] for user in held.users],
            [held.item_ids[item] for item in held.items],
            held.kinds.tolist(),
            held.times_ms.tolist(),
            strict=True,
        )
        assert list(found) == self.model
        assert set(held.user_ids) == {user for user, *_ in self.model}, "an id nobody uses is kept"

    def teardown(self) -> None:
        self.place.unlink(missing_ok=True)
        self.place.parent.rmdir()


TestRolling = Rolling.TestCase
