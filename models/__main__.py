"""`python -m models COMMAND`: what needs torch, run as a child so that it gives its memory back.

fine-tune JOB        train on a job directory; progress as JSON lines, then JOB/result.json
prepare              turn the text encoder into ONNX and a tokenizer, once
evaluate             what `recaug evaluate` runs: progress on stderr, the report as JSON on stdout
augment-report       what `recaug augment report` runs, the same way
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from models import memory
from recaug.errors import Failure
from recaug.settings import Settings

if TYPE_CHECKING:
    from models.bars import Bars


#: The lowest priority there is, of a process and of a session.
LEAST = 19
AUTOGROUP = Path("/proc/self/autogroup")


def main(arguments: list[str] | None = None) -> int:
    """Exit 0; 2 with three lines on stderr where a person can mend it."""
    given = _parser().parse_args(arguments)
    memory.keep()
    try:
        given.run(given)
    except Failure as failure:
        sys.stderr.write(failure.explain())
        return failure.code
    return 0


def _fine_tune(given: argparse.Namespace) -> None:
    started = time.monotonic()
    _be_modest()
    from models import finetune, job

    said = [0.0]

    def say(stage: str, step: int, steps: int, loss: float | None) -> None:
        now = time.monotonic()
        if stage == "train" and 1 < step < steps and now - said[0] < 0.5:
            return
        said[0] = now
        line = {"stage": stage, "step": step, "steps": steps, "loss": loss}
        print(json.dumps({**line, "seconds": round(now - started, 3)}), flush=True)  # noqa: T201

    say("load", 0, 1, None)
    given_job = job.read(given.job)
    threads = given_job.terms.threads

    def spent_s() -> float:
        # Processor time, so that a busy machine delays a fine-tune but does not make it worse; at
        # most three times as long by the wall.
        return max(time.process_time() / threads, (time.monotonic() - started) / 3)

    finetune.fine_tune(given_job, spent_s, say)
    say("done", 1, 1, None)


def _prepare(given: argparse.Namespace) -> None:
    if given.background:
        _be_modest()
    from models import text

    text.prepared(Settings())


def _evaluate(given: argparse.Namespace) -> None:
    began_s = time.monotonic()
    from models import evaluation
    from recaug.replay import Choice

    terms = evaluation.Terms(
        given.data, given.split, given.budget, given.device, given.seed, tuple(given.models),
        Choice.of(given.map),
    )  # fmt: skip
    _print(lambda bars: evaluation.evaluate(terms, began_s, bars.say, bars.tell))


def _augment_report(given: argparse.Namespace) -> None:
    began_s = time.monotonic()
    from models.augment import report

    terms = report.Terms(
        given.data, given.split, given.budget, given.device, given.seeds, tuple(given.only),
        given.paraphrase, tuple(given.back_translation),
    )  # fmt: skip
    _print(lambda bars: report.report(terms, began_s, bars.say, bars.tell))


def _print(measure: Callable[[Bars], object]) -> None:
    """A report as JSON, its progress shown meanwhile."""
    from models.bars import Bars

    try:
        with Bars() as bars:
            found = measure(bars)
    except KeyboardInterrupt:  # the terminal's Ctrl-C reaches us too
        raise SystemExit(130) from None
    print(json.dumps(found))  # noqa: T201


def _be_modest() -> None:
    """Serving comes first: the lowest priority, and no threads but those asked for."""
    os.nice(LEAST)
    # Linux shares processors among sessions first (sched_autogroup), and `learn` starts us in one
    # of our own: there our niceness is compared with nobody's.
    with suppress(OSError):
        AUTOGROUP.write_text(str(LEAST))
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    tune = commands.add_parser("fine-tune", help="train on a job directory")
    tune.add_argument("job", type=Path)
    tune.set_defaults(run=_fine_tune)
    prepare = commands.add_parser("prepare", help="fill RECAUG_CACHE_DIR; safe to repeat")
    prepare.add_argument("--background", action="store_true", help="after all else, on one thread")
    prepare.set_defaults(run=_prepare)
    judge = commands.add_parser("evaluate", help="our model among baselines on a data set")
    judge.add_argument("--data", type=Path, required=True)
    judge.add_argument("--split", default="")
    judge.add_argument("--budget", type=float, required=True, help="seconds")
    judge.add_argument("--device", default="auto")
    judge.add_argument("--seed", type=int, default=0)
    judge.add_argument("--models", nargs="+", required=True)
    judge.add_argument("--map", default="", help="role=column,role=column")
    judge.set_defaults(run=_evaluate)
    lifts = commands.add_parser("augment-report", help="each augmenter against none")
    lifts.add_argument("--data", type=Path, required=True)
    lifts.add_argument("--split", default="")
    lifts.add_argument("--budget", type=float, required=True, help="seconds")
    lifts.add_argument("--device", default="auto")
    lifts.add_argument("--seeds", type=int, default=3)
    lifts.add_argument("--only", nargs="*", default=[])
    lifts.add_argument("--paraphrase", default="")
    lifts.add_argument("--back-translation", nargs="*", default=[])
    lifts.set_defaults(run=_augment_report)
    return parser


if __name__ == "__main__":
    sys.exit(main())
