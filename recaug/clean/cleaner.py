"""The clean stage: raw records in, one outcome for each out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from recaug.bounds import Bound, hit
from recaug.clean.limits import Limits
from recaug.clean.records import Accepted, Duplicate, Outcome, RawRecord, Rejected
from recaug.clean.resends import First, Resends
from recaug.events import (
    Reason,
    Rejection,
    check_refusals,
    parse_item,
    parse_item_key,
    parse_user,
    parse_user_key,
    read_event,
    to_bytes,
    user_key,
)
from recaug.events.times import to_ms
from recaug.settings import Settings

#: Reasons that say which limit was met.
MET = {
    Reason.TOO_LARGE: Bound.VALUE,
    Reason.TOO_DEEP: Bound.DEPTH,
    Reason.TOO_MANY: Bound.LINES,
    Reason.TIME_IN_FUTURE: Bound.FUTURE,
    Reason.PARKED: Bound.REFUSALS,
    Reason.USER_FLOOD: Bound.USER_RATE,
    Reason.USER_ITEM_FLOOD: Bound.USER_ITEM_RATE,
    Reason.ITEM_FLOOD: Bound.ITEM_RATE,
    Reason.BOT: Bound.BOT,
}


class Cleaner:
    """Validates, normalises, drops resends, floods and bots, and re-keys: total over all bytes.

    Keeps memory of what came lately, so one worker has one of these, and hands it every record of
    its partitions in their order.
    """

    def __init__(self, settings: Settings) -> None:
        self._topics = topics = settings.topics
        self._production = settings.env == "production"
        self._max_bytes = settings.max_bytes
        self._max_future_ms = round(settings.max_future_s * 1000)
        self._limits = Limits(settings)
        self._resends = defaultdict[int, Resends](lambda: Resends(settings.resend_window))
        self._stages: dict[str, Callable[[RawRecord, int], Outcome]] = {
            **{topic.name: self._event for topic in topics.behaviour},
            topics.items.name: self._item,
            topics.users.name: self._user,
        }

    def clean(self, records: Sequence[RawRecord], now_ms: int) -> list[Outcome]:
        """One outcome per record, in their order. Events may lead neither `now_ms` nor the broker's
        clock: were this machine's set back, every honest event would seem to come from the future.
        """
        return [self._clean(record, max(now_ms, record.timestamp_ms)) for record in records]

    def _clean(self, record: RawRecord, now_ms: int) -> Outcome:
        try:
            if record.headers:
                check_refusals(record.headers)
            return self._stages[record.topic](record, now_ms)
        except Rejection as rejection:
            if rejection.reason in MET:
                hit(MET[rejection.reason])
            return Rejected(record, rejection.reason, rejection.message)

    def _event(self, record: RawRecord, now_ms: int) -> Outcome:
        event, value = read_event(
            record.value,
            record.headers,
            now_ms,
            max_bytes=self._max_bytes,
            max_future_ms=self._max_future_ms,
        )
        if self._production:
            _check_real(event)
        user, where = user_key(event), record.where
        resends = self._resends[record.partition]
        first = resends.find(event["event_id"], user)
        if first is None:
            self._limits.admit(user, targets(event), told_ms(event), record.timestamp_ms)
            resends.add(event["event_id"], user, record)
        elif first.where != where:
            return _resent(record, event["event_id"], first)
        return Accepted(
            record, self._topics.events, user.encode(), value, [("src", where.encode())]
        )

    def _item(self, record: RawRecord, now_ms: int) -> Outcome:
        topic, key = self._topics.clean_items, parse_item_key(record.key)
        if record.value is None:
            return Accepted(record, topic, key.encode(), None, _document_headers(record))
        item = parse_item(
            record.value,
            record.headers,
            now_ms,
            max_bytes=self._max_bytes,
            max_future_ms=self._max_future_ms,
        )
        _check_key(key, item.item_id, "item_id")
        return Accepted(record, topic, key.encode(), to_bytes(item), _document_headers(record))

    def _user(self, record: RawRecord, now_ms: int) -> Outcome:
        topic, key = self._topics.clean_users, parse_user_key(record.key)
        if record.value is None:
            return Accepted(record, topic, key.encode(), None, _document_headers(record))
        user = parse_user(
            record.value,
            record.headers,
            now_ms,
            max_bytes=self._max_bytes,
            max_future_ms=self._max_future_ms,
        )
        _check_key(key, user.user_id, "user_id")
        return Accepted(record, topic, key.encode(), to_bytes(user), _document_headers(record))


def told_ms(event: Mapping[str, Any]) -> int:
    """When it happened, as its sender tells: a replay moves events to now and keeps their time."""
    at_ms: int = event["timestamp"]
    original = (event.get("properties") or {}).get("original_timestamp")
    if original is None:
        return at_ms
    try:
        told = to_ms(original)
    except ValueError:
        return at_ms
    return told if isinstance(told, int) else at_ms


def targets(event: Mapping[str, Any]) -> tuple[str, ...]:
    """What an event acts on, for better or worse: items, a brand, a search; at most 200."""
    for name in ("item_id", "target_id", "search_term"):
        if name in event:
            return (event[name],)
    if event["event"] == "impression":
        return ()
    return tuple(dict.fromkeys(line["item_id"] for line in event.get("items", ())))


def _resent(record: RawRecord, event_id: str, first: First) -> Outcome:
    if first.same_user:
        return Duplicate(record, first.where)
    return Rejected(
        record,
        Reason.EVENT_ID_REUSED,
        f"event_id {event_id!r} came from another user in {first.where}: an id names one event, so"
        " give each a new one, for instance a UUIDv7.",
    )


def _check_real(event: Mapping[str, Any]) -> None:
    if (event.get("properties") or {}).get("synthetic") is True:
        raise Rejection(
            Reason.SYNTHETIC,
            "properties.synthetic marks test traffic, and this is production: send it to a test"
            " installation.",
        )


def _check_key(key: str, named: str, field: str) -> None:
    if key != named:
        raise Rejection(
            Reason.KEY_MISMATCH,
            f"The key is {key!r} but {field} is {named!r}: use the {field} as the key, or deleting"
            " and replacing the document cannot work.",
        )


def _document_headers(record: RawRecord) -> list[tuple[str, bytes]]:
    return [("src", record.where.encode()), ("content-type", b"application/json")]
