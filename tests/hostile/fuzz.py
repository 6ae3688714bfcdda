"""`python -m tests.hostile.fuzz --seconds 60`: atheris looks for a record that breaks the cleaner.

It begins with the rows of the catalogue and mutates what reaches new code. A record without a sound
outcome (see `tests.hostile.total`) ends it with an exit code that is not 0, and is printed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["recaug"], enable_loader_override=False):
    import recaug.clean
    import recaug.events  # noqa: F401

from recaug.clean import Rejected
from tests.hostile.catalogue import CASES
from tests.hostile.frame import decode, encode
from tests.hostile.sent import Maker
from tests.hostile.total import check

NOW = 1_764_000_000_000
LARGEST = 4_096


def seeds(directory: Path) -> int:
    """Write the small records of the rows, a file each; how many."""
    count = 0
    for tag, case in CASES.items():
        for sent in case.records(Maker(tag, NOW))[:3]:
            if len(sent.value or b"") < 2_000:
                (directory / f"seed-{count}").write_bytes(encode(sent))
                count += 1
    return count


def main() -> int:
    """The exit code: 0 when nothing was found."""
    options = _options()
    if options.corpus is not None:
        _fuzz(options)  # does not return: the fuzzer ends the process
    # In a process of its own, so that somebody is left to clear up.
    with tempfile.TemporaryDirectory() as place:
        print(f"{seeds(Path(place))} seeds", flush=True)  # noqa: T201
        command = [sys.executable, "-m", "tests.hostile.fuzz", *sys.argv[1:], "--corpus", place]
        return subprocess.call(command)


def _fuzz(options: argparse.Namespace) -> None:
    refused = options.refuse and options.refuse.encode()

    def one(data: bytes) -> None:
        record = decode(data, NOW)
        try:
            outcome = check(record, NOW)
            assert not refused or isinstance(outcome, Rejected) or refused not in data
        except BaseException:
            print(f"reproduce with: {record!r}", file=sys.stderr, flush=True)  # noqa: T201
            raise

    atheris.Setup(_arguments(options), one)
    atheris.Fuzz()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, help="instead of a time")
    parser.add_argument("--corpus", type=Path, help="directory of seeds; default: the rows")
    parser.add_argument("--refuse", help="call an accepted record that holds this text a mistake")
    return parser.parse_args()


def _arguments(options: argparse.Namespace) -> list[str]:
    limit = f"-runs={options.runs}" if options.runs else f"-max_total_time={options.seconds}"
    quiet = ["-print_final_stats=1", "-verbosity=0", f"-artifact_prefix={options.corpus}/"]
    return [sys.argv[0], limit, f"-max_len={LARGEST}", "-timeout=10", *quiet, str(options.corpus)]


if __name__ == "__main__":
    sys.exit(main())
