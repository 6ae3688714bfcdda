"""What a client of Kafka leaves behind: forgiven while it connects, an error afterwards."""

from __future__ import annotations

import socket

import pytest
from kafka.net.inet import KafkaNetSocket

from recaug.local.ports import HOST


def test_one_that_never_connected_goes_in_silence() -> None:
    factory = KafkaNetSocket()
    held = factory.socket(socket.AF_INET, socket.SOCK_STREAM)
    number = held.fileno()
    assert number > 0
    del held
    again = factory.socket(socket.AF_INET, socket.SOCK_STREAM)
    assert again.fileno() == number  # it was closed, so the number is free
    again.close()


async def test_one_that_was_connected_does_not() -> None:
    factory = KafkaNetSocket()
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        held = factory.socket(socket.AF_INET, socket.SOCK_STREAM)
        assert await factory.sock_connect(None, held, server.getsockname()) is held
        with pytest.warns(ResourceWarning, match="unclosed"):
            del held
