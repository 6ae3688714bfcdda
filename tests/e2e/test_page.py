"""The page in a real browser on a whole instance: your click changes your list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from recaug.kafka import producer, read
from tests.e2e.browser import PHONE, act, barriers, chromium, done, order, shopping, user, visitor
from tests.e2e.house import House, until
from tests.recaug.page.records import answer

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("page"), "--traffic", "simulate:30") as house:
        until(lambda: house.running["page"] is not None, 60.0, house._explain)
        yield house


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with visitor(browser) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, house: House) -> Iterator[Page]:
    with shopping(context, house.running["page"]) as page:
        yield page


def publish(house: House, topic: str, key: str, value: Any) -> None:
    """Write a record as somebody outside does."""
    client = producer(house.running["kafka"], linger_ms=0)
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    client.send(topic, key=key.encode(), value=body).get(10)
    client.close()


def published(house: House, topic: str, by: str) -> list[Any]:
    """The events of one user on a topic, in order."""
    records = read(house.running["kafka"], [topic])
    return [json.loads(one.value or b"") for one in records if one.key == by.encode()]


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


def test_a_reason_names_what_you_did(page: Page, house: House) -> None:
    """The list is written here as a model's is: the one of this instance may not be learned yet."""
    liked = page.locator(".card").nth(2)
    act(page, ".card .like", 2)
    item, title = liked.get_attribute("data-item"), liked.locator(".title").inner_text()
    made = answer("elsewhere", "sku-10001", because=item)
    publish(house, "recommendations", user(page), made)
    expect(page.locator("#rows .why")).to_have_text([f"because you liked {title}"])


def test_a_search_steers_the_list_by_its_words(page: Page) -> None:
    """recommend reads words once the encoder is loaded and knows an item's once it has encoded it,
    which may be after the start."""
    first = page.locator("#rows .row").first

    def is_understood() -> bool:
        page.locator("#fresh").click()
        page.locator("#term").fill("")
        page.locator("#term").fill("sleeping bag")
        page.keyboard.press("Enter")
        done(page)
        why = first.locator(".why").inner_text()
        understood = why == "matches your search “sleeping bag”"
        return understood and "Sleeping Bag" in first.locator(".title").inner_text()

    until(is_understood, 60.0, lambda: f"the first row says: {first.inner_text()}")


def test_a_search_filters_the_shop_and_is_a_real_event(page: Page, house: House) -> None:
    word = page.locator(".card .title").first.inner_text().split()[0]
    page.locator("#term").fill(word)
    page.keyboard.press("Enter")
    done(page)
    shown = page.locator(".card").all_inner_texts()
    assert shown
    assert all(word.lower() in text.lower() for text in shown)
    mine = published(house, "searches", user(page))
    assert [event["search_term"] for event in mine] == [word]


def test_items_brands_and_people_are_liked_shared_and_followed(page: Page, house: House) -> None:
    card, person = page.locator(".card").nth(1), page.locator("#people li").first
    expect(person).to_be_visible()
    someone = person.get_attribute("data-user") or ""
    item = card.get_attribute("data-item")
    brand = card.locator(".brand").inner_text()
    follow = page.locator(f"#people li[data-user='{someone}'] .follow")
    for button, words in (
        (card.locator(".like"), "You liked"),
        (card.locator(".share"), "You shared"),
        (card.locator(".follow"), f"You follow {brand}"),
        (follow, f"You follow {someone}"),
        (follow, f"You no longer follow {someone}"),
    ):
        button.click()
        expect(page.locator("#told")).to_contain_text(words)
        done(page)
    expect(card.locator(".like")).to_have_attribute("aria-pressed", "true")
    expect(card.locator(".follow")).to_have_text("Following")
    expect(follow).to_have_text("Follow")
    sent = published(house, "social", user(page))
    assert [(e["event"], e["target_type"], e["target_id"], e.get("undo")) for e in sent] == [
        ("like", "item", item, None),
        ("share", "item", item, None),
        ("follow", "brand", brand, None),
        ("follow", "user", someone, None),
        ("follow", "user", someone, True),
    ]


def test_an_event_is_opened_copied_and_closed_from_the_keyboard(
    page: Page, context: BrowserContext, house: House
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    act(page, ".card .open", 3)
    page.locator("#see").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pair-title")).to_have_text(f"click by {user(page)}")
    sent = published(house, "clickstream", user(page))[0]
    shown, answered = page.locator("#pair pre").all_inner_texts()
    assert json.loads(shown)["event_id"] == sent["event_id"]
    assert json.loads(answered)["source_event"]["event_id"] == sent["event_id"]
    for kind, words in (
        ("kcat", "kcat -P -b "),
        ("python", "from recaug.producer import Producer"),
    ):
        page.locator(f"[data-copy={kind}]").click()
        expect(page.locator(f"[data-copy={kind}]")).to_have_text("Copied ✓")
        assert words in page.evaluate("navigator.clipboard.readText()")
    page.keyboard.press("Escape")
    expect(page.locator("#pair")).not_to_be_visible()
    expect(page.locator("#see")).to_be_focused()
    page.locator("#pairs button").first.click()
    expect(page.locator("#pair pre")).to_have_count(2)


def test_the_page_draws_how_good_the_lists_were(page: Page) -> None:
    """By what the simulated shoppers did next; the same figures are in the table and `/metrics`."""
    expect(page.locator("#quality-chart .line.quality.served")).to_have_count(1)
    expect(page.locator("#quality-chart .line.quality.popularity")).to_have_count(1)
    expect(page.locator("#quality-keys")).to_contain_text("popular items")
    assert int(page.locator("#quality-versions td.num").first.inner_text().replace(",", "")) > 0
    reply = page.request.get(urljoin(page.url, "/metrics"))
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'recaug_prequential_hits_total{version="' in reply.text()


def test_every_fine_tune_is_on_the_timeline_with_what_the_gate_saw(
    page: Page, house: House
) -> None:
    figures = {"challenger": 0.1234, "champion": 0.2345, "popularity": 0.0123}
    refused = {
        "name": "main", "version": "20200101T000000000-0badcafe", "promoted": False,
        "created_at": "2020-01-01T00:00:00Z", "reason": "loses to the champion",
        "events": 5_000, "train_seconds": 7.5, "device": "cpu",
        "metrics": {name: {"ndcg@10": value} for name, value in figures.items()},
    }  # fmt: skip
    publish(house, "recaug.models", f"main/{refused['version']}", refused)
    row = page.locator("#attempts tr").filter(has_text="0badcafe")
    for text in ("5,000", "0.1234", "0.2345", "0.0123", "7.5 s", "✕not promoted"):
        expect(row).to_contain_text(text)
    assert page.locator("#timeline .mark.refused").count() >= 1
    expect(page.locator("#keys")).to_contain_text("popularity")


def test_lag_is_said_in_words_for_every_service_and_every_partition(page: Page) -> None:
    expect(page.locator("#lag tbody b")).not_to_have_count(0)
    text = page.locator("#lag").inner_text()
    assert all(service in text for service in ("clean", "learn", "recommend"))
    for verdict in page.locator("#lag .verdict").all_inner_texts():
        assert re.match(r"\S+\s*(OK|WARN|REWIND|STALL|STOP|LOST) \w+", verdict), verdict
    expect(page.locator("#kafka")).to_have_text("live")
    strips = page.locator("#strips > li")
    expect(strips).to_have_count(page.locator("#lag tbody tr").count())
    cells = page.locator("#strips ol").first.locator("li .hidden").all_text_contents()
    assert [re.findall(r"^partition (\d+): [A-Z]+, \S+ unread", cell) for cell in cells] == [
        [str(number)] for number in range(4)
    ]
    expect(page.locator("#hints li")).not_to_have_count(0)
    for hint in page.locator("#hints li").all_inner_texts():
        assert re.match(r"Everything keeps up|.*more workers (would|may)", hint, re.S), hint


def test_a_refused_event_is_shown_with_its_mend(page: Page, house: House) -> None:
    bad = {"event": "click", "event_id": "bad-1", "timestamp": 1_764_000_000_000, "user_id": "u-1"}
    publish(house, "clickstream", "u-1", bad)
    letter = page.locator("#letters li").filter(has_text="missing_field").first
    expect(letter.locator(".mend")).to_contain_text("item_id is missing: add it")
    expect(letter.locator(".mend code")).to_have_text(
        re.compile(r"recaug dlq retry clickstream:\d:\d+ --set item_id=VALUE")
    )
    expect(page.locator("#reasons")).to_contain_text("missing_field")


def test_it_works_from_the_keyboard(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.locator("#term")).to_be_focused()
    page.locator(".card .open").nth(2).focus()
    page.keyboard.press("Enter")
    done(page)
    page.locator(".card .like").nth(3).focus()
    page.keyboard.press("Space")
    expect(page.locator(".card .like").nth(3)).to_have_attribute("aria-pressed", "true")


def test_starting_over_makes_you_somebody_else(page: Page) -> None:
    act(page, ".card .open")
    before = user(page)
    page.locator("#fresh").click()
    assert user(page) != before
    expect(page.locator(".card.clicked")).to_have_count(0)
    expect(page.locator("#list-title")).to_have_text("Popular now")


def test_a_title_that_holds_markup_is_text(page: Page, house: House) -> None:
    title = "<img src=x onerror=\"document.title='owned'\">Tent"
    document = {"item_id": "evil", "timestamp": 1_764_000_000_000, "name": title}
    publish(house, "items", "evil", document)
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
def test_nothing_is_in_anybodys_way_on_a_desk_or_a_phone(
    browser: Browser, house: House, scheme: Literal["light", "dark"]
) -> None:
    wanted = {"color_scheme": scheme, "reduced_motion": "reduce"}
    with visitor(browser, **wanted) as context, shopping(context, house.running["page"]) as page:
        act(page, ".card .open")
        act(page, "#people .follow")
        expect(page.locator("#strips > li")).not_to_have_count(0)
        assert barriers(page) == ""
        page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        assert barriers(page) == ""
        page.locator("#see").click()
        expect(page.locator("#pair pre").first).to_be_visible()
        assert barriers(page) == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_whole_and_keeps_still(
    browser: Browser, house: House, scheme: str
) -> None:
    wanted = {"viewport": PHONE, "color_scheme": scheme, "reduced_motion": "reduce"}
    with visitor(browser, **wanted) as context, shopping(context, house.running["page"]) as phone:
        act(phone, ".card .open")
        assert phone.evaluate("document.getAnimations().length") == 0
        # Nothing may stick out at the side, and the newest answer is in sight without scrolling.
        assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        expect(phone.locator("#dock-time")).to_contain_text("ms")
        expect(phone.locator("#dock")).to_be_in_viewport()
