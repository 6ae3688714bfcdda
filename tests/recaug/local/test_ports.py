from __future__ import annotations

import socket

from recaug.local.ports import HOST, claim, free_port, is_free, listens


def test_a_taken_port_is_not_chosen() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert listens(port)
        chosen = free_port(port)
        assert chosen != port
        assert is_free(chosen)
    assert not listens(port)


def test_a_free_port_is_kept() -> None:
    port = free_port()
    assert free_port(port) == port


def test_a_claimed_port_is_nobody_elses_until_it_is_given_back() -> None:
    port = free_port()
    held = claim(port)
    assert held is not None
    assert claim(port) is None
    held.close()
    again = claim(port)
    assert again is not None
    again.close()
