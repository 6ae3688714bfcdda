"""Memory that a training step frees is kept for the next one.

Every step makes and frees the same few arrays as large as the item table. glibc asks the kernel for
each and gives it back, and the kernel clears each page anew when it is first written: on 10 MB that
takes up to fifteen times as long as the arithmetic. `python -m models` is a child that ends with
its work, so nothing is gained by giving memory back sooner.
"""

from __future__ import annotations

import ctypes

#: Parameters of mallopt(3).
TRIM_THRESHOLD, MMAP_MAX = -1, -4
#: The most that fits: never give the end of the heap back.
NEVER = 2**31 - 1


def keep() -> None:
    """From now on, in this process. Where the C library is not glibc, nothing changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, NEVER)
