"""`python -m bench [NAME] [--json]`: run one bench or all; medians and the ratio.

A ratio is what these numbers are for: both sides ran in turn on the same machine, so whatever else
it was doing was done to both.
"""

from __future__ import annotations

import argparse
import json
import sys

from bench import ingest, score
from bench.result import Result

BENCHES = {"ingest": ingest.run, "score": score.run}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(BENCHES), help="default: all")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    asked = parser.parse_args(arguments)
    for name in [asked.name] if asked.name else sorted(BENCHES):
        for result in BENCHES[name]():
            show(result, asked.json)
    return 0


def show(result: Result, as_json: bool) -> None:
    line = json.dumps(result.to_dict()) if as_json else str(result)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
