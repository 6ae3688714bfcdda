"""Where the public data sets lie that benches read."""

from __future__ import annotations

import os
from pathlib import Path

from recaug.errors import Failure
from recaug.local.programs import checkout


def dataset(name: str) -> Path:
    """A file or directory of RECAUG_DATA, else of `shared/data` beside the checkout.

    Raises Failure where it is not there.
    """
    place = Path(os.environ.get("RECAUG_DATA", checkout().parent / "shared" / "data"))
    found = place / name
    if not found.exists():
        raise Failure(
            "there is nothing to learn from", f"{found} is missing",
            f"set RECAUG_DATA to the directory that holds {Path(name).parts[0]}",
        )  # fmt: skip
    return found.absolute()
