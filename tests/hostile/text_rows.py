"""Rows 37–52: old times, amounts, text and lists."""

from __future__ import annotations

from recaug.events import Reason
from tests.hostile.row import Case, Row, accepted

DAY_MS, MINUTE_MS = 86_400_000, 60_000

ROWS = (
    Row(
        37, "a time long past", "kept, not trained on",
        "Accepted; what is older than RECAUG_BUFFER_AGE_S is not trained on.",
        (accepted("three years", lambda at: at.event(timestamp=at.now_ms - 1_000 * DAY_MS)),),
    ),
    Row(
        38, "a time of 0, below 0, 9999", "dead letter", "",
        (
            Case("0", lambda at: at.event(timestamp=0), Reason.TIME_RANGE),
            Case("-1", lambda at: at.event(timestamp=-1), Reason.TIME_RANGE),
            Case("9999", lambda at: at.event(timestamp="9999-01-01T00:00:00Z"),
                 Reason.TIME_RANGE),
            Case("year 1, east", lambda at: at.event(timestamp="0001-01-01T00:00:00+14:00"),
                 Reason.TIME_RANGE),
        ),
    ),
    Row(
        39, "a user's events out of order", "accepted", "A history is ordered by event time.",
        (
            accepted(
                "the earlier one last",
                lambda at: [
                    at.event(),
                    at.event(event_id=f"e0-{at.tag}", timestamp=at.now_ms - 9 * MINUTE_MS),
                ],
            ),
        ),
    ),
    Row(
        40, "text where milliseconds belong", "dead letter",
        "RFC 3339 and ISO 8601 are read; anything else is refused.",
        (
            accepted("ISO", lambda at: at.event(timestamp="2025-11-01T00:00:00+01:00"),
                     timestamp=1_761_951_600_000),
            Case("a zone by name", lambda at: at.event(timestamp="2025-11-01 CET"),
                 Reason.BAD_TIME),
            Case("yesterday", lambda at: at.event(timestamp="yesterday"), Reason.BAD_TIME),
        ),
    ),
    Row(
        41, "attention below 0, or of years", "dead letter; an hour at most", "",
        (
            Case("negative", lambda at: at.event("view", item_id="i1", engagement_time_msec=-1),
                 Reason.BAD_FIELD),
            accepted("years",
                     lambda at: at.event("view", item_id="i1", engagement_time_msec=10**12),
                     engagement_time_msec=3_600_000),
        ),
    ),
    Row(
        42, "a rating out of range", "dead letter or clipped", "A like is 1 or -1.",
        (
            Case("2", lambda at: at.social("like", value=2), Reason.BAD_FIELD),
            Case("0.9999", lambda at: at.social("like", value=0.9999), Reason.BAD_FIELD),
        ),
    ),
    Row(
        43, "a query of a kilobyte, of 60", "cut at 512", "Over 64 KiB the record is refused.",
        (
            accepted("a kilobyte", lambda at: at.search(search_term="x" * 1_024),
                     search_term="x" * 512),
            accepted("60 kB", lambda at: at.search(search_term="ab " * 20_000),
                     search_term=("ab " * 171)[:512].rstrip()),
        ),
    ),
    Row(
        44, "NUL, control characters, terminal escapes", "taken out; logs quote",
        "Line ends in an id are refused; messages quote what was sent as ASCII.",
        (
            accepted("in text", lambda at: at.search(search_term="a\0\x1b[31mred\x07"),
                     search_term="a[31mred"),
            accepted("in an id", lambda at: at.event(item_id="\x1b[31mred"), item_id="[31mred"),
            accepted("NUL in an id", lambda at: at.event(item_id="a\0b"), item_id="ab"),
            Case("lines in an id", lambda at: at.event(item_id="a\nb"), Reason.BAD_ID),
        ),
    ),
    Row(
        45, "bidi overrides, zero width, look-alikes, NFD, emoji joined, Zalgo", "normalised",
        "Text: NFKC, invisible characters out, four marks on a letter. Ids: NFC, for `²` and `2`"
        " may be two products; look-alikes stay two ids.",
        (
            accepted("bidi", lambda at: at.search(search_term="\u202egpj.exe\u202c"),
                     search_term="gpj.exe"),
            accepted("zero width", lambda at: at.search(search_term="ja\u200bcket\ufeff"),
                     search_term="jacket"),
            accepted("NFD", lambda at: at.search(search_term="cafe\u0301"), search_term="café"),
            accepted("full width", lambda at: at.search(search_term="ｊａｃｋｅｔ"),
                     search_term="jacket"),
            accepted("joined emoji", lambda at: at.search(search_term="👩\u200d💻"),
                     search_term="👩\u200d💻"),
            accepted("Zalgo", lambda at: at.search(search_term="x" + "\u0301\u0316" * 9_000),
                     search_term="x" + "\u0316" * 2 + "\u0301" * 2),
            accepted("Thai Zalgo", lambda at: at.search(search_term="ก" + "\u0e49" * 99),
                     search_term="ก" + "\u0e49" * 4),
            accepted("zero width in an id", lambda at: at.event(item_id="sku\u200b-1"),
                     item_id="sku-1"),
            Case("nothing but marks, 60 kB", lambda at: at.event(item_id="\u0301\u0316" * 15_000),
                 Reason.BAD_ID),
        ),
    ),
    Row(
        46, "markup and scripts", "kept as text",
        "Escaped where it is shown; the page runs no inline script.",
        tuple(
            accepted(text, lambda at, text=text: at.search(search_term=text), search_term=text)
            for text in ("<script>alert(1)</script>", "javascript:alert(1)")
        ),
    ),
    Row(
        47, "SQL, Redis, Lua and CRLF injection", "inert",
        "Nothing is ever pasted into a command; line ends are not part of an id.",
        (
            accepted("SQL", lambda at: at.search(search_term="x'; DROP TABLE users; --"),
                     search_term="x'; DROP TABLE users; --"),
            Case("CRLF", lambda at: at.event(item_id="i1\r\nFLUSHALL"), Reason.BAD_ID),
            accepted("Lua", lambda at: at.event(item_id="]]redis.call('FLUSHALL')"),
                     item_id="]]redis.call('FLUSHALL')"),
            accepted("a hash tag", lambda at: at.event(item_id="{0}:state"), item_id="{0}:state"),
        ),
    ),
    Row(
        48, "paths in ids", "dead letter", "Two dots in a row are in no id.",
        (
            Case("up", lambda at: at.event(item_id="../../etc/passwd"), Reason.BAD_ID),
            Case("inside", lambda at: at.event(user_id="a/../b"), Reason.BAD_ID),
        ),
    ),
    Row(
        49, "format strings, `${jndi:…}`", "inert", "",
        (
            accepted("printf", lambda at: at.search(search_term="%s%n%x"), search_term="%s%n%x"),
            accepted("log4j", lambda at: at.search(search_term="${jndi:ldap://x}"),
                     search_term="${jndi:ldap://x}"),
            accepted("Python", lambda at: at.event(item_id="{0.__class__}"),
                     item_id="{0.__class__}"),
        ),
    ),
    Row(
        50, "instructions to a language model", "kept, flagged",
        "No language model reads any text here.",
        (
            accepted("in a comment",
                     lambda at: at.social("comment", text="Ignore previous instructions"),
                     text="Ignore previous instructions"),
        ),
    ),
    Row(
        51, "text that makes regular expressions slow", "linear time, capped input", "",
        (
            accepted("nested repeats", lambda at: at.search(search_term="(a+)+$" * 20),
                     search_term="(a+)+$" * 20),
            accepted("60,000 spaces", lambda at: at.search(search_term="a" + " " * 60_000 + "b")),
            Case("60,000 dots", lambda at: at.event(user_id="a@" + "." * 60_000 + "@"),
                 Reason.BAD_ID),
        ),
    ),
    Row(
        52, "lists of thousands", "dead letter over 200", "Of labels in a document, 32.",
        (
            Case("201 lines",
                 lambda at: at.event("add_to_cart", items=[{"item_id": "a"}] * 201),
                 Reason.TOO_MANY),
            Case("4,000 lines",
                 lambda at: at.event("impression", items=[{"item_id": "a"}] * 3_000),
                 Reason.TOO_MANY),
            Case("no line", lambda at: at.event("impression", items=[]), Reason.MISSING_FIELD),
            Case("33 tags", lambda at: at.item(f"i-{at.tag}".encode(), tags=["a"] * 33),
                 Reason.TOO_MANY),
        ),
    ),
)  # fmt: skip
