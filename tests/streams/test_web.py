"""A worker's web server: what it answers when all is well, when not, and when it cannot listen."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from recaug.errors import Failure
from streams import web as module
from streams.web import Check, Web, _is_ours, listening


def says(ok: bool, why: str) -> Check:
    async def check() -> tuple[bool, str]:
        return ok, why

    return check


async def hangs() -> tuple[bool, str]:
    await asyncio.sleep(3_600)
    return True, "never said"


async def fails() -> tuple[bool, str]:
    raise ConnectionError("the store is away\nand a second line")


async def readyz(**checks: Check) -> tuple[int, dict[str, dict[str, object]]]:
    web = Web(listening("127.0.0.1:0", "clean"), {}, lambda: b"", checks)
    await web.start()
    try:
        async with aiohttp.ClientSession() as client, client.get(f"{web.url}/readyz") as answer:
            told = await answer.json()
            assert told["ready"] == (answer.status == 200)
            return answer.status, told["checks"]
    finally:
        await web.stop()


async def test_one_check_that_fails_is_enough_and_is_named() -> None:
    status, told = await readyz(group=says(True, "2 partitions"), store=fails)
    assert status == 503
    assert told == {
        "group": {"ok": True, "why": "2 partitions"},
        "store": {"ok": False, "why": "the store is away"},
    }


async def test_a_check_that_hangs_is_no_reason_to_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECK_S", 0.05)
    status, told = await readyz(store=hangs)
    assert (status, told) == (503, {"store": {"ok": False, "why": "no answer within 0.05 s"}})


async def test_ready_is_when_every_check_passes() -> None:
    status, told = await readyz(group=says(True, "0 partitions"))
    assert status == 200 and told["group"]["ok"] is True


@pytest.fixture
async def taken() -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


async def test_a_port_that_is_taken_is_three_lines_and_a_way_out(taken: int) -> None:
    with pytest.raises(Failure) as refused:
        listening(f"127.0.0.1:{taken}", "learn")
    what, why, mend = refused.value.explain().splitlines()[:3]
    assert f"learn cannot serve its metrics on 127.0.0.1:{taken}" in what
    assert "in use" in why
    assert "RECAUG_METRICS_LISTEN=127.0.0.1:0" in mend


@pytest.mark.parametrize("address", ["9464", ":9464", "localhost:", "localhost:x", "h:65536"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Failure):
        listening(address, "clean")


async def test_addresses_of_either_kind_can_be_asked() -> None:
    with listening("[::1]:0", "clean") as listener:
        web = Web(listener, {}, lambda: b"", {})
        assert web.url == f"http://[::1]:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:9464", True),
        ("10.1.2.3", True),
        ("[::1]:9464", True),
        ("localhost:9464", True),
        ("recommend", True),
        ("evil.example:9464", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_only_names_that_nobody_can_own_are_answered(host: str, ours: bool) -> None:
    assert _is_ours(host) is ours
