"""A real worker for the transport's tests: writes down every record it handled, one line each.

python -m tests.streams.worker OUT TOPIC... with the behaviour in RECAUG_TEST_*.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from faust.types import TP

from recaug.settings import Settings
from streams.app import add_agent, announce_ready, create_app, run_worker
from streams.transport import Batch


def main(out: Path, topics: list[str]) -> None:
    slow_s = float(os.environ.get("RECAUG_TEST_SLOW_S", "0"))
    poison = os.environ.get("RECAUG_TEST_POISON", "").encode()
    start = os.environ.get("RECAUG_TEST_START")

    async def handle(batch: Batch) -> None:
        await asyncio.sleep(slow_s)
        if poison and any(record.value == poison for record in batch.records):
            raise ValueError("poison")
        with out.open("a") as lines:
            for record in batch.records:
                lines.write(f"{record.topic} {record.partition} {record.offset}\n")

    async def owner(committed: Mapping[TP, int | None]) -> Mapping[TP, int]:
        return dict.fromkeys(committed, int(start or 0))

    settings = Settings()
    app = create_app("test", settings)
    add_agent(app, topics, handle, owner if start else None)
    announce_ready(app, "test")
    run_worker(app, "test", settings)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
