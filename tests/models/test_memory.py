"""What is freed stays with the process, and is had again without the kernel."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Twenty arrays of 8 MB, one after the other; prints how many pages the kernel had to give.
PROGRAM = """
import resource, sys
import numpy as np
from models import memory
if sys.argv[1] == "kept":
    memory.keep()
made = np.ones(1 << 20)
del made
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    kept = [np.ones(1 << 20) for _ in range(4)]
    del kept
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc is meant")
def test_arrays_of_one_step_are_those_of_the_step_before() -> None:
    # 4 arrays of 2,048 pages have to be given once, and again and again where they are given back.
    assert pages("kept") < 5 * 2_048
    assert pages("returned") > 10 * 2_048
