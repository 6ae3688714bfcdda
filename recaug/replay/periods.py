"""A directory of periods: `period_0.txt`, `period_1.txt` … (or `.txt.gz`), `session item` lines.

Each file is a step in time after the one before it, its lines oldest first. That is how data of
continual session-based recommendation is published: ADER (Mi, Lin and Faltings, RecSys 2020).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from recaug.errors import Failure
from recaug.replay.files import read_lines
from recaug.replay.happening import Happening, Tally
from recaug.replay.lists import pairs

_PERIOD = re.compile(r"period_(\d+)\.txt(?:\.gz)?")


def period_files(path: Path) -> list[Path]:
    """Those of a directory, in the order of their numbers.

    :raises Failure: it holds less than two.
    """
    named = ((_PERIOD.fullmatch(file.name), file) for file in path.iterdir())
    files = [file for _, file in sorted((int(name[1]), file) for name, file in named if name)]
    if len(files) < 2:
        raise Failure(
            f"{path} is no directory of periods",
            f"it holds {len(files)} files called period_0.txt, period_1.txt … (or .txt.gz)",
            "name a file in it, or put two periods there at least",
        )
    return files


def sessions(files: list[Path], tally: Tally) -> Iterator[Happening]:
    """Every click, in the order of the lines; `at` and `number` count on from file to file.

    A session belongs to its period: another one's may have the same number.
    """
    place = 0
    for period, file in enumerate(files):
        for one in pairs(read_lines(file), tally):
            user = f"{period}-{one.event['user_id']}"
            yield replace(one, at=place, number=place + 1, event={**one.event, "user_id": user})
            place += 1
