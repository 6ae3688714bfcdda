"""Rows 18–36: who, what and when."""

from __future__ import annotations

from recaug.events import Reason
from tests.hostile.row import Case, Fate, Row, accepted

DAY_MS, MINUTE_MS = 86_400_000, 60_000

ROWS = (
    Row(
        18, "a required field missing", "dead letter", "The message names the field.",
        (
            Case("no item", lambda at: at.event(item_id=None), Reason.MISSING_FIELD),
            Case("no time", lambda at: at.event(timestamp=None), Reason.MISSING_FIELD),
            Case("no user at all", lambda at: at.event(user_id=None), Reason.NO_USER),
            Case("no event", lambda at: at.event(None), Reason.MISSING_FIELD),
            Case("null", lambda at: at.value(at.text()[:-1] + b',"tenant":null,"x":null}'),
                 Fate.ACCEPTED),
        ),
    ),
    Row(
        19, "a field of the wrong type", "dead letter, nothing converted",
        "Whole numbers are taken as ids and text as a time: half of all producers send them so."
        " Nothing else is converted.",
        (
            Case("true", lambda at: at.event(item_id=True), Reason.BAD_FIELD),
            Case("a fraction", lambda at: at.event(item_id=1.5), Reason.BAD_FIELD),
            Case("a list", lambda at: at.event(item_id=["a"]), Reason.BAD_FIELD),
            Case("a time that is true", lambda at: at.event(timestamp=True), Reason.BAD_TIME),
            Case("text for an object", lambda at: at.event(context="web"), Reason.BAD_FIELD),
            accepted("a whole number", lambda at: at.event(item_id=42), item_id="42"),
        ),
    ),
    Row(
        20, "an unknown event, or in other letters", "dead letter",
        "Known names are read in any case; the message names the nearest.",
        (
            Case("misspelt", lambda at: at.event("clik"), Reason.UNKNOWN_EVENT),
            Case("a number", lambda at: at.event(event=7), Reason.UNKNOWN_EVENT),
            Case("60,000 letters", lambda at: at.event("c" * 60_000), Reason.UNKNOWN_EVENT),
            accepted("capitals", lambda at: at.event("CLICK", item_id="sku-1"), event="click"),
        ),
    ),
    Row(
        21, "a newer schema", "dead letter",
        "The version is in the type of a CloudEvent, the only place where it is ours.",
        (
            Case(
                "v2",
                lambda at: at.value(
                    at.text(event=None, event_id=None),
                    headers=(
                        ("ce_id", b"e-9"), ("ce_source", b"/shop"), ("ce_specversion", b"1.0"),
                        ("ce_type", b"io.recaug.event.click.v2"),
                    ),
                ),
                Reason.NEWER_SCHEMA,
            ),
        ),
    ),
    Row(
        22, "an older schema", "upgraded",
        "v1 is the first; other dialects (GA4, Segment, Snowplow, Metarank) are translated.",
        (
            accepted(
                "Segment",
                lambda at: at.event(
                    "Product Clicked", type="track", item_id=None, properties={"product_id": "i7"}
                ),
                event="click", item_id="i7",
            ),
        ),
    ),
    Row(
        23, "fields nobody knows", "dropped",
        "Not counted: an unknown field is what a producer ahead of us sends.",
        (
            accepted("one", lambda at: at.event(colour="red"), colour=None),
            accepted(
                "thousands", lambda at: at.event(**{f"f{n}": n for n in range(4_000)}), f1=None
            ),
        ),
    ),
    Row(
        24, "no event_id", "dead letter, none invented",
        "One invented here would make every resend a new event.",
        (Case("missing", lambda at: at.event(event_id=None), Reason.MISSING_FIELD),),
    ),
    Row(
        25, "an event_id out of shape", "dead letter", "",
        (
            Case("10 kB", lambda at: at.event(event_id="x" * 10_000), Reason.BAD_ID),
            Case("a path", lambda at: at.event(event_id="../../etc/passwd"), Reason.BAD_ID),
            Case("empty", lambda at: at.event(event_id=""), Reason.BAD_ID),
            Case("lines", lambda at: at.event(event_id="a\r\nb"), Reason.BAD_ID),
        ),
    ),
    Row(
        26, "the same event again", "duplicate", "",
        (Case("resent", lambda at: [at.event()] * 2, Fate.DUPLICATE),),
    ),
    Row(
        27, "the same event_id with another body", "duplicate, flagged",
        "The first counts. No flag: a client that mends an event and resends it is no attacker.",
        (
            Case(
                "another item", lambda at: [at.event(), at.event(item_id="sku-2")], Fate.DUPLICATE
            ),
        ),
    ),
    Row(
        28, "the same event_id of another user", "dead letter", "",
        (
            Case(
                "another user",
                lambda at: [at.event(), at.event(user_id=f"v-{at.tag}")],
                Reason.EVENT_ID_REUSED,
            ),
        ),
    ),
    Row(
        29, "a key that is not the user, or none", "keyed anew, or dead letter",
        "An event is keyed anew by its user. A document is refused: its key is what deletes it.",
        (
            accepted("another key", lambda at: at.event()._replace(key=b"somebody")),
            accepted("no key", lambda at: at.event()._replace(key=None)),
            accepted("a key of bytes", lambda at: at.event()._replace(key=b"\xff\xfe")),
            Case("a document's", lambda at: at.item(b"i-other"), Reason.KEY_MISMATCH),
            Case("a document's, none", lambda at: at.item(None), Reason.NO_KEY),
            Case("a document's, not text", lambda at: at.item(b"\xff"), Reason.BAD_ENCODING),
            Case("a document's, 100 kB", lambda at: at.item(b"k" * 100_000), Reason.BAD_ID),
        ),
    ),
    Row(
        30, "a user id that a missing variable prints", "dead letter",
        "`0` is accepted: data sets count users from 0.",
        (
            Case("empty", lambda at: at.event(user_id=""), Reason.BAD_ID),
            Case("null", lambda at: at.event(user_id="null"), Reason.BAD_ID),
            Case("undefined", lambda at: at.event(user_id=" Undefined "), Reason.BAD_ID),
            Case("[object Object]", lambda at: at.event(user_id="[object Object]"), Reason.BAD_ID),
            Case("NaN", lambda at: at.event(user_id=float("nan")), Reason.NUMBER_NOT_FINITE),
            accepted("0", lambda at: at.event(user_id=0), user_id="0"),
        ),
    ),
    Row(
        31, "a user id that is an address or a telephone number", "dead letter, redacted",
        "Key, value and headers are withheld from the dead letter; digits alone are no number.",
        (
            Case("mail", lambda at: at.event(user_id="jane@example.com"), Reason.PERSONAL_DATA),
            Case("telephone", lambda at: at.event(user_id="+43 660 1234567"),
                 Reason.PERSONAL_DATA),
            Case("of a device", lambda at: at.event(user_id=None, anonymous_id="a@b.example"),
                 Reason.PERSONAL_DATA),
            Case("60 kB that look like mail",
                 lambda at: at.event(user_id="a@" + "." * 60_000 + "@"), Reason.BAD_ID),
        ),
    ),
    Row(
        32, "a new random user with every event", "accepted up to a cap, then set aside",
        "Accepted: nothing tells an invented user from a new one. Every table is bounded.",
        (accepted("one of many", lambda at: at.event(user_id=f"{at.tag}-7f3a9c")),),
        "tests/hostile/test_many.py",
    ),
    Row(
        33, "an item nobody knows", "kept, not trained on",
        "Kept and trained on: a shop that sends no documents deserves recommendations too.",
        (accepted("unknown", lambda at: at.event(item_id="never-seen-1")),),
    ),
    Row(
        34, "an item id that is negative or overflows", "dead letter", "As text it is an id.",
        (
            Case("2^63", lambda at: at.event(item_id=2**63), Reason.NUMBER_RANGE),
            Case("2^64", lambda at: at.event(item_id=2**64), Reason.NUMBER_RANGE),
            Case("-1", lambda at: at.event(item_id=-1), Reason.NUMBER_RANGE),
            accepted("2^63 as text", lambda at: at.event(item_id=str(2**63)), item_id=str(2**63)),
        ),
    ),
    Row(
        35, "seconds, micro- or nanoseconds for milliseconds", "converted and flagged",
        "Converted: from 1973 to 5138 the size tells the unit. No flag: the value is right.",
        (
            accepted("s", lambda at: at.event(timestamp=at.now_ms // 1_000)),
            accepted("µs", lambda at: at.event(timestamp=at.now_ms * 1_000)),
            accepted("ns", lambda at: at.event(timestamp=at.now_ms * 1_000_000)),
        ),
    ),
    Row(
        36, "a time in the future", "up to a day set to arrival, beyond that dead letter",
        "Five minutes are let pass, more is refused: an invented time trains worse than none.",
        (
            Case("a day", lambda at: at.event(timestamp=at.now_ms + DAY_MS),
                 Reason.TIME_IN_FUTURE),
            Case("an hour", lambda at: at.event(timestamp=at.now_ms + 60 * MINUTE_MS),
                 Reason.TIME_IN_FUTURE),
            accepted("two minutes", lambda at: at.event(timestamp=at.now_ms + 2 * MINUTE_MS)),
        ),
    ),
)  # fmt: skip
