"""Where a group's commits are kept, and what their keys say."""

from __future__ import annotations

import struct

import pytest

from recaug.lag.commits import parse, place


@pytest.mark.parametrize(
    ("group", "code"),
    # Java: "a".hashCode() is 97, "ab" 97·31 + 98; "polygenelubricants" the famous lowest int.
    [("a", 97), ("ab", 3_105), ("polygenelubricants", 0)],
)
def test_a_group_s_partition_is_java_s_hash(group: str, code: int) -> None:
    assert place(group, 50) == code % 50


def test_a_negative_hash_counts_without_its_sign() -> None:
    # "Hello World".hashCode() is -862545276.
    assert place("Hello World", 50) == 26


def test_the_key_of_a_commit() -> None:
    key = struct.pack(">hh3sh4si", 1, 3, b"grp", 4, b"clik", 7)
    assert parse(key) == ("grp", "clik", 7)


@pytest.mark.parametrize("key", [b"", b"\x00", b"\x00\x02\x00\x03grp", b"\x00\x01\x00\x09grp"])
def test_what_is_no_commit_is_passed_over(key: bytes) -> None:
    assert parse(key) is None
