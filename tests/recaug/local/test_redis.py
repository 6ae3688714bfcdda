"""The real server: durability, a deep directory, damage."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from recaug.errors import Failure
from recaug.local.redis import SOCKET_PATH_MAX, LocalRedis, answers, socket_path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalRedis]:
    one = LocalRedis(tmp_path / "redis")
    yield one
    one.stop()


def ask(store: LocalRedis, command: str) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(store.socket))
        client.sendall(command.encode() + b"\r\n")
        return client.recv(1_024).decode()


def test_what_was_written_outlives_a_stop_and_a_kill(store: LocalRedis) -> None:
    assert store.start() == f"unix://{store.socket}"
    assert ask(store, "SET a 1") == "+OK\r\n"
    store.stop()
    assert not answers(store.socket)
    store.start()
    assert ask(store, "GET a") == "$1\r\n1\r\n"
    store.kill()
    store.start()
    assert ask(store, "GET a") == "$1\r\n1\r\n"


def test_a_wiped_store_is_empty(store: LocalRedis) -> None:
    store.start()
    ask(store, "SET a 1")
    store.kill(wipe=True)
    store.start()
    assert ask(store, "GET a") == "$-1\r\n"


def test_state_is_never_evicted(store: LocalRedis) -> None:
    store.start()
    assert "noeviction" in ask(store, "CONFIG GET maxmemory-policy")
    assert "yes" in ask(store, "CONFIG GET appendonly")


def test_a_directory_too_deep_for_a_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    assert len(bytes(socket_path(deep))) <= SOCKET_PATH_MAX
    assert socket_path(deep) == socket_path(deep) != socket_path(tmp_path / ("e" * 100))
    store = LocalRedis(deep)
    try:
        store.start()
        assert ask(store, "PING") == "+PONG\r\n"
    finally:
        store.stop()


def test_a_damaged_file_is_a_failure_that_says_why(store: LocalRedis) -> None:
    store.start()
    ask(store, "SET a 1")
    store.stop()
    (store.directory / "appendonly.aof").write_bytes(b"*3\r\n$3\r\nnonsense\r\n")
    with pytest.raises(Failure, match="Redis did not start") as failed:
        store.start()
    assert failed.value.why
    assert store.process is None
