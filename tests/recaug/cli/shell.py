"""Running a command in this process, as the shell would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from recaug.cli import main
from recaug.settings import Settings


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str

    def lines(self) -> list[Any]:
        """Standard output as one JSON value a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell whose environment names one installation."""

    settings: Settings
    capture: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Done:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = self.capture.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)
