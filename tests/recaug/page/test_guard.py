"""What the page refuses, over real HTTP: other sites, other names, floods, dawdlers."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.page import guard, protocol, server
from recaug.page.rate import Buckets, Rate, Seats, client_of
from recaug.page.server import Page
from recaug.settings import Settings
from tests.recaug.page.web import Client, serving

#: No event at all: a request that gets as far as the route is answered with 422.
NOTHING = b"{}"
REACHED = 422


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A page whose broker is away: what is refused never gets that far.

    Tests that use up what a client may do come from an address of their own. A bucket fills slowly
    here, or a slow machine would never see the end of it.
    """
    slow = replace(guard.EVENTS, per_s=0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guard, "EVENTS", slow)
        with serving(Page(Settings(kafka="127.0.0.1:1")), "shop.example") as client:
            yield client


def test_only_the_page_itself_may_post(client: Client) -> None:
    own = client.address
    assert client.post(NOTHING).status == REACHED  # no browser: a program of this machine
    assert client.post(NOTHING, Origin=own).status == REACHED
    assert client.post(NOTHING, Origin=own, Sec_Fetch_Site="same-origin").status == REACHED
    for other in ("http://elsewhere.example", "http://127.0.0.1:1", "null", "", f"{own}.example"):
        assert client.post(NOTHING, Origin=other).status == 403
    for site in ("cross-site", "same-site", "none"):
        assert client.post(NOTHING, Origin=own, Sec_Fetch_Site=site).status == 403


def test_other_sites_may_link_here_and_nothing_else(client: Client) -> None:
    assert client.get("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200
    assert client.get("/", Sec_Fetch_Site="none", Sec_Fetch_Mode="navigate").status == 200
    for path in ("/api/items", "/stream?user=a", "/static/app.js"):
        assert client.get(path, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="cors").status == 403
        assert client.get(path, Origin="http://elsewhere.example").status == 403


def test_a_name_pointed_here_is_not_this_page(client: Client) -> None:
    for host in (
        "elsewhere.example",
        "localhost.elsewhere.example",
        "127.0.0.1.example",
        "",
        "[x]",
    ):
        for path in ("/", "/api/items", "/static/app.js"):
            assert client.get(path, Host=host).status == 421, host
    for host in ("localhost", "LOCALHOST:8080", "localhost.", "127.0.0.1:80", "[::1]:8080"):
        assert client.get("/", Host=host).status == 200, host
    # Whoever posts from such a name has it as origin and as host, so that the two agree.
    both = {"Host": "elsewhere.example", "Origin": "http://elsewhere.example"}
    assert client.post(NOTHING, **both).status == 421


def test_two_hosts_are_none(client: Client) -> None:
    said = client.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: e.example\r\n\r\n")
    assert said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 421"))


def test_a_page_answers_to_the_names_it_was_given(client: Client) -> None:
    assert client.get("/", Host="shop.example").status == 200
    assert client.get("/", Host="Shop.Example:443").status == 200


def test_every_answer_carries_the_headers(client: Client) -> None:
    replies = [
        client.get("/"), client.get("/api/items"), client.get("/static/app.js"),
        client.get("/nothing"), client.post(NOTHING), client.get("/", Host="elsewhere.example"),
        client.post(b"x" * (server.MAX_BODY + 1)),
    ]  # fmt: skip
    assert [reply.status for reply in replies] == [200, 200, 200, 404, REACHED, 421, 413]
    for reply in replies:
        policy = reply.headers["content-security-policy"]
        assert "unsafe-inline" not in policy and "frame-ancestors 'none'" in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["x-frame-options"] == "DENY"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["cross-origin-resource-policy"] == "same-origin"
        assert reply.headers["access-control-allow-origin"] is None
        assert reply.headers["server"] is None


def test_nothing_of_the_page_is_inline() -> None:
    text = (server.STATIC / "index.html").read_text()
    assert "<style" not in text and "style=" not in text
    assert "<script>" not in text and " onclick" not in text and "javascript:" not in text


def test_a_body_that_is_too_large_is_not_waited_for(client: Client) -> None:
    head = b"POST /api/event HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    assert client.raw(head + b"Content-Length: 999999999\r\n\r\n").startswith(b"HTTP/1.1 413")
    chunk = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
    said = client.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + 2 * chunk)
    assert said.startswith(b"HTTP/1.1 413")


def test_a_flood_is_told_when_to_come_again(client: Client) -> None:
    flooder = replace(client, source="127.0.0.2")
    replies = [flooder.post(NOTHING) for _ in range(guard.EVENTS.burst * 2)]
    refused = [reply for reply in replies if reply.status == 429]
    assert {reply.status for reply in replies} == {REACHED, 429}
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].json()["error"] == "too many requests"
    # Looking is counted apart, and so is everybody else.
    assert flooder.get("/").status == 200
    assert client.post(NOTHING).status == REACHED


def test_what_a_client_says_of_itself_does_not_make_it_another(client: Client) -> None:
    flooder = replace(client, source="127.0.0.4")
    replies = [
        flooder.post(NOTHING, X_Forwarded_For=f"192.0.2.{number}")
        for number in range(guard.EVENTS.burst * 2)
    ]
    assert {reply.status for reply in replies} == {REACHED, 429}


def test_who_sends_too_slowly_is_let_go(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    monkeypatch.setattr(server, "BODY_S", 0.3)
    assert client.raw(b"") == b""
    assert client.raw(b"GET / HT") == b""
    head = b"POST /api/event HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n"
    assert client.raw(head + b"Connection: close\r\n\r\n{").startswith(b"HTTP/1.1 408")


def test_a_stream_outlives_the_patience_for_heads(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    with client.connect() as connection:
        connection.sendall(b"GET /stream?user=a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            assert connection.recv(65_536)


def test_windows_are_limited_and_a_closed_one_frees_its_place(client: Client) -> None:
    visitor = replace(client, source="127.0.0.3")

    def listen() -> tuple[socket.socket, bytes]:
        connection = visitor.connect()
        connection.sendall(b"GET /stream?user=a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return connection, connection.recv(12)

    opened = [listen() for _ in range(guard.STREAMS_OF_ONE + 1)]
    said = [first for _, first in opened]
    assert said == [b"HTTP/1.1 200"] * guard.STREAMS_OF_ONE + [b"HTTP/1.1 429"]
    for connection, _ in opened:
        connection.close()
    again = b""
    while again != b"HTTP/1.1 200":  # the server learns of a closed window at its next news
        connection, again = listen()
        connection.close()


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 5), st.floats(0.5, 20))
def test_no_client_gets_more_than_its_rate(gaps: list[float], burst: int, per_s: float) -> None:
    buckets, now, passed = Buckets(Rate(per_s, burst)), 0.0, 0
    for gap in gaps:
        now += gap
        passed += buckets.take("a", now) == 0
    assert passed <= burst + now * per_s + 1e-6
    assert passed >= min(len(gaps), burst)


def test_who_waits_as_told_is_let_through() -> None:
    buckets = Buckets(Rate(2.0, 1))
    assert buckets.take("a", 0.0) == 0
    wait_s = buckets.take("a", 0.0)
    assert wait_s == 0.5
    assert buckets.take("b", 0.0) == 0  # another client is not held up
    assert buckets.take("a", wait_s) == 0


def test_clients_are_forgotten_beyond_a_number() -> None:
    buckets = Buckets(Rate(1.0, 1), clients=10)
    for number in range(1_000):
        buckets.take(f"10.0.{number // 250}.{number % 250}", 0.0)
    assert len(buckets) == 10


def test_seats_are_given_back() -> None:
    seats = Seats(most=2, per_client=1)
    with seats.take("a") as first, seats.take("a") as second, seats.take("b") as third:
        assert (first, second, third) == (True, False, True)
        with seats.take("c") as fourth:
            assert not fourth
    with seats.take("a") as first, seats.take("c") as second:
        assert (first, second) == (True, True)


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff::1", "2001:db8:0:1::/64"),
        ("", ""),
    ],
)
def test_a_host_is_one_client_whichever_address_it_takes(address: str, client: str) -> None:
    assert client_of(address) == client
