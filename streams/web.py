"""A worker's own web server, in its loop: it answers only while the loop turns.

/metrics   for Prometheus
/healthz   200 as long as it answers at all
/readyz    200 when every check passes, else 503; each check by name
/version   of the program
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from recaug.errors import Failure
from recaug.exposition import CONTENT_TYPE

#: Longest a check may take, seconds.
CHECK_S = 2.0
#: A connection without a request is closed after this, seconds.
IDLE_S = 5.0

#: What a check found: whether all is well, and a sentence.
Check = Callable[[], Awaitable[tuple[bool, str]]]

HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


def listening(address: str, service: str) -> socket.socket:
    """A socket that listens on HOST:PORT; port 0 is any that is free.

    :raises Failure: that is no address, or it cannot be had.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise _refused(address, service, "it is no HOST:PORT", "127.0.0.1:9464")
    name = host.strip("[]")
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    try:
        return socket.create_server((name, int(port)), family=family)
    except OSError as error:
        raise _refused(address, service, str(error), f"{host}:0") from error


def _refused(address: str, service: str, why: str, mend: str) -> Failure:
    return Failure(
        f"{service} cannot serve its metrics on {address}",
        why,
        f"RECAUG_METRICS_LISTEN={mend}   (port 0: any that is free; empty: none)",
    )


class Web:
    """Serves `page` and `checks` on a socket that listens already."""

    def __init__(
        self,
        listener: socket.socket,
        about: Mapping[str, str],
        page: Callable[[], bytes],
        checks: Mapping[str, Check],
    ) -> None:
        self._listener, self._about, self._page = listener, about, page
        self._checks = checks
        host, port = listener.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(middlewares=[_guarded])
        app.add_routes(
            [
                web.get("/metrics", self._metrics),
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/version", self._version),
            ]
        )
        # Faust has signals of its own, and requests are no news.
        self._runner = web.AppRunner(
            app, handle_signals=False, access_log=None, keepalive_timeout=IDLE_S
        )
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self._page(), headers={"Content-Type": CONTENT_TYPE})

    async def _healthz(self, _: web.Request) -> web.Response:
        return _json({"status": "ok"})

    async def _version(self, _: web.Request) -> web.Response:
        return _json(self._about)

    async def _readyz(self, _: web.Request) -> web.Response:
        answers = await asyncio.gather(*map(_asked, self._checks.values()))
        found = dict(zip(self._checks, answers, strict=True))
        told = {name: {"ok": ok, "why": why} for name, (ok, why) in found.items()}
        ready = all(ok for ok, _ in found.values())
        return _json({"ready": ready, "checks": told}, 200 if ready else 503)


async def _asked(check: Check) -> tuple[bool, str]:
    try:
        async with asyncio.timeout(CHECK_S):
            return await check()
    except TimeoutError:
        return False, f"no answer within {CHECK_S:g} s"
    except Exception as error:  # whatever it is: a probe wants an answer
        return False, (str(error) or type(error).__name__).splitlines()[0]


@web.middleware
async def _guarded(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse names that somebody else may own and point here (DNS rebinding)."""
    if not _is_ours(request.host):
        raise web.HTTPMisdirectedRequest(text="ask for it by its address\n")
    response = await handler(request)
    response.headers.update(HEADERS)
    return response


def _is_ours(host: str) -> bool:
    """An address, or a name without a dot: those of containers, which nobody can buy."""
    name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return bool(name) and "." not in name
    return True


def _json(content: object, status: int = 200) -> web.Response:
    return web.Response(
        text=json.dumps(content) + "\n", status=status, content_type="application/json"
    )
