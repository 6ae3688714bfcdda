"""Who may ask the page what: before any route, and so for every one of them.

Host            the name must be this page's, or another site's name could be pointed here (DNS
                rebinding) and its scripts would count as ours
Origin          events are taken from the page itself; browsers name the origin of every POST
Sec-Fetch-Site  another site may link here, and nothing else
rate            so many requests and so many events a client
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

import orjson

from recaug.bounds import Bound, hit
from recaug.page.rate import Buckets, Rate, Seats, client_of

App = Callable[[Any, Any, Any], Awaitable[None]]

#: A page loads twenty files; people click a few times a second at most.
REQUESTS, EVENTS = Rate(per_s=100.0, burst=300), Rate(per_s=20.0, burst=60)
#: Windows that may listen at once, and of one client.
STREAMS, STREAMS_OF_ONE = 256, 32
STREAM = "/stream"


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    why: str
    retry_s: float = 0.0


class Guard:
    """Refuses requests, or passes them on to `app`.

    :param names: host names of this page, beside `localhost` and any IP address: nobody can point
        an address somewhere else.
    """

    def __init__(
        self,
        app: App,
        names: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._clock = app, clock
        self._names = {"localhost", *(name.lower() for name in names)}
        self._requests, self._events = Buckets(REQUESTS), Buckets(EVENTS)
        self._seats = Seats(STREAMS, STREAMS_OF_ONE)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = client_of(scope["client"][0] if scope["client"] else "")
        refusal = self._refusal(scope, client)
        if refusal is not None:
            await _refuse(refusal, send)
        elif scope["path"] != STREAM:
            await self._app(scope, receive, send)
        else:
            with self._seats.take(client) as seated:
                if seated:
                    await self._app(scope, receive, send)
                else:
                    await _refuse(Refusal(429, "too many windows are open", 5.0), send)

    def _refusal(self, scope: Any, client: str) -> Refusal | None:
        headers = _headers(scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            return Refusal(421, "this page has another name: see recaug page --name")
        writes = scope["method"] not in ("GET", "HEAD")
        if not _is_same_site(headers, host, writes):
            return Refusal(403, "this is taken from the page itself only")
        now_s = self._clock()
        wait_s = self._requests.take(client, now_s)
        if not wait_s and writes:
            wait_s = self._events.take(client, now_s)
        if wait_s:
            hit(Bound.PAGE_RATE)
            return Refusal(429, "too many requests", wait_s)
        return None

    def _is_ours(self, host: str) -> bool:
        name = _name(host)
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _headers(scope: Any) -> dict[str, str]:
    """The headers; one that is sent twice counts as neither, so that no two readers can differ."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        found[key] = value.decode("latin-1") if key not in found else "\0"
    return found


def _name(host: str) -> str:
    """`host` without its port: `localhost:8080`, `[::1]:8080`, `shop.example`."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().removesuffix(".")


def _is_same_site(headers: dict[str, str], host: str, writes: bool) -> bool:
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        return False
    site = headers.get("sec-fetch-site", "same-origin")
    if writes:
        return site == "same-origin"
    # A link from elsewhere, or an address typed in, is how a visit begins.
    return site in ("same-origin", "none") or headers.get("sec-fetch-mode") == "navigate"


async def _refuse(refusal: Refusal, send: Any) -> None:
    body = orjson.dumps({"error": refusal.why})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if refusal.retry_s:
        headers.append((b"retry-after", b"%d" % math.ceil(refusal.retry_s)))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
