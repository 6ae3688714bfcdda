"""What the three services share: a Faust app with safe settings, and how one is run.

Every setting that departs from Faust's default names the failure it prevents.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import faust
import uvloop
from faust.types import TP
from faust.types.auth import CredentialsT

from recaug import bounds
from recaug.security import MECHANISM, Broker, ssl_context
from recaug.settings import Settings
from streams.agent import die, run
from streams.logs import config, logger
from streams.telemetry import Telemetry
from streams.transport import Batch, BatchSchema, Owner, Transport
from streams.watchdog import Progress, watch
from streams.web import Web

if TYPE_CHECKING:
    from streams.traces import Traces

log = logger(__name__)

#: Most records one poll may bring: bounds a batch's time and memory.
MAX_POLL_RECORDS = 5_000

#: Seconds between two looks at which limits were met.
REPORT_S = 30.0


class App(faust.App):  # type: ignore[misc]
    """A Faust app that ends its process at once when a part of it crashes.

    Faust would stop in order first, and its last commit waits for a consumer thread that is gone:
    the process would live on and do nothing.
    """

    telemetry: Telemetry
    web: Web | None = None

    async def on_start(self) -> None:
        await super().on_start()
        if self.web is not None:
            await self.web.start()

    async def on_stop(self) -> None:
        await super().on_stop()
        if self.web is not None:
            await self.web.stop()

    def _crash(self, reason: BaseException) -> None:
        log.critical("a part of the worker crashed", exc_info=reason)
        die("the worker cannot go on")


def create_app(service: str, settings: Settings) -> faust.App:
    """A Faust app whose consumer group is the service's; no connection is made yet."""
    broker = settings.broker
    app = App(
        settings.group(service),
        broker=[f"kafka://{server.strip()}" for server in broker.servers.split(",")],
        broker_credentials=_credentials(broker),
        value_serializer="raw",
        key_serializer="raw",
        store="memory://",
        # No tables: recovery races with commits, and standbys choose another assignor.
        table_standby_replicas=0,
        # Topics are made by ensure_topics with our retention; Faust would guess.
        topic_allow_declare=False,
        topic_disable_leader=True,
        # False would acknowledge the batch in hand when stopped.
        stream_wait_empty=True,
        consumer_auto_offset_reset="earliest",
        # Faust's 2.8 s shows thousands of "lag" for a healthy group.
        broker_commit_interval=1.0,
        broker_max_poll_records=MAX_POLL_RECORDS,
        broker_session_timeout=10,
        broker_heartbeat_interval=2,
        broker_request_timeout=30,
        broker_rebalance_timeout=45,
        # A restart within the session keeps its partitions: no rebalance (KIP-345).
        consumer_group_instance_id=f"{service}-{settings.worker}" if settings.worker else None,
        producer_acks=-1,
        producer_request_timeout=30,
        web_enabled=False,
        worker_redirect_stdouts=False,
        datadir=settings.data_dir / f"faust-{service}",
    )
    app.transport = Transport(app.conf.broker_consumer, app)
    app.telemetry = Telemetry(service, _traces(settings, service))
    app.timer(REPORT_S)(_report)
    return app


def _traces(settings: Settings, service: str) -> Traces | None:
    if not settings.traces:
        return None
    from streams.traces import open_traces  # only who traces pays for OpenTelemetry

    return open_traces(settings, service)


async def _report() -> None:
    bounds.report()


def _credentials(broker: Broker) -> CredentialsT | None:
    if broker.security == "plaintext":
        return None
    # Without a context Faust would fall back to plaintext and say nothing.
    context = ssl_context(broker.ca)
    if broker.security == "ssl":
        return faust.SSLCredentials(context=context)
    return faust.SASLCredentials(
        username=broker.username,
        password=broker.password.get_secret_value(),
        mechanism=MECHANISM,
        ssl_context=context,
    )


def add_agent(
    app: faust.App,
    topics: list[str],
    handle: Callable[[Batch], Awaitable[None]],
    owner: Owner | None = None,
) -> None:
    """The app's one agent: every batch of `topics` goes to `handle` (see `streams.agent`)."""
    progress = Progress()
    app.transport.owner = owner

    async def observed(batch: Batch) -> None:
        app.telemetry.taken(batch)
        await handle(batch)
        app.telemetry.settled(batch)

    async def agent(stream: Any) -> None:
        await run(stream, observed, progress)

    app.agent(app.topic(*topics, schema=BatchSchema()), name=app.conf.id)(agent)

    # Not on_worker_init: only Faust's own command sends that.
    @app.task  # type: ignore[untyped-decorator]
    async def _watch() -> None:
        watch(
            progress,
            lambda: bool(list(app.consumer.unread())),
            lambda: app.consumer.uncommitted_s(),
        )


def announce_ready(app: faust.App, service: str, **facts: Any) -> None:
    """Print one JSON line when partitions are assigned, for whoever started us."""

    @app.on_partitions_assigned.connect  # type: ignore[untyped-decorator]
    async def _ready(_: Any, assigned: set[TP], **__: Any) -> None:
        told = {"ready": True, "service": service, "partitions": len(assigned), **facts}
        if app.web is not None:
            told["metrics"] = app.web.url
        print(json.dumps(told), flush=True)  # noqa: T201 - the supervisor reads it


def run_worker(app: faust.App, service: str, settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; returns after the last batch is settled and committed."""
    # What is loaded stays; a batch makes thousands of tuples, none of them in a cycle.
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    # Most of what a small batch costs is the loop's own work.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    settings.data_dir.mkdir(parents=True, exist_ok=True)  # Faust makes its own below, not this
    worker = faust.Worker(
        app, loglevel=settings.log_level, redirect_stdouts=False,
        logging_config=config(settings, service), quiet=True,
    )  # fmt: skip
    try:
        worker.execute_from_commandline()
    finally:
        bounds.report()
        if app.telemetry.traces is not None:
            app.telemetry.traces.close()
