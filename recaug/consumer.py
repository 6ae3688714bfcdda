"""Read recommendations: typed, each once, only while they are fresh, and none lost.

>>> with Consumer("127.0.0.1:9092", group="shop") as lists:                # doctest: +SKIP
...     for recommendation in lists:
...         show(recommendation.user_id, recommendation.items)
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from types import TracebackType
from typing import Self

from recaug.deliveries import Deliveries
from recaug.events.recommendation import Recommendation
from recaug.security import Broker
from recaug.sieve import Erased, Sieve, Wanted, Where
from recaug.topics import Topics


def open_deliveries(
    broker: Broker | str,
    group: str,
    prefix: str,
    wanted: Wanted,
    stale: bool,
    erasures: bool,
    timeout_s: float,
) -> Deliveries:
    """Join a group that reads the lists and, for `erasures`, the documents of users."""
    topics = Topics(prefix)
    lists = topics.recommendations.name
    names = [lists, topics.clean_users.name] if erasures else [lists]
    return Deliveries(broker, group, names, Sieve(wanted, lists, stale), timeout_s)


class Consumer:
    """A member of a consumer group; the group goes on where it was, from the oldest list at first.

    At least once: a list counts as handled when the loop asks for the next one, or when the `with`
    block ends without an exception. One whose handling raised is told again, to this consumer's
    next loop or to the group's next member. Within a process a list is told once; what died with a
    process unhandled, or not yet committed, is told again, under the same `recommendation_id`.
    """

    def __init__(
        self,
        broker: Broker | str,
        group: str,
        prefix: str = "",
        *,
        users: Collection[str] | None = None,
        models: Collection[str] | None = None,
        events: Collection[str] | None = None,
        where: Where | None = None,
        stale: bool = False,
        on_erased: Callable[[str], None] | None = None,
        idle_s: float | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        """
        :param broker: `Settings().broker`; for an address alone, all else as `RECAUG_KAFKA_*` say.
        :param group: name of the consumer group: members of one share the partitions.
        :param prefix: put before every topic name.
        :param users: only lists for these, by `user_id` (or `anonymous_id`).
        :param models: only lists ranked by these versions.
        :param events: only answers to these kinds of event, like `search`.
        :param where: only lists of whose key and headers this is true.
        :param stale: lists past their `expires_at` too.
        :param on_erased: called with the id of who asked to be forgotten: delete what you keep of
            them. Users' documents are read too, then.
        :param idle_s: end the loop after so long without a list. None: never.
        :param timeout_s: how long to wait for a broker.

        :raises Failure: a topic does not exist.
        :raises Unreachable: no broker answered within `timeout_s`.
        """
        wanted = Wanted.of(users, models, events, where)
        self._on_erased, self._idle_s = on_erased, idle_s
        self._deliveries = open_deliveries(
            broker, group, prefix, wanted, stale, on_erased is not None, timeout_s
        )

    @property
    def skipped(self) -> Counter[str]:
        """Records nobody got: `duplicate`, `expired`, `filtered`, `erased`, `unreadable`."""
        return self._deliveries.skipped

    def __iter__(self) -> Iterator[Recommendation]:
        heard_s = time.monotonic()
        while self._idle_s is None or time.monotonic() - heard_s < self._idle_s:
            found = self._deliveries.take()
            if found is None:
                self._deliveries.fill()
                continue
            heard_s = time.monotonic()
            if isinstance(found, Recommendation):
                yield found
                heard_s = time.monotonic()
            else:
                self._forget(found)
            self._deliveries.done()

    def _forget(self, found: Erased) -> None:
        if self._on_erased is not None:
            self._on_erased(found.user)

    def close(self) -> None:
        """What was told last is handled: commit, and leave the group."""
        self._deliveries.done()
        self._deliveries.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if error is None:
            self._deliveries.done()
        self._deliveries.close()
