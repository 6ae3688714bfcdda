"""Worker processes beside those of an instance: plain ones, and ones with a fault built in."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from recaug.local.process import spawn
from recaug.local.supervise import ready_line
from recaug.settings import SERVICES
from tests.e2e.house import ROOT, House, until


class Beside:
    """`python -m streams SERVICE` on the broker and store of a house, in its group.

    `worker` names it: a name of its own for one worker more, the house's own for one that takes the
    place of a killed worker at once. `fault` is one of `tests.e2e.faults.drivers`, with arguments.
    """

    def __init__(self, house: House, service: str, worker: str, fault: Sequence[str] = ()) -> None:
        self.house, self.service = house, service
        self.log = house.data / "logs" / f"{service}-{worker}.log"
        self._from = self.log.stat().st_size if self.log.exists() else 0
        module = ["tests.e2e.faults.drivers", *fault] if fault else ["streams"]
        data = (
            house.data if worker == own_name(house) else house.data.parent / f"{service}-{worker}"
        )
        env = {
            **house.env,
            "RECAUG_KAFKA": house.running["kafka"],
            "RECAUG_REDIS": house.running["redis"],
            "RECAUG_DATA_DIR": str(data),
            "RECAUG_REGISTRY_DIR": str(house.data / "registry"),
            "RECAUG_TRUSTED_KEYS": str(house.data / "keys" / "signing.pub"),
            "RECAUG_WORKER": worker,
            "PYTHONUNBUFFERED": "1",
        }
        command = [sys.executable, "-m", *module, service]
        self.process = spawn(command, self.log, env=env, cwd=ROOT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def wait_ready(self) -> None:
        """Until it has been given partitions."""
        until(self._has_work, 90.0, self.house._explain)

    def _has_work(self) -> bool:
        assert self.process.poll() is None, self.house._explain()
        said = ready_line(self.log, self._from)
        return bool(said and said["partitions"])

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, patience_s: float = 90.0) -> int:
        """Its exit code, negative for a signal."""
        try:
            return self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end\n{self.house._explain()}") from None


def own_name(house: House) -> str:
    """The name of a house's workers (`recaug up` derives it from the directory)."""
    return hashlib.sha256(bytes(house.data.absolute())).hexdigest()[:8]


@contextmanager
def nobody_restarts(house: House) -> Iterator[None]:
    """The supervisor stands still: what is killed stays down until the block is left."""
    os.kill(house.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(house.process.pid, signal.SIGCONT)


@contextmanager
def never_restarted(house: House, *services: str) -> Iterator[None]:
    """None of these services (default: none at all) may end meanwhile."""
    names = services or SERVICES
    before = [house.pid(name) for name in names]
    yield
    assert [house.pid(name) for name in names] == before, house._explain()
