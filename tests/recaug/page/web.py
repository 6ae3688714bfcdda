"""A page's real server, and a client that talks to it over HTTP."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from typing import Any

import uvicorn

from recaug.local.ports import free_port
from recaug.page.server import Page, Server


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Message[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Client:
    """Talks to a page over HTTP."""

    address: str
    source: str = "127.0.0.1"

    def connect(self, wait_s: float = 20.0) -> socket.socket:
        host, _, port = self.address.removeprefix("http://").partition(":")
        return socket.create_connection((host, int(port)), wait_s, (self.source, 0))

    def get(self, path: str, **headers: str) -> Reply:
        """Header names are written with underscores."""
        return self._ask("GET", path, None, headers)

    def post(self, body: bytes, **headers: str) -> Reply:
        return self._ask("POST", "/api/event", body, headers)

    def raw(self, message: bytes) -> bytes:
        """Everything the server says to these bytes until it closes the connection."""
        with self.connect() as connection:
            connection.sendall(message)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        place = self.address.removeprefix("http://")
        connection = HTTPConnection(place, timeout=20, source_address=(self.source, 0))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(connection):
            connection.request(method, path, body, named)
            reply = connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read())


@contextmanager
def serving(page: Page, *names: str) -> Iterator[Client]:
    """Run the page's real server until the test is over."""
    port = free_port()
    with running(Server(page, "127.0.0.1", port, names)):
        try:
            yield Client(f"http://127.0.0.1:{port}")
        finally:
            page.closing.set()


@contextmanager
def running(server: uvicorn.Server) -> Iterator[None]:
    """Run a server in a thread until it is told to stop."""
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
