"""An exporter's real server, for tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from recaug.exporter.server import Exporter, server
from recaug.exporter.watch import Watch
from recaug.local.ports import free_port
from recaug.settings import Settings
from tests.recaug.page.web import Client, running


@contextmanager
def exporting(settings: Settings, *names: str) -> Iterator[Client]:
    """Run an exporter that samples every second until the test is over."""
    port = free_port()
    exporter = Exporter(Watch(settings, 1.0, "c"), "1.2.3")
    with running(server(exporter, "127.0.0.1", port, names)):
        yield Client(f"http://127.0.0.1:{port}")


def until(client: Client, path: str, status: int, within_s: float = 40.0) -> None:
    """Ask until the answer has this status."""
    deadline = time.monotonic() + within_s
    while (reply := client.get(path)).status != status:
        assert time.monotonic() < deadline, reply.body
        time.sleep(0.1)
