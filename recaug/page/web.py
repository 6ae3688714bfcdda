"""What every web server here has: headers that keep a browser safe, and limits on a connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any

import uvicorn
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from recaug.page.guard import Guard
from recaug.page.protocol import Prompt

#: A connection without a request is closed after this, seconds.
IDLE_S = 5
#: Connections held at once; more are answered with 503.
CONNECTIONS = 512

#: Everything the page loads is its own, nothing is inline, and nobody may frame or embed it: a
#: title that holds a script stays text.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def config(app: Any, host: str, port: int) -> uvicorn.Config:
    """How uvicorn serves `app`."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=IDLE_S,
        limit_concurrency=CONNECTIONS,
        http=Prompt,
        ws="none",
        # A header that any client can send must not decide who the client is.
        proxy_headers=False,
        server_header=False,
    )


def middleware(names: Collection[str]) -> list[Middleware]:
    """What every request passes; `names` are host names the server answers to (see `Guard`)."""
    return [
        Middleware(SafeHeaders),
        Middleware(Guard, names=names),
        Middleware(GZipMiddleware, minimum_size=1_000),
    ]


class SafeHeaders:
    """Adds HEADERS to every response; plain ASGI, so that it never buffers the stream."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                extra = [(k.lower().encode(), v.encode()) for k, v in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self._app(scope, receive, with_headers)
