"""Connect a kafka-python client, or say in words why that cannot be done."""

from __future__ import annotations

import socket
import time
from typing import Any

from kafka.errors import KafkaError, KafkaTimeoutError

from recaug.errors import Unreachable

CONNECT_S = 10.0


def connect(client: Any, bootstrap: str, timeout_s: float, **options: Any) -> Any:
    """Make a `client` (one of kafka-python's classes) for these bootstrap servers.

    :raises Unreachable: no broker answered within `timeout_s`.
    """
    _await_port(bootstrap, timeout_s)
    try:
        return client(
            bootstrap_servers=[server.strip() for server in bootstrap.split(",")],
            bootstrap_timeout_ms=int(timeout_s * 1_000),
            **options,
        )
    except KafkaTimeoutError as error:
        raise unreachable(bootstrap, f"no answer within {timeout_s:g} s") from error
    except (KafkaError, OSError) as error:
        raise unreachable(bootstrap, f"{type(error).__name__}: {error}") from error


def _await_port(bootstrap: str, timeout_s: float) -> None:
    """Wait until one of the servers accepts connections.

    kafka-python would wait as well, but it leaves its half-open sockets to the garbage collector.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        for server in bootstrap.split(","):
            try:
                socket.create_connection(_host_and_port(server), timeout_s).close()
            except (OSError, ValueError) as error:
                why = str(error)
            else:
                return
        if time.monotonic() >= deadline:
            raise unreachable(bootstrap, f"{why} (tried for {timeout_s:g} s)")
        time.sleep(0.05)


def _host_and_port(server: str) -> tuple[str, int]:
    host, _, port = server.strip().rpartition(":")
    return host.strip("[]"), int(port)


def unreachable(bootstrap: str, why: str) -> Unreachable:
    """The error for a broker that does not answer, with what to type."""
    return Unreachable(
        f"Kafka at {bootstrap} does not answer",
        why,
        "start everything with: recaug up   (or name your broker: --kafka HOST:PORT)",
    )
