"""The end of a run: read the topics, write the report, say what it found."""

from __future__ import annotations

import json
from collections.abc import Sequence

from recaug import atomic
from recaug.audit import LEARNS_WITHIN_S, Begin, audit, failures
from recaug.local.banner import summary
from recaug.local.choices import Options
from recaug.local.screen import Screen
from recaug.settings import Settings

FAILED = 2


def account(
    options: Options,
    settings: Settings,
    since: Begin,
    seconds: float,
    faults: Sequence[str],
    screen: Screen,
) -> int:
    """Report on what was published since `since`; return the exit code, 0 or 2.

    Does nothing for a run that had neither an end nor a report.

    :param faults: what went wrong and cannot be seen in the topics.
    """
    if options.report is None and options.for_s is None:
        return 0
    must_learn = (options.for_s or 0.0) >= LEARNS_WITHIN_S
    report = audit(settings, since, seconds)
    found = [*faults, *failures(report, must_learn)]
    document = {**report.to_dict(), "failures": found}
    if options.report is not None:
        atomic.make_directory(options.report.parent)
        atomic.write_bytes(options.report, json.dumps(document, indent=2).encode() + b"\n")
    screen.banner("report", summary(document))
    for sentence in found:
        screen.say(f"failed: {sentence}")
    return FAILED if found else 0
