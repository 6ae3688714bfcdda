"""How a worker says how it is: pulses on Kafka, and its own web server where one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import faust

from recaug.local.banner import version as program
from recaug.settings import Settings
from streams.pulses import Pulses
from streams.web import Check, Web, listening


def report(
    app: faust.App,
    service: str,
    settings: Settings,
    checks: Mapping[str, Check],
    version: Callable[[], str] = str,
) -> None:
    """Send pulses, and answer at RECAUG_METRICS_LISTEN, for as long as the app runs.

    :param checks: what must be well for the worker to be ready, beside its place in the group.
    :param version: of the model in use.
    :raises Failure: the address cannot be had.
    """
    telemetry = app.telemetry
    telemetry.metrics.standing = lambda: app.consumer.standing()
    _follow_the_group(app)
    pulses = Pulses(
        settings, service, telemetry.effort, lambda: len(app.consumer.standing()), version
    )
    app.task(pulses.beat)
    app.on_before_shutdown.connect(lambda *_, **__: pulses.close(), weak=False)
    if settings.metrics_listen:
        about = {"service": service, "version": program(), "worker": settings.worker}
        every = {"group": _group(app), **checks}
        listener = listening(settings.metrics_listen, service)
        app.web = Web(listener, about, telemetry.metrics.page, every)


def _follow_the_group(app: faust.App) -> None:
    telemetry = app.telemetry

    async def assigned(*_: Any, **__: Any) -> None:
        telemetry.rebalanced()

    async def revoked(*_: Any, **__: Any) -> None:
        telemetry.joined = False

    app.on_partitions_assigned.connect(assigned, weak=False)
    app.on_partitions_revoked.connect(revoked, weak=False)


def _group(app: faust.App) -> Check:
    """A worker with no partition is ready too: there are more workers than partitions."""

    async def check() -> tuple[bool, str]:
        if not app.telemetry.joined:
            return False, "the group has not said which partitions are this worker's"
        return True, f"{len(app.consumer.standing())} partitions"

    return check


def known(name: str, is_known: Callable[[], bool]) -> Check:
    """A check that what must be read first has been read."""

    async def check() -> tuple[bool, str]:
        return (True, "read") if is_known() else (False, f"{name} are still being read")

    return check
