"""An instance whose broker can be killed and cut off while its shoppers go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.faults.broker import Shoppers, WiredKafka
from tests.e2e.faults.proxy import Proxy
from tests.e2e.faults.watch import well
from tests.e2e.house import House


@dataclass(frozen=True, slots=True)
class Site:
    """The instance reaches its broker by `line`; shoppers have a wire of their own."""

    house: House
    kafka: WiredKafka
    line: Proxy
    traffic: Shoppers


@contextmanager
def site(directory: Path, rate: int, **settings: str) -> Iterator[Site]:
    """All of it, under load and keeping up; `settings` as for a house."""
    kafka = WiredKafka(directory / "kafka")
    options = ("--traffic", "none", "--no-page", "--kafka", kafka.wired)
    shoppers = ("--rate", str(rate), "--users", "500", "--items", "500")
    kafka.start()
    try:
        with (
            Proxy(kafka.line, kafka.behind) as line,
            House(directory, *options, **settings) as house,
            Shoppers(directory, kafka.bootstrap, *shoppers) as traffic,
        ):
            well(house)
            yield Site(house, kafka, line, traffic)
    finally:
        kafka.stop()
