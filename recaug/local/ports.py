"""Find a TCP port that nobody listens on, and keep it for a server that may be restarted."""

from __future__ import annotations

import fcntl
import socket
import tempfile
from pathlib import Path
from typing import IO

from recaug.errors import Failure

HOST = "127.0.0.1"
HIGHEST = 65_535


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Without it a port whose connections are in TIME_WAIT looks taken for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def refuse_taken(who: str, host: str, port: int, command: str) -> None:
    """Raises Failure where `who` cannot listen there; `command` and another port may mend it."""
    if not is_free(port, host):
        raise Failure(
            f"{who} cannot listen on {host}:{port}",
            "another program does, or the address is not this machine's",
            command.format(port + 1 if port < HIGHEST else port - 1),
        )


def free_port(preferred: int | None = None, host: str = HOST) -> int:
    """Return `preferred` when it is free, else one that the system picks."""
    if preferred is not None and is_free(preferred, host):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int, host: str = HOST, timeout_s: float = 1.0) -> bool:
    """Whether somebody accepts connections on `port`."""
    try:
        socket.create_connection((host, port), timeout_s).close()
    except OSError:
        return False
    return True


def claim(port: int) -> IO[bytes] | None:
    """Keep `port` from others who claim it, until the file returned is closed; None: it is kept.

    A broker that restarts leaves its port free for seconds. Were another instance to take it, the
    services of this one would go on with that one's topics.
    """
    try:
        held = (Path(tempfile.gettempdir()) / f"recaug-port-{port}.lock").open("ab")
    except OSError:  # another person's
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        return None
    return held
