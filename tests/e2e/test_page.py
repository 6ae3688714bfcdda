"""The page in a real browser on a whole instance: your click changes your list."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from recaug.kafka import producer, read
from tests.e2e.house import House, until

pytestmark = pytest.mark.e2e

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")

#: As root it needs --no-sandbox; the rest keeps it from calling home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

#: The machine may be busy; what is tested is what happens, not how fast.
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("page"), "--traffic", "simulate:30") as house:
        until(lambda: house.running["page"] is not None, 60.0, house._explain)
        yield house


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor of their own: nothing is remembered from another test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, house: House) -> Iterator[Page]:
    """The shop with items in it; errors in the page's own scripts fail the test."""
    expect.set_options(timeout=PATIENCE_MS)
    page, wrong = context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(house.running["page"])
    expect(page.locator(".card").first).to_be_visible()
    yield page
    assert wrong == []


def order(page: Page) -> list[str]:
    """Items of your list, the first one first."""
    return [row.get_attribute("data-item") or "" for row in page.locator("#rows .row").all()]


def act(page: Page, target: str, nth: int = 0) -> None:
    """Click something and wait for the list that answers it."""
    page.locator(target).nth(nth).click()
    expect(page.locator("#watch")).to_have_attribute("data-state", "done")


def test_your_click_changes_your_list(page: Page) -> None:
    expect(page.locator("#rows .row")).to_have_count(10)
    expect(page.locator("#list-title")).to_have_text("Popular now")
    act(page, ".card .open")
    expect(page.locator("#list-title")).to_have_text("Your list")
    before = order(page)
    assert len(before) == len(set(before)) == 10
    # What you have seen is not recommended again: clicking the first row must take it out.
    act(page, "#rows .pick")
    expect(page.locator(f"#rows [data-item='{before[0]}']")).to_have_count(0)
    assert order(page) != before


def test_every_row_says_why_and_the_stopwatch_says_how_long(page: Page) -> None:
    act(page, ".card .open", 1)
    reasons = page.locator("#rows .why").all_inner_texts()
    assert len(reasons) == 10
    assert all(reasons)
    assert re.fullmatch(r"[\d,.]+", page.locator("#time").inner_text())
    parts = page.locator("#legend").inner_text()
    named = set(re.findall(r"[a-zA-Z][a-zA-Z ]+(?=\s*\d)", parts))
    assert {"browser", "into Kafka", "out of Kafka"} <= named
    # The page may read the answer before the clean event: then it cannot tell these two apart.
    assert named - {"browser", "into Kafka", "out of Kafka"} in ({"clean", "recommend"}, set())


def test_the_page_draws_how_good_the_lists_were(page: Page) -> None:
    """By what the simulated shoppers did next; the same figures are in the table and `/metrics`."""
    expect(page.locator("#quality-chart .line.quality.served")).to_have_count(1)
    expect(page.locator("#quality-chart .line.quality.popularity")).to_have_count(1)
    expect(page.locator("#quality-keys")).to_contain_text("popular items")
    assert int(page.locator("#quality-versions td.num").first.inner_text().replace(",", "")) > 0
    reply = page.request.get(urljoin(page.url, "/metrics"))
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'recaug_prequential_hits_total{version="' in reply.text()


def test_a_search_filters_the_shop_and_is_a_real_event(page: Page, house: House) -> None:
    word = page.locator(".card .title").first.inner_text().split()[0]
    page.locator("#term").fill(word)
    page.keyboard.press("Enter")
    expect(page.locator("#watch")).to_have_attribute("data-state", "done")
    shown = page.locator(".card").all_inner_texts()
    assert shown
    assert all(word.lower() in text.lower() for text in shown)
    user = page.evaluate("localStorage.getItem('recaug.user')")
    searches = list(read(house.running["kafka"], ["searches"]))
    mine = [json.loads(one.value or b"") for one in searches if one.key == user.encode()]
    assert [event["search_term"] for event in mine] == [word]


def test_it_works_from_the_keyboard(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.locator("#term")).to_be_focused()
    page.locator(".card .open").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#watch")).to_have_attribute("data-state", "done")
    page.locator(".card .like").nth(3).focus()
    page.keyboard.press("Space")
    expect(page.locator(".card .like").nth(3)).to_have_attribute("aria-pressed", "true")


def test_starting_over_makes_you_somebody_else(page: Page) -> None:
    act(page, ".card .open")
    user = page.evaluate("localStorage.getItem('recaug.user')")
    page.locator("#fresh").click()
    assert page.evaluate("localStorage.getItem('recaug.user')") != user
    expect(page.locator(".card.clicked")).to_have_count(0)
    expect(page.locator("#list-title")).to_have_text("Popular now")


def test_lag_is_said_in_words_for_every_service(page: Page) -> None:
    expect(page.locator("#lag tbody b")).not_to_have_count(0)
    text = page.locator("#lag").inner_text()
    assert all(service in text for service in ("clean", "learn", "recommend"))
    for verdict in page.locator("#lag .verdict").all_inner_texts():
        assert re.match(r"\S+\s*(OK|WARN|REWIND|STALL|STOP|LOST) \w+", verdict), verdict
    expect(page.locator("#kafka")).to_have_text("live")


def test_a_title_that_holds_markup_is_text(page: Page, house: House) -> None:
    client = producer(house.running["kafka"], linger_ms=0)
    title = "<img src=x onerror=\"document.title='owned'\">Tent"
    document = {"item_id": "evil", "timestamp": 1_764_000_000_000, "name": title}
    client.send("items", key=b"evil", value=json.dumps(document).encode()).get(10)
    client.close()
    page.locator("#term").fill("onerror")
    expect(page.locator(".card .title")).to_have_text([title])
    act(page, ".card .open")
    assert page.title() == "recaug"
    assert page.locator("img").count() == 0


def test_nothing_is_loaded_from_elsewhere(context: BrowserContext, house: House) -> None:
    asked = list[str]()
    page = context.new_page()
    page.on("request", lambda request: asked.append(urlsplit(request.url).netloc))
    page.goto(house.running["page"])
    expect(page.locator(".card").first).to_be_visible()
    assert set(asked) == {urlsplit(house.running["page"]).netloc}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_whole(browser: Browser, house: House, scheme: str) -> None:
    visitor = browser.new_context(
        viewport={"width": 390, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    visitor.set_default_timeout(PATIENCE_MS)
    phone = visitor.new_page()
    phone.goto(house.running["page"])
    act(phone, ".card .open")
    # Nothing may stick out at the side, and the newest answer is in sight without scrolling.
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    expect(phone.locator("#dock-time")).to_contain_text("ms")
    expect(phone.locator("#dock")).to_be_in_viewport()
    visitor.close()
