"""W3C trace context in a record's headers: `traceparent` goes from an event to its list, always.

Whoever sends an event may follow it to the recommendation, whether or not recaug itself is traced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from aiokafka.structs import ConsumerRecord

NAME = "traceparent"

#: Version 00. Another version, and a trace or span of zeros, are to be ignored (W3C, 3.2.2).
_FORM = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")


class TraceParent(NamedTuple):
    """A span of somebody's, by the numbers in the header."""

    trace_id: int
    span_id: int
    flags: int

    @property
    def is_sampled(self) -> bool:
        return bool(self.flags & 1)

    @classmethod
    def parse(cls, header: bytes) -> TraceParent:
        """Of a header that `found` gave."""
        _, trace, span, flags = header.split(b"-")
        return cls(int(trace, 16), int(span, 16), int(flags, 16))

    def header(self) -> bytes:
        return b"00-%032x-%016x-%02x" % self


def by_place(
    records: Iterable[ConsumerRecord],
) -> dict[tuple[int, int], tuple[ConsumerRecord, bytes]]:
    """Records of one topic that have the header, by partition and offset.

    What clean writes has one header, so that most records are not looked at.
    """
    return {
        (one.partition, one.offset): (one, header)
        for one in records
        if len(one.headers) > 1 and (header := found(one.headers)) is not None
    }


def found(headers: Sequence[tuple[str, bytes]]) -> bytes | None:
    """The header, where there is one that is as it should be."""
    for name, value in headers:
        if name == NAME and value is not None and _FORM.fullmatch(value):
            return value
    return None
