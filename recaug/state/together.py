"""One round trip to Redis for what is asked of it at one moment.

A batch reads and changes all its partitions at once. A request for each would cost client and
server more than what is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

Command = Sequence[Any]
Asked = list[tuple[Command, asyncio.Future[Any]]]


class Together:
    """Commands that are given in one turn of the event loop go out as one pipeline.

    Each is answered or refused by itself; they are not a transaction.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._asked: Asked = []
        self._running = set[asyncio.Task[None]]()

    async def __call__(self, *command: Any) -> Any:
        """The server's answer. Raises what `Redis.execute_command` raises."""
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        if not self._asked:
            loop.call_soon(self._send)
        self._asked.append((command, answer))
        return await answer

    def _send(self) -> None:
        asked, self._asked = self._asked, []
        running = asyncio.create_task(self._run(asked))
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _run(self, asked: Asked) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for command, _ in asked:
            pipeline.execute_command(*command)
        try:
            found = await pipeline.execute(raise_on_error=False)
        except Exception as error:  # whatever became of the connection, all of them are to hear
            found = [error] * len(asked)
        for (_, answer), value in zip(asked, found, strict=True):
            if answer.done():  # cancelled meanwhile
                continue
            if isinstance(value, Exception):
                answer.set_exception(value)
            else:
                answer.set_result(value)
