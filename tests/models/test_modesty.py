"""A fine-tune takes what is left of the processors, wherever the kernel looks for priorities."""

import subprocess
import sys

import pytest

from models.__main__ import AUTOGROUP
from tests.e2e.house import ROOT

SAY = """
import os
from models.__main__ import AUTOGROUP, _be_modest
_be_modest()
print(os.nice(0), AUTOGROUP.read_text().split()[-1] if AUTOGROUP.exists() else "")
"""


def test_the_process_and_its_session_give_way() -> None:
    if not AUTOGROUP.exists():
        pytest.skip("this kernel does not share processors among sessions")
    # In a session of its own, as learn starts it, or we would slow down the tests after this one.
    done = subprocess.run(
        [sys.executable, "-c", SAY],
        cwd=ROOT,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert done.stdout.split() == ["19", "19"], done.stderr
