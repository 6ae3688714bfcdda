"""Rows 1–17: the bytes."""

from __future__ import annotations

import codecs
import gzip
import pickle

from recaug.events import Reason
from tests.hostile.row import Case, Row, accepted

ROWS = (
    Row(
        1, "no value (a tombstone) where an event belongs", "dead letter",
        "Only items and users are deleted with a null.",
        (Case("null", lambda at: at.value(None), Reason.NULL_VALUE),),
    ),
    Row(
        2, "no bytes, or white space only", "dead letter", "",
        (
            Case("no bytes", lambda at: at.value(b""), Reason.EMPTY),
            Case("white space", lambda at: at.value(b" \t\r\n"), Reason.EMPTY),
        ),
    ),
    Row(
        3, "more than 64 KiB", "dead letter, hash and head only",
        "Kept whole up to a megabyte, so that it can be mended; beyond, its head and its hash.",
        (
            Case("just too large", lambda at: at.value(b"x" * 65_537), Reason.TOO_LARGE),
            Case("a megabyte", lambda at: at.value(b"{" + b" " * 1_000_000), Reason.TOO_LARGE),
            Case(
                "a free object of its own limit",
                lambda at: at.event(properties={"a": "x" * 4_090}),
                Reason.TOO_LARGE,
            ),
        ),
    ),
    Row(
        4, "more than the topic takes", "never sent",
        "The producer raises before it sends; the broker refuses what another producer sends.",
        test="tests/hostile/test_large.py",
    ),
    Row(
        5, "not JSON, or cut off", "dead letter", "",
        (
            Case("words", lambda at: at.value(b"hello"), Reason.BAD_JSON),
            Case("cut off", lambda at: at.value(at.text()[:-1]), Reason.BAD_JSON),
            Case("single quotes", lambda at: at.value(b"{'event': 'click'}"), Reason.BAD_JSON),
        ),
    ),
    Row(
        6, "trailing bytes, two documents", "dead letter", "",
        (
            Case("two", lambda at: at.value(at.text() * 2), Reason.BAD_JSON),
            Case("a NUL behind", lambda at: at.value(at.text() + b"\0"), Reason.BAD_JSON),
        ),
    ),
    Row(
        7, "a byte order mark", "dead letter", "",
        (Case("UTF-8", lambda at: at.value(codecs.BOM_UTF8 + at.text()), Reason.BAD_ENCODING),),
    ),
    Row(
        8, "UTF-16, UTF-32", "dead letter", "",
        tuple(
            Case(
                encoding,
                lambda at, encoding=encoding: at.value(at.text().decode().encode(encoding)),
                Reason.BAD_ENCODING,
            )
            for encoding in ("utf-16", "utf-16-be", "utf-32-le")
        ),
    ),
    Row(
        9, "bytes that are not UTF-8", "dead letter", "",
        (
            Case(
                "Latin-1",
                lambda at: at.value(at.text(item_id="é").decode().encode("latin-1")),
                Reason.BAD_ENCODING,
            ),
            Case(
                "over-long slash",
                lambda at: at.value(at.text().replace(b"sku-1", b"\xc0\xaf")),
                Reason.BAD_ENCODING,
            ),
        ),
    ),
    Row(
        10, "half a surrogate pair", "dead letter", "",
        (
            Case(
                "escaped",
                lambda at: at.value(at.text().replace(b"sku-1", rb"\ud800")),
                Reason.BAD_ENCODING,
            ),
            Case(
                "the halves swapped",
                lambda at: at.value(at.text().replace(b"sku-1", rb"\udc00\ud800")),
                Reason.BAD_ENCODING,
            ),
            Case("as bytes", lambda at: at.event(item_id="\ud800"), Reason.BAD_ENCODING),
        ),
    ),
    Row(
        11, "JSON, but no object", "dead letter", "",
        tuple(
            Case(
                text.decode(), lambda at, text=text: at.value(text), Reason.NOT_AN_OBJECT
            )
            for text in (b"null", b"[1]", b"42", b"true", b'"click"')
        ),
    ),
    Row(
        12, "nesting", "dead letter",
        "16 levels, 8 in a free object; the parser's own limit is caught as well.",
        (
            Case("60,000 arrays", lambda at: at.value(b"[" * 60_000), Reason.TOO_DEEP),
            Case(
                "10,000 objects",
                lambda at: at.value(b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
                Reason.TOO_DEEP,
            ),
            Case(
                "17 levels", lambda at: at.value(b'{"a":' * 17 + b"1" + b"}" * 17), Reason.TOO_DEEP
            ),
            Case(
                "9 in properties",
                lambda at: at.event(properties={"a": [[[[[[[[1]]]]]]]]}),
                Reason.TOO_DEEP,
            ),
        ),
    ),
    Row(
        13, "numbers nobody can hold", "dead letter", "Also in fields that nobody reads.",
        (
            Case(
                "60,000 digits",
                lambda at: at.value(at.text()[:-1] + b',"x":' + b"9" * 60_000 + b"}"),
                Reason.NUMBER_RANGE,
            ),
            Case(
                "1e400", lambda at: at.value(at.text()[:-1] + b',"x":1e400}'), Reason.NUMBER_RANGE
            ),
        ),
    ),
    Row(
        14, "NaN and Infinity", "dead letter", "",
        tuple(
            Case(
                word,
                lambda at, word=word: at.value(at.text()[:-1] + f',"x":{word}}}'.encode()),
                Reason.NUMBER_NOT_FINITE,
            )
            for word in ("NaN", "Infinity", "-Infinity")
        ),
    ),
    Row(
        15, "a key twice", "dead letter at the top, else the last one wins",
        "Refused at every level: readers differ in which one they take.",
        (
            Case(
                "at the top",
                lambda at: at.value(at.text()[:-1] + b',"user_id":"u-2"}'),
                Reason.DUPLICATE_KEY,
            ),
            Case(
                "spelt otherwise",
                lambda at: at.value(at.text()[:-1] + rb',"user\u005fid":"u-2"}'),
                Reason.DUPLICATE_KEY,
            ),
            Case(
                "below",
                lambda at: at.value(at.text()[:-1] + b',"properties":{"a":1,"a":2}}'),
                Reason.DUPLICATE_KEY,
            ),
            Case(
                "the last of thousands",
                lambda at: at.value(
                    ("{" + ",".join(f'"{n:x}":1' for n in range(6_000)) + ',"176f":1}').encode()
                ),
                Reason.DUPLICATE_KEY,
            ),
        ),
    ),
    Row(
        16, "other formats: pickle, Avro, protobuf, gzip", "dead letter",
        "Nothing is ever unpickled or unpacked. A frame of Confluent's JSON serializer is read.",
        (
            Case("pickle", lambda at: at.value(pickle.dumps(at.body())), Reason.BAD_ENCODING),
            Case("Avro", lambda at: at.value(b"\0\0\0\0\7\2avro"), Reason.BAD_ENCODING),
            Case("protobuf", lambda at: at.value(b"\n\5click\22\3u-1"), Reason.BAD_JSON),
            Case("gzip", lambda at: at.value(gzip.compress(at.text())), Reason.BAD_ENCODING),
            accepted("a frame around JSON", lambda at: at.value(b"\0\0\0\0\7" + at.text())),
        ),
    ),
    Row(
        17, "a compressed bomb", "413",
        "No way in unpacks anything but Kafka's own batches: 10 MB that a producer compressed to"
        " nothing is refused, and of its dead letter only the head is kept.",
        test="tests/hostile/test_large.py",
    ),
)  # fmt: skip
