"""A TCP proxy whose line can be cut, go silent, be slow or be reset, while it runs.

    with Proxy(listen, target) as line:
        line.cut = True           connections are closed, new ones refused after being accepted
        line.silent = True        nothing is passed on and nothing is closed: no RST, no FIN
        line.delay_s = 0.25       every chunk waits so long, each way
        line.resets = 0.01        this share of chunks resets its connection instead

It runs on a thread of its own; the attributes may be set at any time.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from types import TracebackType
from typing import Self

from recaug.local.ports import HOST

CHUNK = 65_536
TICK_S = 0.05


class Proxy:
    """Passes what comes to `HOST:listen` on to `HOST:target`."""

    def __init__(self, listen: int, target: int, seed: int = 1) -> None:
        self._listen, self._target = listen, target
        self._chance = random.Random(seed)
        self.cut = self.silent = False
        self.delay_s = self.resets = 0.0
        self.passed = 0
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(10.0), "the proxy does not listen"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(10.0)

    def heal(self) -> None:
        """A good line again. What went silent is closed: its peers learn of it only now."""
        was_silent, self.silent, self.cut = self.silent, False, False
        self.delay_s = self.resets = 0.0
        if was_silent:
            self._loop.call_soon_threadsafe(self._close_all)

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._done = asyncio.Event()
        server = await asyncio.start_server(self._connected, HOST, self._listen)
        self._up.set()
        await self._done.wait()
        server.close()
        self.silent, self.cut = False, True
        self._close_all()
        # Not cancelled: asyncio's streams report a cancelled connection as an error. A connection
        # cancels its own two ways, though, and that is no error.
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for ended in await asyncio.gather(*rest, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

    def _close_all(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while self.silent:
                await asyncio.sleep(TICK_S)
            if self.cut:
                return
            beyond, onward = await asyncio.open_connection(HOST, self._target)
            self._open.add(onward)
            ways = [self._pass(reader, onward), self._pass(beyond, writer)]
            tasks = [asyncio.ensure_future(way) for way in ways]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._open.discard(onward)
            onward.transport.abort()
        except OSError:
            pass  # the broker is down: so is the line
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while data := await self._read(source):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            while self.silent:
                await asyncio.sleep(TICK_S)
            if self.cut:
                return
            if self.resets and self._chance.random() < self.resets:
                _reset(to)
                return
            to.write(data)
            await to.drain()
            self.passed += len(data)

    async def _read(self, source: asyncio.StreamReader) -> bytes:
        """The next chunk; nothing once the line is cut, even where nobody sends."""
        while not self.cut:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    return await source.read(CHUNK)
        return b""


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
