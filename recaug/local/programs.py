"""The programs of a local instance: how each is started, and where it logs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import recaug
from recaug.errors import Failure
from recaug.local.logs import shorten
from recaug.local.process import spawn
from recaug.local.supervise import Program


def checkout(what: str = "the services cannot be started") -> Path:
    """Return the directory that holds `streams/` and `models/` beside `recaug/`.

    :raises Failure: recaug was installed without them, and so `what`.
    """
    root = Path(recaug.__file__).absolute().parent.parent
    if not (root / "streams" / "__main__.py").exists():
        raise Failure(
            what,
            f"the services and models are not part of the wheel, and {root} has no streams/",
            "run it from a checkout of the repository",
        )
    return root


@dataclass(frozen=True, slots=True)
class Programs:
    """Makes programs that run `root`'s code with `env` added to the environment."""

    root: Path
    logs: Path
    env: Mapping[str, str]

    def service(self, name: str) -> Program:
        """One of `recaug.settings.SERVICES`."""
        return self._program(name, [sys.executable, "-m", "streams", name], announces=True)

    def page(self, port: int) -> Program:
        command = [sys.executable, "-m", "recaug", "page", "--port", str(port)]
        return self._program("page", command)

    def traffic(self, arguments: Sequence[str], restart: bool) -> Program:
        command = [sys.executable, "-m", "recaug", *arguments]
        return self._program("traffic", command, restart=restart)

    def _program(
        self,
        name: str,
        command: Sequence[str],
        *,
        announces: bool = False,
        restart: bool = True,
    ) -> Program:
        log = self.logs / f"{name}.log"
        path = os.pathsep.join(filter(None, (str(self.root), os.environ.get("PYTHONPATH"))))
        full = {
            **os.environ,
            **self.env,
            "PYTHONPATH": path,
            "PYTHONUNBUFFERED": "1",  # or the last words of one that is killed are lost
        }

        def launch() -> subprocess.Popen[bytes]:
            shorten(log)
            # SIGKILL: losing us must not leave a service that waits for a broker that is gone.
            return spawn(command, log, env=full, cwd=self.root, on_death=signal.SIGKILL)

        return Program(name, launch, log, restart=restart, announces=announces)
