"""What threads put on the board and what a window gets of it."""

from __future__ import annotations

import asyncio
import threading

from recaug.page.board import MAILBOX, Board, Post


def test_only_what_is_new_since_the_last_look_is_news() -> None:
    board, seen = Board(), dict[str, int]()
    board.put("lag", [1])
    board.put("now", {"events": 3})
    assert board.news(seen) == {"lag": [1], "now": {"events": 3}}
    assert board.news(seen) == {}
    board.put("lag", [1])
    assert board.news(seen) == {}
    board.put("lag", [2])
    assert board.news(seen) == {"lag": [2]}


def test_a_section_that_is_empty_from_the_start_is_news_once() -> None:
    board, seen = Board(), dict[str, int]()
    board.put("pairs", None)
    assert board.news(seen) == {"pairs": None}
    assert board.news(seen) == {}


async def test_every_window_of_a_user_gets_it_and_nobody_else() -> None:
    post = Post()
    with post.open("you") as one, post.open("you") as two, post.open("other") as third:
        thread = threading.Thread(target=post.deliver, args=("you", {"n": 1}))
        thread.start()
        assert await asyncio.wait_for(one.get(), 5) == {"n": 1}
        assert await asyncio.wait_for(two.get(), 5) == {"n": 1}
        assert third.empty()
        thread.join()


async def test_a_window_that_does_not_read_is_not_waited_for() -> None:
    post = Post()
    with post.open("you") as box:
        for number in range(MAILBOX + 20):
            post.deliver("you", {"n": number})
        await asyncio.sleep(0)
        assert box.qsize() == MAILBOX


async def test_a_closed_window_gets_nothing() -> None:
    post = Post()
    with post.open("you") as box:
        pass
    post.deliver("you", {"n": 1})
    await asyncio.sleep(0)
    assert box.empty()
