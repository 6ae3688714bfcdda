"""The page's web server: static files, one stream of news, one way in for your events.

It listens on this machine only unless told otherwise: whoever reaches it can publish events.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from kafka.errors import KafkaError
from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from recaug.bounds import Bound, hit
from recaug.errors import Failure
from recaug.events.kinds import SOCIAL
from recaug.exposition import CONTENT_TYPE
from recaug.page.board import Message
from recaug.page.copies import copies
from recaug.page.feed import PUBLISH_S, Feed, now_ms
from recaug.page.gesture import Click, Gesture, Opinion, Search, Share, to_event
from recaug.page.web import config, middleware
from recaug.producer import Producer
from recaug.settings import Settings

STATIC = Path(__file__).parent / "static"
MAX_BODY = 4_096
#: Characters of an event id.
MAX_ID = 128
SEND_S = 5.0
#: A body must be here within this.
BODY_S = 10.0

_gestures: TypeAdapter[Click | Search | Opinion | Share] = TypeAdapter(Gesture)


class Page:
    """The routes and what they share: the feed, and a producer made at the first event."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.feed = Feed(settings)
        self.closing = asyncio.Event()
        self._producer: Producer | None = None
        self._connecting = threading.Lock()

    def app(self, names: Collection[str] = ()) -> Starlette:
        """The ASGI application; `names` are host names it answers to (see `Guard`)."""
        return Starlette(
            routes=[
                Route("/", self.index),
                Route("/stream", self.stream),
                Route("/api/items", self.items),
                Route("/api/pair", self.pair),
                Route("/api/event", self.event, methods=["POST"]),
                Route("/healthz", self.healthz),
                Route("/metrics", self.metrics),
                Mount("/static", StaticFiles(directory=STATIC)),
            ],
            middleware=middleware(names),
            lifespan=self.lifespan,
        )

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        self.feed.start()
        # The first click must not wait for a connection; a broker that is away is tried again then.
        connecting = asyncio.create_task(run_in_threadpool(self._connect))
        yield
        await asyncio.gather(connecting, return_exceptions=True)
        await run_in_threadpool(self.feed.stop)
        if self._producer is not None:
            with contextlib.suppress(Failure):  # the broker may have gone first
                await run_in_threadpool(self._producer.close)

    def _connect(self) -> Producer:
        with self._connecting:
            if self._producer is None:
                self._producer = Producer(self.settings.broker, self.settings.prefix, linger_ms=0)
            return self._producer

    async def index(self, request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def healthz(self, request: Request) -> Response:
        """200 while the broker answers, 503 while it does not."""
        kafka = self.feed.board.news({}).get("kafka") or {}
        return _json({"kafka": kafka}, 200 if kafka.get("up") else 503)

    async def metrics(self, request: Request) -> Response:
        """How good the lists are, for Prometheus."""
        return Response(self.feed.live.quality.metrics, media_type=CONTENT_TYPE)

    async def items(self, request: Request) -> Response:
        shop = self.feed.live.shop
        return _json({"version": shop.version, "total": len(shop), "items": shop.window()})

    async def pair(self, request: Request) -> Response:
        """One event of the sample and its list, both whole, and the event as something to run."""
        event_id = request.query_params.get("event_id", "")[:MAX_ID]
        pair = self.feed.live.pairs.whole(event_id)
        if pair is None:
            return _json({"error": "that was too long ago: open a newer one"}, 404)
        event = orjson.loads(pair.event) if pair.event else None
        copied = copies(event, self._topic(event), self.settings) if event else {}
        answer = orjson.loads(pair.answer)
        return _json({"event": event, "answer": answer, "copies": copied})

    def _topic(self, event: Message) -> str:
        """The topic that a producer puts an event of this kind on."""
        topics = self.settings.topics
        if event["event"] in SOCIAL:
            return topics.social.name
        return (topics.searches if event["event"] == "search" else topics.clickstream).name

    async def event(self, request: Request) -> Response:
        """Publish one gesture; answer once the broker has it."""
        try:
            async with asyncio.timeout(BODY_S):
                body = await _body(request)
        except TimeoutError:
            return _json({"error": f"the event was not here within {BODY_S:.0f} s"}, 408)
        if body is None:
            return _json({"error": f"an event has at most {MAX_BODY} bytes"}, 413)
        try:
            gesture = _gestures.validate_json(body)
        except ValidationError as error:
            return _json({"error": error.errors(include_url=False)[0]["msg"]}, 422)
        try:
            placed = await run_in_threadpool(self._publish, gesture)
        except (KafkaError, Failure) as error:
            return _json({"error": str(error)}, 503)
        return _json(placed, 202)

    def _publish(self, gesture: Click | Search | Opinion | Share) -> Message:
        producer = self._connect()
        sent_ms = now_ms()
        event = to_event(gesture, int(sent_ms))
        self.feed.live.traces.at(gesture.event_id).sent_ms = sent_ms
        # Now, for the answer may be read before the event that it names as its reason.
        self.feed.live.deeds.note(gesture.user, event)
        placed = producer.send(event).get(SEND_S)
        place = {"topic": placed.topic, "partition": placed.partition, "offset": placed.offset}
        return {"event": event, **place}

    async def stream(self, request: Request) -> Response:
        """Server-sent events: `state` with the sections that changed, `list` as it is made."""
        user = request.query_params.get("user", "")[:64]
        return StreamingResponse(
            self._news(user),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    async def _news(self, user: str) -> AsyncIterator[bytes]:
        seen: dict[str, int] = {}
        loop = asyncio.get_running_loop()
        with self.feed.post.open(user) as box:
            present = self.feed.live.list_of(user)
            if present is not None:
                yield _sse("list", {**present, "stages": {}})
            while not self.closing.is_set():
                fresh = self.feed.board.news(seen)
                yield _sse("state", fresh) if fresh else b": \n\n"
                due = loop.time() + PUBLISH_S
                while (left := due - loop.time()) > 0:
                    with contextlib.suppress(TimeoutError):
                        yield _sse("list", await asyncio.wait_for(box.get(), left))


class Server(uvicorn.Server):
    """Ends the open streams when asked to stop: a browser would hold its own for ever."""

    def __init__(self, page: Page, host: str, port: int, names: Collection[str] = ()) -> None:
        self._page = page
        super().__init__(config(page.app({host, *names}), host, port))

    def handle_exit(self, sig: int, frame: Any) -> None:
        self._page.closing.set()
        super().handle_exit(sig, frame)


def serve(settings: Settings, host: str, port: int, names: Collection[str] = ()) -> None:
    """Serve the page until SIGINT or SIGTERM."""
    Server(Page(settings), host, port, names).run()


async def _body(request: Request) -> bytes | None:
    """The body; None where it is too large, which its announced length may say at once."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > MAX_BODY:
        hit(Bound.PAGE_BODY)
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            hit(Bound.PAGE_BODY)
            return None
    return body


def _sse(name: str, message: Message) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(message) + b"\n\n"


def _json(content: Message, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
