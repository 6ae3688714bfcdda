"""The end of a run: read the topics, write the report, say what it found."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
        write_json(options.report, document)
    screen.banner("report", summary(document))
    for sentence in found:
        screen.say(f"failed: {sentence}")
    return FAILED if found else 0


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a document in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.tmp")
    aside.write_text(json.dumps(document, indent=2) + "\n")
    os.replace(aside, path)
