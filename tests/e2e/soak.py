"""`python -m tests.e2e.soak --minutes 30 --seed 7`: random faults under load, everything watched.

First the fuzzer of the decoder for a minute. Then one instance under load meets a fault after the
other, chosen by the seed, and has to be well again before the next. At the end every topic is read:
nothing missing, nothing doubled; and no process may have grown. The exit code is 0 when all held.
The same seed and minutes choose the same faults in the same order.
"""

from __future__ import annotations

import argparse
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from tests.e2e.faults.chaos import FAULTS
from tests.e2e.faults.site import Site, site
from tests.e2e.faults.vitals import Life, Vitals
from tests.e2e.faults.watch import nothing_lost, well
from tests.e2e.house import ROOT

FUZZ_S = 60

#: Bounds that are reached within the first minutes, so that what still grows after that leaks.
SMALL = {
    "resend_window": "5000", "buffer_events": "10000", "train_first_events": "3000",
    "train_every_s": "90", "train_budget_s": "8",
}  # fmt: skip

#: Longest time between two faults, seconds.
QUIET_S = 30.0


def main() -> int:
    options = _options()
    say(f"seed {options.seed}: --minutes {options.minutes:g} --seed {options.seed} does it again")
    if fuzz(options.fuzz_s) != 0:
        say("the fuzzer found a record without a sound outcome: see above")
        return 1
    with tempfile.TemporaryDirectory(prefix="recaug-soak-") as directory:
        return soak(Path(directory), options.minutes, options.seed, options.rate)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="of faults")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--rate", type=int, default=200, help="events per second")
    parser.add_argument("--fuzz-s", type=int, default=FUZZ_S, help="seconds of fuzzing; 0: none")
    return parser.parse_args()


def say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def fuzz(seconds: int) -> int:
    if not seconds:
        return 0
    command = [sys.executable, "-m", "tests.hostile.fuzz", "--seconds", str(seconds)]
    return subprocess.call(command, cwd=ROOT)


def soak(directory: Path, minutes: float, seed: int, rate: int) -> int:
    """Run; 0 when nothing was lost or doubled and nothing leaks."""
    with site(directory, rate, **SMALL) as place:
        with Vitals(place) as vitals:
            took = harm(place, random.Random(seed), minutes * 60.0)
        lives = vitals.longest()
        table(took, lives)
        place.traffic.stop()
        report = nothing_lost(place.house)
    events, answers = report["events"], report["recommendations"]
    say(f"events   {events['published']:,} published, {report['missing']} missing")
    say(f"answers  {answers['distinct']:,} distinct, {report['doubled']} doubled")
    leaks = sorted(name for name, life in lives.items() if life.leaks())
    say(f"leaks    {', '.join(leaks) or 'none'}")
    return 1 if leaks else 0


def harm(place: Site, chance: random.Random, seconds: float) -> dict[str, list[float]]:
    """One fault after the other; returns the recovery times of each."""
    took = defaultdict[str, list[float]](list)
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        fault = chance.choice(FAULTS)
        name = fault.__name__.replace("_", " ")
        fault(place, chance)
        took[name].append(well(place.house))
        say(f"{took[name][-1]:7.1f} s  {name}")
        time.sleep(chance.uniform(0.0, QUIET_S))
    return took


def table(took: dict[str, list[float]], lives: dict[str, Life]) -> None:
    say(f"\n{'FAULT':32}{'TIMES':>6}{'MEDIAN':>9}{'WORST':>9}")
    for name, times in sorted(took.items()):
        median = sorted(times)[len(times) // 2]
        say(f"{name:32}{len(times):6}{median:7.1f} s{max(times):7.1f} s")
    say(f"\n{'PROCESS':12}{'WATCHED':>10}{'RSS':>10}{'GROWTH/h':>12}{'FILES':>8}{'GROWTH/h':>12}")
    for name, life in sorted(lives.items()):
        hours = life.watched_s / 3_600.0
        memory, files = (
            life.growth(values) / hours if hours else 0.0 for values in (life.rss_mb, life.files)
        )
        say(
            f"{name:12}{life.watched_s:8.0f} s{life.rss_mb[-1]:7.0f} MB{memory:9.1f} MB"
            f"{life.files[-1]:8}{files:12.1f}"
        )
    say()


if __name__ == "__main__":
    sys.exit(main())
