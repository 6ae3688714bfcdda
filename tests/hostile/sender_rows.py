"""Rows 53–66: what a sender does over time, and the record around the value."""

from __future__ import annotations

from recaug.events import Reason
from tests.hostile.row import Case, Fate, Row, accepted
from tests.hostile.sent import Maker, Sent

_COUNT = "__streams.errors.count"


def _many(at: Maker, number: int, **changes: object) -> list[Sent]:
    """Events some 60 ms apart, on as many items unless `changes` says otherwise."""
    return [
        at.event(**{
            "event_id": f"e{n}-{at.tag}", "item_id": f"sku-{n}",
            "timestamp": at.now_ms - 5_000 + 60 * n + n * n % 37, **changes,
        })
        for n in range(number)
    ]  # fmt: skip


def _crowd(at: Maker, number: int) -> list[Sent]:
    """As many users on one item."""
    return [at.event(event_id=f"e{n}-{at.tag}", user_id=f"{at.user}-{n}") for n in range(number)]


ROWS = (
    Row(
        53, "a user who follows themselves, circles, celebrities", "self: dead letter",
        "Only a follow: who shares or comments on their own profile does no harm. Follows reach no"
        " other user, so circles and fan-out cost nothing.",
        (
            Case("self", lambda at: at.social("follow", target_type="user", target_id=at.user),
                 Reason.SELF_REFERENCE),
            Case("self by device",
                 lambda at: at.social("follow", user_id=None, anonymous_id=at.user,
                                      target_type="user", target_id=at.user),
                 Reason.SELF_REFERENCE),
            accepted("a circle", lambda at: [
                at.social("follow", target_type="user", target_id=f"v-{at.tag}"),
                at.social("follow", event_id=f"e2-{at.tag}", user_id=f"v-{at.tag}",
                          target_type="user", target_id=at.user),
            ]),
        ),
    ),
    Row(
        54, "a click without its impression; a forged signature", "accepted, not trained on",
        "Accepted and trained on: impressions are advised, not required. Nothing is signed per"
        " event; who may write is the broker's business (ACLs).",
        (accepted("forged attribution", lambda at: at.event(recommendation_id="made-up-1")),),
    ),
    Row(
        55, "a click before its impression", "joined within two minutes",
        "Accepted in any order: a click is no join.",
        (accepted("click first", lambda at: [
            at.event(event_id=f"c-{at.tag}"),
            at.event("impression", items=[{"item_id": "sku-1"}]),
        ]),),
    ),
    Row(
        56, "a thousand clicks a second of one user", "dropped over a rate",
        "Dead letters, counted by reason, so that a limit set too low is seen.",
        (
            Case("one user", lambda at: _many(at, 41), Reason.USER_FLOOD,
                 settings={"user_limit": 40}),
            Case("one user on one item", lambda at: _many(at, 41, item_id="sku-1"),
                 Reason.USER_ITEM_FLOOD, settings={"user_item_limit": 40}),
            Case("a metronome", lambda at: [
                at.event(event_id=f"e{n}-{at.tag}", timestamp=at.now_ms - 9_000 + 100 * n)
                for n in range(32)
            ], Reason.BOT, settings={"bot_events": 30}),
        ),
    ),
    Row(
        57, "a crowd that pushes one item", "set aside",
        "Refused over a rate per item, whoever sends.",
        (Case("a crowd", lambda at: _crowd(at, 41), Reason.ITEM_FLOOD,
              settings={"item_limit": 40}),),
    ),
    Row(
        58, "yesterday's traffic, captured and sent again", "duplicate",
        "Within the window of ids. Beyond it a replay is a new event with the old one's answer id,"
        " and event time keeps it out of the trend.",
        (Case("again", lambda at: [*_many(at, 5), _many(at, 5)[0]], Fate.DUPLICATE),),
    ),
    Row(
        59, "ids in other letters, with spaces", "trimmed; letters tell ids apart", "",
        (
            accepted("spaces", lambda at: at.event(item_id="  sku-1 \t"), item_id="sku-1"),
            accepted("capitals", lambda at: at.event(item_id="SKU-1"), item_id="SKU-1"),
            Case("two spaces inside", lambda at: at.event(item_id="sku  1"), Reason.BAD_ID),
        ),
    ),
    Row(
        60, "headers: a thousand, huge, not text", "unknown ones ignored; dead letter over 8 KiB",
        "Also over 256 headers, for each may be empty.",
        (
            accepted("unknown", lambda at: at.event()._replace(headers=(("x", b"\xff\xfe"),))),
            accepted("no value", lambda at: at.event()._replace(headers=(("x", b""),))),
            Case("a thousand", lambda at: at.event()._replace(
                headers=tuple((f"h{n}", b"") for n in range(1_000))), Reason.HEADERS_TOO_LARGE),
            Case("empty ones", lambda at: at.event()._replace(
                headers=(("", b""),) * 50_000), Reason.HEADERS_TOO_LARGE),
            Case("half a megabyte", lambda at: at.event()._replace(
                headers=(("x", b"x" * 500_000),)), Reason.HEADERS_TOO_LARGE),
            Case("a CloudEvent of nonsense", lambda at: at.value(b"{}", headers=(
                ("ce_id", b"\xff"), ("ce_type", b"\xfe"), ("ce_source", b"\0"),
                ("ce_specversion", b"9"))), Reason.UNKNOWN_EVENT),
        ),
    ),
    Row(
        61, "a record in the wrong topic or partition", "accepted where its key leads",
        "Clean keys everything anew, so any partition and any of the three event topics will do."
        " A document among events is refused.",
        (
            accepted("another partition", lambda at: at.event()._replace(partition=1)),
            accepted("a click among searches", lambda at: at.event()._replace(topic="searches")),
            Case("a document among events", lambda at: at.item(b"i1")._replace(
                topic="clickstream"), Reason.MISSING_FIELD),
            Case("an event among documents", lambda at: at.event(item_id="i1")._replace(
                topic="users", key=b"i1"), Reason.KEY_MISMATCH),
        ),
    ),
    Row(
        62, "aborted transactions, control records", "not seen; positions go on",
        "Only what was committed is read.",
        test="tests/hostile/test_service.py",
    ),
    Row(
        63, "an event of a user who was erased", "dropped",
        "`erased`, where it was appended before the erasure, however late it is read. Whoever comes"
        " back afterwards is a new person.",
        test="tests/recaug/test_erase.py",
    ),
    Row(
        64, "test traffic in production", "dropped",
        "`properties.synthetic: true`, where RECAUG_ENV is production; elsewhere it is accepted.",
        (
            accepted("in development", lambda at: at.event(properties={"synthetic": True})),
            Case("in production", lambda at: at.event(properties={"synthetic": True}),
                 Reason.SYNTHETIC, settings={"env": "production"}),
        ),
    ),
    Row(
        65, "a dead letter sent again, and again", "parked after three times",
        "Refused unread from the fourth time on, with the count in a header.",
        (
            accepted("once, mended", lambda at: at.event()._replace(headers=((_COUNT, b"1"),))),
            Case("a fourth time", lambda at: at.event()._replace(headers=((_COUNT, b"4"),)),
                 Reason.PARKED),
            accepted("a count that is none",
                     lambda at: at.event()._replace(headers=((_COUNT, b"-9e9"),))),
        ),
    ),
    Row(
        66, "a dead letter that cannot be written", "not acknowledged; exit 70",
        "As any batch that fails: nothing of it is acknowledged, it is read again.",
        test="tests/streams/test_egress.py",
    ),
)  # fmt: skip
