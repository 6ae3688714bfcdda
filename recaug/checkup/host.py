"""Whether there is room on this machine, and what is installed.

disk · versions
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from recaug.checkup.finding import Finding, Level
from recaug.settings import Settings

#: Less free disk than this and a broker soon refuses to write, bytes.
LOW_DISK = 2 * 2**30

#: Packages of the parts that run from the checkout; the wheel alone needs none of them.
PACKAGES = ("kafka-python", "pydantic", "faust-streaming", "confluent-kafka", "redis", "torch")
#: Of those, what earlier versions are known to do wrong.
FLOORS = {"faust-streaming": ((0, 15, 2), "it fails every rebalance")}


def disk(settings: Settings) -> Iterator[Finding]:
    """Whether there is room where the local instance keeps its files."""
    place = settings.data_dir.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    words = f"{free / 2**30:,.1f} GB free at {settings.data_dir}"
    if free < LOW_DISK:
        mend = f"free some, or use another: --data-dir DIR   (du -sh {settings.data_dir}/*)"
        yield Finding(Level.WARN, "disk", words, mend)
        return
    yield Finding(Level.OK, "disk", words)


def versions(settings: Settings) -> Iterator[Finding]:
    """What is installed: the first thing asked for in a bug report."""
    found = [f"{name} {_version(name)}" for name in PACKAGES if _version(name)]
    own = _version("recaug") or "from a checkout"
    words = f"recaug {own}, Python {platform.python_version()}, {', '.join(found)}"
    yield Finding(Level.OK, "versions", words)
    for name, (floor, why) in FLOORS.items():
        has = _version(name)
        if has is not None and _numbers(has) < floor:
            wanted = ".".join(map(str, floor))
            words = f"{name} {has} is too old: {why}"
            yield Finding(Level.FAIL, "versions", words, f"make setup   ({name} {wanted} or newer)")


def _numbers(text: str) -> tuple[int, ...]:
    """The numbers at the beginning of a version.

    >>> _numbers("0.15.2"), _numbers("0.16.0rc1")
    ((0, 15, 2), (0, 16))
    """
    parts = text.split(".")
    digits = [part.isdigit() for part in parts]
    first = digits.index(False) if False in digits else len(parts)
    return tuple(map(int, parts[:first]))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
