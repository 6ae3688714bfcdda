"""What the broker is made of: fetched once, whole, by one at a time; notes that a JVM accepts."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from recaug.errors import Failure
from recaug.local import kafka
from recaug.local import packages as module
from recaug.local.kafka import VERSION as REAL
from recaug.local.kafka import LocalKafka
from recaug.local.packages import Packages, packages

VERSION = "0.0.0"


def silent(_: str) -> None:
    """A person who waits is told; a test is not."""


class Shop:
    """Stands for the downloads: two jars, and what may go wrong while they are fetched."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails: Exception | None = None

    def resolve(self, _: str, aside: Path) -> list[Path]:
        self.asked += 1
        first = aside / "b.jar"
        first.write_bytes(b"b")
        if self.fails is not None:
            raise self.fails
        second = aside / "a.jar"
        second.write_bytes(b"a")
        return [first, second]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    one = Shop()
    monkeypatch.setenv("RECAUG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_resolve", one.resolve)
    return one


def test_jars_are_fetched_once_and_in_one_order(shop: Shop, tmp_path: Path) -> None:
    home = tmp_path / "cache" / f"kafka-{VERSION}"
    for _ in range(2):
        assert packages(VERSION, silent).classpath == f"{home}/jars/a.jar:{home}/jars/b.jar"
    assert shop.asked == 1
    assert [path.name for path in home.iterdir()] == ["jars"]


def test_many_at_once_fetch_once(shop: Shop) -> None:
    threads = [threading.Thread(target=packages, args=(VERSION, silent)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shop.asked == 1
    assert packages(VERSION, silent).classpath.count(".jar") == 2


def test_a_fetch_that_was_cut_short_is_begun_anew(shop: Shop, tmp_path: Path) -> None:
    home = tmp_path / "cache" / f"kafka-{VERSION}"
    shop.fails = Failure("it", "broke", "off")
    with pytest.raises(Failure, match="broke"):
        packages(VERSION, silent)
    assert not (home / "jars").exists()
    # What one leaves that was killed, and could not clear up.
    (home / "aside" / "jars").mkdir(parents=True)
    (home / "aside" / "jars" / "half.jar").write_bytes(b"")
    shop.fails = None
    assert "half.jar" not in packages(VERSION, silent).classpath
    assert not (home / "aside").exists()


def test_who_waits_is_told_how_far_it_is(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    heard = threading.Event()

    def say(line: str) -> None:
        lines.append(line)
        if "2 of 43" in line:
            heard.set()

    def slowly(version: str, aside: Path) -> list[Path]:
        (aside / "repository").mkdir()
        (aside / "repository" / "half").write_bytes(bytes(2_500_000))
        assert heard.wait(60)
        return shop.resolve(version, aside)

    monkeypatch.setattr(module, "TOLD_EVERY_S", 0.01)
    monkeypatch.setattr(module, "_resolve", slowly)
    packages(VERSION, say)
    assert lines[0] == "fetching Kafka's jars (43 MB, this once)"
    assert lines[-1] == "fetching Kafka's jars: 2 of 43 MB"


def test_no_room_is_explained(shop: Shop) -> None:
    shop.fails = OSError(28, "No space left on device")
    with pytest.raises(Failure, match="No space left") as failed:
        packages(VERSION, silent)
    assert "RECAUG_CACHE_DIR" in failed.value.mend


@pytest.fixture
def kafka_packages(kafka: str) -> Packages:
    """The real ones; the broker of this run has seen to its notes."""
    assert kafka
    return packages(REAL, silent)


def test_the_runtime_accepts_the_notes(kafka_packages: Packages) -> None:
    notes = kafka_packages.notes(kafka._JVM)
    # `on` ends a JVM that could not use them.
    strict = ("-XX:AOTMode=on", f"-XX:AOTCache={notes}", "-cp", kafka_packages.classpath)
    done = subprocess.run(
        [kafka_packages.java, *kafka._JVM, *strict, kafka.BROKER, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "server.properties" in done.stdout + done.stderr
    assert "AOT" not in done.stderr


def test_other_flags_and_another_runtime_have_other_notes(tmp_path: Path) -> None:
    def notes(version: str, *flags: str) -> Path:
        release = tmp_path / version / "release"
        release.parent.mkdir(exist_ok=True)
        release.write_text(version)
        return Packages(tmp_path / version / "bin" / "java", tmp_path).notes(flags)

    assert len({notes("25"), notes("26"), notes("25", "-Xmx1g"), notes("25", "-Xmx2g")}) == 4


def test_a_broker_starts_without_notes(
    kafka_packages: Packages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Packages, "notes", lambda *_: tmp_path / "missing.aot")
    monkeypatch.setattr(kafka._Rehearsal, "note", full)
    broker, said = LocalKafka(tmp_path / "kafka", port=None), list[str]()
    try:
        assert broker.start(said.append)
    finally:
        broker.stop()
    assert any("without notes" in line and "No space left" in line for line in said)
