"""A real headless browser, and what a visitor does on the page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

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

PHONE = {"width": 390, "height": 844}

#: WCAG 2.1 AA, and what axe calls good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, timeout=PATIENCE_MS
        )
        yield browser
        browser.close()


@contextmanager
def visitor(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Somebody new: nothing is remembered of another visit."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield context
    context.close()


@contextmanager
def shopping(context: BrowserContext, address: str) -> Iterator[Page]:
    """The page with items in its shop; it must end without an error in its own scripts."""
    page, wrong = context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(address)
    expect(page.locator(".card").first).to_be_visible()
    yield page
    assert wrong == []


def order(page: Page) -> list[str]:
    """Items of your list, the first one first."""
    return [row.get_attribute("data-item") or "" for row in page.locator("#rows .row").all()]


def act(page: Page, target: str, nth: int = 0) -> None:
    """Click something and wait for the list that answers it."""
    page.locator(target).nth(nth).click()
    done(page)


def done(page: Page) -> None:
    expect(page.locator("#watch")).to_have_attribute("data-state", "done")


def user(page: Page) -> str:
    return str(page.evaluate("localStorage.getItem('recaug.user')"))


def barriers(page: Page) -> str:
    """What keeps somebody from using the page, by axe-core; empty is well."""
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    return found.generate_report() if found.violations_count else ""
