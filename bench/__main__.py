"""`python -m bench [NAME …] [--json] [--quick] [--write]`: measure ours beside named alternatives.

A ratio is what these numbers are for: both sides ran in turn on the same machine, so whatever else
it was doing was done to both. Without a name all benches but those of learning (`learn` takes
hours) run and bench/RESULTS.md is written.
"""

from __future__ import annotations

import argparse
import importlib
import json
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench import machine
from bench.goals import verdict
from bench.progress import say
from bench.report import render
from bench.result import Result
from bench.stage import use_defaults
from recaug.errors import Failure

BENCHES = (
    "ingest", "latency", "saturation", "score", "state", "freshness", "growth", "train", "learn",
    "social", "shift", "injected", "searches", "terms",
)  # fmt: skip
#: Take hours or a quarter of one, and run when they are named.
NAMED = ("learn", "social", "shift", "injected", "searches", "terms")
RESULTS = Path(__file__).with_name("RESULTS.md")


def main(arguments: list[str]) -> int:
    """Exit 0 whether or not the goals are met: a figure is a fact, not a failure.

    A bench that cannot be run is told, and the others go on.
    """
    asked = _parser().parse_args(arguments)
    names: list[str] = asked.names or [name for name in BENCHES if name not in NAMED]
    # Or what was started would outlive us in part, and our directories whole.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    use_defaults()
    results: list[Result] = []
    failures: dict[str, Failure] = {}
    for name in names:
        try:
            results += [show(result, asked.json) for result in run(name, asked.quick)]
        except Failure as failure:  # the other benches are worth having all the same
            failures[name] = failure
            sys.stderr.write(failure.explain())
    if asked.write or not asked.names:
        missing = {name: failure.what for name, failure in failures.items()}
        RESULTS.write_text(page(results, missing, asked.quick))
        say(f"written: {RESULTS}")
    return max((failure.code for failure in failures.values()), default=0)


def run(name: str, quick: bool) -> Iterator[Result]:
    """The results of one bench, as they come."""
    say(f"{name}: begins")
    yield from importlib.import_module(f"bench.{name}").run(quick)


def show(result: Result, as_json: bool) -> Result:
    judged = verdict(result)
    line = json.dumps(result.to_dict()) if as_json else f"{result}{f'   [{judged}]' * bool(judged)}"
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return result


def page(results: list[Result], missing: dict[str, str], quick: bool) -> str:
    """RESULTS.md; `missing` has what failed, by bench."""
    names = {*missing, *(result.bench for result in results)}
    notes = {name: importlib.import_module(f"bench.{name}").__doc__ or "" for name in names}
    at = datetime.now(UTC).isoformat(timespec="minutes")
    return render(results, missing, notes, machine.facts(), at, machine.commit(), quick)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("names", nargs="*", metavar="NAME", type=_bench, help=", ".join(BENCHES))
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="all benches within 5 minutes")
    parser.add_argument("--write", action="store_true", help="write bench/RESULTS.md")
    return parser


def _bench(name: str) -> str:
    if name not in BENCHES:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(BENCHES)}")
    return name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
