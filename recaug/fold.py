"""One batch's effect on one partition: what is answered, what is kept of each user.

Fold     erase · run · profiles, in this order; then its `work`
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from recaug.collect import LogRecord
from recaug.consent import allows
from recaug.events import user_key
from recaug.history import History
from recaug.message import Request
from recaug.settings import Settings
from recaug.state import REFUSED


@dataclass(slots=True)
class Work:
    """One batch's effect on one partition: what to answer now, what to store after that."""

    number: int
    requests: list[Request] = field(default_factory=list)
    users: dict[str, bytes | None] = field(default_factory=dict)
    next_offset: int | None = None
    answered: int = 0


class Fold:
    """Folds the new events of one partition; `known` is None while the store is away."""

    def __init__(
        self,
        settings: Settings,
        number: int,
        answered: int,
        received_ms: float,
        known: dict[str, bytes | None] | None,
    ) -> None:
        self._settings, self._answered, self._known = settings, answered, known
        self._received_ms = received_ms
        self._histories: dict[str, History | None] = {}
        self.work = Work(number)

    def run(self, new: Sequence[tuple[LogRecord, dict[str, Any]]], users: Sequence[str]) -> None:
        left, older = Counter(users), defaultdict[str, list[int]](list)
        rows = [(record, event, user) for (record, event), user in zip(new, users, strict=True)]
        newest = {user: record.offset for record, event, user in rows if self._asks(record, event)}
        for record, event, user in rows:
            left[user] -= 1
            history = self._fold(user, event)
            if not self._asks(record, event):
                continue
            if record.offset != newest[user] and self._may_stand_back(record):
                older[user].append(record.offset)
                continue
            # The next event of this user in this batch would change what this one is given.
            shown = history.copy() if history and left[user] else history
            self._ask(record, event, shown, older.pop(user, ()))
        for user, folded in self._histories.items():
            if folded is not None:
                self.work.users[user] = folded.encode()

    def _asks(self, record: LogRecord, event: dict[str, Any]) -> bool:
        return record.offset >= self._answered and event["event"] in self._settings.answer

    def _may_stand_back(self, record: LogRecord) -> bool:
        """Whether the answer to the user's newest event in this batch will do for this one."""
        if self._settings.coalesce == "behind":
            return self._received_ms - record.timestamp > 1000 * self._settings.coalesce_behind_s
        return self._settings.coalesce == "always"

    def _fold(self, user: str, event: dict[str, Any]) -> History | None:
        if self._known is None or self._known[user] == REFUSED:
            return None
        if user not in self._histories:
            kept, limit = self._known[user], self._settings.history
            self._histories[user] = History.decode(kept, limit) if kept else History(limit)
        history = self._histories[user]
        if history is not None:
            history.fold(event)
        return history

    def _ask(
        self,
        record: LogRecord,
        event: dict[str, Any],
        history: History | None,
        supersedes: Sequence[int],
    ) -> None:
        refused = self._known is not None and self._known[user_key(event)] == REFUSED
        topic = self._settings.topics.events.name
        times = self._received_ms, not refused, float(record.timestamp)
        self.work.requests.append(
            Request(event, history, topic, record.partition, record.offset, *times, supersedes)
        )

    def erase(self, records: Sequence[LogRecord]) -> None:
        """Forget the erased, before the events of the same batch: those left are a new person's."""
        assert self._known is not None
        for record in records:
            if not record.value:
                self._known[owner(record)] = None

    def profiles(self, records: Sequence[LogRecord]) -> None:
        """Take in user documents: an erasure, a refusal, or a refusal taken back."""
        for record in records:
            user = owner(record)
            document = orjson.loads(record.value) if record.value else None
            if document is None:
                since = self._histories.get(user)
                self.work.users[user] = since.encode() if since is not None else None
            elif not allows(document):
                self.work.users[user] = REFUSED
            elif self._refused(user):
                self.work.users[user] = None

    def _refused(self, user: str) -> bool:
        return (self._known or {}).get(user) == REFUSED or self.work.users.get(user) == REFUSED


def owner(profile: LogRecord) -> str:
    """The user that a record of `recaug.users` is about."""
    return (profile.key or b"").decode()
