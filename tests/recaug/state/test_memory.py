"""The store in memory."""

from __future__ import annotations

import pytest

from recaug.settings import Settings
from recaug.state import Change, open_store
from recaug.state.memory import MemoryStore
from tests.contracts.store import IDS, Opening, StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls) -> Opening:
        return lambda: MemoryStore(ids=IDS)


async def test_keeps_the_users_that_changed_last() -> None:
    store = MemoryStore(capacity=3)
    await store.apply(0, Change(None, 1, {f"u{n}": b"1" for n in range(3)}))
    await store.apply(0, Change(1, 2, {"u0": b"2", "u3": b"2"}))
    assert await store.users(0, ["u0", "u1", "u2", "u3"]) == [b"2", None, b"1", b"2"]


def test_is_what_settings_without_redis_open() -> None:
    assert isinstance(open_store(Settings(redis="")), MemoryStore)
