"""kafka-python 3.0 drops a socket that is still connecting when its client is closed.

The garbage collector closes it, with a warning, in the middle of whatever test runs by then. Those
alone are closed in silence here; one that was connected and is then dropped is still an error.
"""

from __future__ import annotations

import socket
import warnings
from typing import Any

from kafka.net.inet import KafkaNetSocket


class HalfOpen(socket.socket):
    """A socket that minds being dropped once it has been connected."""

    connected = False

    def __del__(self) -> None:
        if self.connected and self.fileno() != -1:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)
        self.close()


def forgive() -> None:
    """Let kafka-python open such sockets from now on."""
    connect = KafkaNetSocket.sock_connect

    async def noted(self: Any, net: Any, sock: HalfOpen, *args: Any, **options: Any) -> HalfOpen:
        await connect(self, net, sock, *args, **options)
        sock.connected = True
        return sock

    KafkaNetSocket.sock_connect = noted
    KafkaNetSocket.socket = lambda _, *how: HalfOpen(*how)
