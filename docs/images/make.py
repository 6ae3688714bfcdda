"""Makes the pictures of the page anew: stills, and a film of clicks that change the list.

    python docs/images/make.py                              starts an instance of its own
    python docs/images/make.py --page http://127.0.0.1:8080 films one that runs

It needs Chromium (`CHROMIUM` names another than /usr/bin/chromium) and takes four minutes.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

from film import POINTER, Film, encode
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from recaug.local.ports import free_port
from recaug.local.process import spawn

HERE = Path(__file__).parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

#: Of the film; what a README may weigh.
MOST_BYTES = 1_500_000
#: The first that is small enough is taken.
QUALITIES = (0.85, 0.75, 0.65, 0.5)

#: The first model takes a minute, and the machine may be slow.
PATIENCE_MS = 400_000

DESK, PHONE = {"width": 1440, "height": 960}, {"width": 390, "height": 844}
STILLS: dict[str, dict[str, Any]] = {
    "page": {"viewport": DESK, "color_scheme": "light"},
    "page-dark": {"viewport": DESK, "color_scheme": "dark"},
    "page-phone": {"viewport": PHONE, "color_scheme": "light", "device_scale_factor": 2},
}
FILM = {"width": 1160, "height": 720}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--page", metavar="URL", help="a page that runs and serves a model")
    address = parser.parse_args().page
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        if address is not None:
            pictures(browser, address)
            return
        with instance() as address:
            pictures(browser, address)


@contextmanager
def instance() -> Iterator[str]:
    """A whole instance in a directory that goes with it; the page's address."""
    with tempfile.TemporaryDirectory() as place:
        port = free_port()
        program = [sys.executable, "-m", "recaug", "up", "--port", str(port)]
        options = ["--data-dir", f"{place}/data", "--traffic", "simulate:100"]
        run = spawn([*program, *options], Path(place, "up.log"), on_death=signal.SIGINT)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            run.send_signal(signal.SIGINT)
            run.wait(120)


def pictures(browser: Browser, address: str) -> None:
    """Write every picture, the film last: by then there is something to be seen."""
    answering(address)
    with visit(browser, address, viewport=DESK) as page:
        expect(page.locator("#model")).to_have_attribute("data-level", "good")
        expect(page.locator("#quality-chart .line.quality.served")).to_have_count(1)
    for name, options in STILLS.items():
        with visit(browser, address, reduced_motion="reduce", **options) as page:
            still(page, name)
    with visit(browser, address, viewport=FILM, color_scheme="light") as page:
        film(page)


def answering(address: str) -> None:
    """Wait until the page is there, and has its broker."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not is_well(address):
        if time.monotonic() > deadline:
            raise SystemExit(f"{address} does not answer")
        time.sleep(1.0)


def is_well(address: str) -> bool:
    try:
        with urlopen(f"{address}/healthz", timeout=5):
            return True
    except OSError:
        return False


@contextmanager
def visit(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".card").first).to_be_visible()
    expect(page.locator("#rows .row")).to_have_count(10)
    yield page
    context.close()


def still(page: Page, name: str) -> None:
    """The page after two clicks, with a minute of lines in its charts; a phone shows its list."""
    for number in (3, 6):
        page.locator(".card .open").nth(number).click()
        answered(page)
    page.mouse.move(0, 0)
    page.wait_for_timeout(12_000)
    if name.endswith("phone"):
        page.locator("#list").evaluate("element => element.scrollIntoView()")
    else:
        page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(500)
    page.screenshot(path=HERE / f"{name}.png")
    if name == "page":
        page.locator(".panel:has(#lag)").screenshot(path=HERE / "page-services.png")


def film(page: Page) -> None:
    """Two clicks and a search, each with the list that answers it."""
    page.locator(".counter").evaluate("element => element.scrollIntoView()")
    page.evaluate(POINTER)
    camera = Film(page)
    camera.record()
    for number in (1, 2):  # of the first row, which is in sight
        press(page, page.locator(".card .open").nth(number))
        answered(page)
        page.wait_for_timeout(1_500)
    press(page, page.locator("#term"))
    page.locator("#term").press_sequentially("tent", delay=90)
    page.keyboard.press("Enter")
    answered(page)
    page.wait_for_timeout(1_200)
    camera.stop()
    plain = page.context.new_page()
    plain.goto(urljoin(page.url, "/healthz"))
    tries = (encode(plain, camera.pictures, quality) for quality in QUALITIES)
    made = next((film for film in tries if len(film) <= MOST_BYTES), None)
    if made is None:
        raise SystemExit(f"the film cannot be brought under {MOST_BYTES:,} bytes: try again")
    (HERE / "page.webp").write_bytes(made)
    sys.stderr.write(f"page.webp: {len(camera.pictures)} pictures, {len(made):,} bytes\n")


def press(page: Page, target: Locator) -> None:
    """Move the pointer there, and click."""
    box = target.bounding_box()
    assert box is not None
    place = [box["x"] + box["width"] / 2, box["y"] + min(60, box["height"] / 2)]
    page.evaluate("([x, y]) => pointTo(x, y)", place)
    page.wait_for_timeout(800)
    page.evaluate("press(true)")
    target.click()
    page.evaluate("press(false)")


def answered(page: Page) -> None:
    expect(page.locator("#watch")).to_have_attribute("data-state", "done")


if __name__ == "__main__":
    main()
