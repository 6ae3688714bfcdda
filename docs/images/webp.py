"""An animated WebP from still ones: https://developers.google.com/speed/webp/docs/riff_container"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_ANIMATED = 0b0000_0010
#: A frame replaces what is under it, and stays until the next one does.
_REPLACE = 0b0000_0010


@dataclass(frozen=True, slots=True)
class Frame:
    """A still WebP, where its top left corner is (both even), and how long it is shown, ms."""

    image: bytes
    x: int
    y: int
    width: int
    height: int
    shown_ms: int


def animate(frames: Sequence[Frame], width: int, height: int) -> bytes:
    """The frames in order, for ever."""
    canvas = bytes([_ANIMATED, 0, 0, 0]) + _three(width - 1) + _three(height - 1)
    endless = b"\xff\xff\xff\xff" + b"\0\0"
    body = _chunk(b"VP8X", canvas) + _chunk(b"ANIM", endless) + b"".join(map(_frame, frames))
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


def _frame(frame: Frame) -> bytes:
    place = _three(frame.x // 2) + _three(frame.y // 2)
    size = _three(frame.width - 1) + _three(frame.height - 1)
    head = place + size + _three(frame.shown_ms) + bytes([_REPLACE])
    return _chunk(b"ANMF", head + _pixels(frame.image))


def _pixels(image: bytes) -> bytes:
    """The part of a still image that a frame holds: its alpha, if it has any, and its picture."""
    kept = [_chunk(name, data) for name, data in _chunks(image) if name in _PICTURE]
    if not kept:
        raise ValueError("the browser encoded no WebP")
    return b"".join(kept)


_PICTURE = (b"ALPH", b"VP8 ", b"VP8L")


def _chunks(image: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12  # RIFF, length, WEBP
    while at + 8 <= len(image):
        length = int.from_bytes(image[at + 4 : at + 8], "little")
        yield image[at : at + 4], image[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")
