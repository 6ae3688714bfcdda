"""The exporter's web server, with the page's guards: a name that is not its own is refused."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Collection

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from recaug.exporter import families as f
from recaug.exporter.watch import Watch
from recaug.exposition import CONTENT_TYPE, Sample, text
from recaug.page.web import config, middleware


class Exporter:
    """The routes over one `Watch`."""

    def __init__(self, watch: Watch, version: str) -> None:
        self._watch, self._version = watch, version
        self._about = text(f.BUILD, [Sample({"version": version}, 1)])

    def app(self, names: Collection[str] = ()) -> Starlette:
        """The ASGI application; `names` are host names it answers to (see `Guard`)."""
        return Starlette(
            routes=[
                Route("/metrics", self.metrics),
                Route("/healthz", self.healthz),
                Route("/readyz", self.readyz),
                Route("/version", self.version),
            ],
            middleware=middleware(names),
            lifespan=self.lifespan,
        )

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        self._watch.start()
        yield
        await run_in_threadpool(self._watch.stop)

    async def metrics(self, request: Request) -> Response:
        page = self._about + self._watch.metrics(time.monotonic())
        return Response(page, media_type=CONTENT_TYPE)

    async def healthz(self, request: Request) -> Response:
        """200 while the process runs: a broker that is away is no reason to start it again."""
        return _json({"status": "ok"})

    async def readyz(self, request: Request) -> Response:
        """200 while lag is known, 503 while it is not."""
        up = self._watch.up(time.monotonic())
        return _json({"kafka": {"up": up}}, 200 if up else 503)

    async def version(self, request: Request) -> Response:
        return _json({"version": self._version})


def server(exporter: Exporter, host: str, port: int, names: Collection[str] = ()) -> uvicorn.Server:
    """A server whose `run` goes on until SIGINT or SIGTERM."""
    return uvicorn.Server(config(exporter.app({host, *names}), host, port))


def _json(content: dict[str, object], status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
