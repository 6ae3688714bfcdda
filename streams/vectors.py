"""Keeps `recaug.item-vectors` true to `recaug.items`: the text of each document as a vector.

Documents are followed outside the group; only texts whose hash has no vector yet are encoded, in
small batches on a niced thread, so a new item waits about a second and a restart encodes nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson

from recaug.bounds import Bound, hit
from recaug.item_text import text_of, text_sha256
from recaug.local.process import tied
from recaug.settings import Settings
from recaug.text import TextEncoder
from streams.egress import DeliveryFailed, Egress, Record
from streams.follower import Followed, Follower, Source
from streams.logs import logger

Float32 = npt.NDArray[np.float32]

log = logger(__name__)

#: Texts per run of the encoder: enough to use it well, few enough for a new item not to wait.
AT_ONCE = 16
RETRY_S = 60.0
IDLE_S = 0.25


@dataclass(frozen=True, slots=True)
class _Vector:
    text_sha256: str
    values: npt.NDArray[np.float16]


class Vectors:
    """The vectors of all item documents; `start` to follow, `encode_for_ever` to fill the gaps."""

    def __init__(self, settings: Settings, egress: Egress) -> None:
        self._settings = settings
        self._egress = egress
        self._lock = threading.Lock()
        self._known: dict[str, _Vector] = {}
        self._pending: dict[str, str] = {}
        topics = settings.topics
        self._follower = Follower(
            settings.broker,
            {
                topics.clean_items.name: Source(self._on_item),
                topics.item_vectors.name: Source(self._on_vector),
            },
        )

    def start(self) -> None:
        """Begin to follow; returns when what was there is known."""
        self._follower.start()

    @property
    def caught_up(self) -> bool:
        return self._follower.caught_up

    def close(self) -> None:
        self._follower.close()

    def save(self, path: Path) -> Path | None:
        """All vectors as .npz (`ids`: UTF-8 lines, `vectors`: float16); None if there are none."""
        with self._lock:
            known = dict(self._known)
        if not known:
            return None
        ids = np.frombuffer("\n".join(known).encode(), np.uint8)
        with path.open("wb") as file:
            np.savez(file, ids=ids, vectors=np.stack([one.values for one in known.values()]))
        return path

    # -- following ----------------------------------------------------------------------------

    def _on_item(self, found: Followed) -> None:
        item = found.key
        with self._lock:
            if found.value is None:
                self._forget(item)
                return
            self._pending.pop(item, None)
            text = text_of(orjson.loads(found.value))
            known = self._known.get(item)
            if known is None or known.text_sha256 != text_sha256(text):
                self._expect(item, text)

    def _expect(self, item: str, text: str) -> None:
        if len(self._known) + len(self._pending) < self._settings.item_capacity:
            self._pending[item] = text
        else:
            hit(Bound.ENCODED_ITEMS)

    def _forget(self, item: str) -> None:
        # Whether it has a vector or not: at a start that may be read after this.
        if item in self._known or len(self._pending) < self._settings.item_capacity:
            self._pending[item] = ""
        else:
            hit(Bound.ENCODED_ITEMS)

    def _on_vector(self, found: Followed) -> None:
        item = found.key
        with self._lock:
            if found.value is None:
                self._known.pop(item, None)
                return
            vector = np.frombuffer(found.value, "<f2")
            self._known[item] = _Vector(found.headers["text-sha256"].decode(), vector)
            waiting = self._pending.get(item)
            if waiting is not None and text_sha256(waiting) == self._known[item].text_sha256:
                del self._pending[item]

    # -- encoding -----------------------------------------------------------------------------

    async def encode_for_ever(self) -> None:
        """Encode what is pending; without an encoder new items wait, and the log says so."""
        while True:
            try:
                encoder = await self._encoder()
                while True:
                    if not await self._encode_some(encoder):
                        await asyncio.sleep(IDLE_S)
            except DeliveryFailed as error:  # what was not written is still pending
                log.error("the vectors of new items are not written: %s; trying again", error)
            except (OSError, RuntimeError):
                log.exception("no text encoder: items without events are not recommended yet")
                await asyncio.sleep(RETRY_S)

    async def _encode_some(self, encoder: TextEncoder) -> bool:
        with self._lock:
            some = dict(islice(self._pending.items(), AT_ONCE))
        texts = [text for text in some.values() if text]
        vectors = await asyncio.to_thread(_encode_niced, encoder, texts)
        await self._egress.send(self._records(some, iter(vectors), encoder.name))
        with self._lock:
            for item, text in some.items():
                if self._pending.get(item) == text:
                    del self._pending[item]
        return bool(some)

    def _records(
        self, some: Mapping[str, str], vectors: Iterator[Float32], encoder: str
    ) -> list[Record]:
        topic = self._settings.topics.item_vectors.name
        records = []
        for item, text in some.items():
            value = next(vectors).astype("<f2").tobytes() if text else None
            sha = text_sha256(text).encode()
            headers = (("encoder", encoder.encode()), ("text-sha256", sha))
            records.append(Record(topic, item.encode(), value, headers))
        return records

    async def _encoder(self) -> TextEncoder:
        """The exported encoder; exported first, once per machine, in a child with torch."""
        place = self._settings.encoder_dir
        if not place.exists():
            await _prepare(self._settings)
        return await asyncio.to_thread(TextEncoder.load, place)


async def _prepare(settings: Settings) -> None:
    command = tied([sys.executable, "-m", "models", "prepare", "--background"])
    chosen = {"RECAUG_CACHE_DIR": str(settings.cache), "RECAUG_ENCODER": settings.encoder}
    child = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **chosen}, start_new_session=True
    )
    if await child.wait() != 0:
        raise RuntimeError(f"the text encoder {settings.encoder or 'MiniLM'} cannot be exported")


def _encode_niced(encoder: TextEncoder, texts: list[str]) -> Float32:
    # On Linux niceness belongs to the thread: the pool's threads serve nobody else here.
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
    return encoder.encode(texts) if texts else np.empty((0, 0), np.float32)
