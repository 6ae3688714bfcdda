"""`recaug page` in a process of its own: it starts, answers, and stops when told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from recaug.local.ports import free_port, listens
from recaug.settings import Settings
from tests.recaug.cli.shell import Shell


def test_it_serves_until_it_is_told_to_stop(settings: Settings) -> None:
    port = free_port()
    env = {**os.environ, "RECAUG_KAFKA": settings.kafka, "RECAUG_PREFIX": settings.prefix}
    command = [sys.executable, "-m", "recaug", "page", "--port", str(port)]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not listens(port):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        address = f"http://127.0.0.1:{port}"
        with urllib.request.urlopen(f"{address}/stream?user=you-abcdef", timeout=20) as stream:
            assert stream.readline() == b"event: state\n"
            # A browser keeps its stream open: it must not keep the page from stopping.
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in (0, -signal.SIGTERM)
        assert process.stderr is not None
        assert address in process.stderr.read().decode()


def test_a_port_that_is_taken_says_what_to_type(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = shell.run("page", "--port", str(port))
    assert done.code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in done.err
    assert "recaug page --port" in done.err
