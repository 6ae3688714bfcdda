"""Input made to be slow is not: no regular expression, sort or search takes the square of it.

Not timed: a process is given far more processor seconds than it needs, and far fewer than one step
that takes the square of its input would use up; the kernel ends it when they are gone.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from recaug.clean import Cleaner
from recaug.settings import Settings
from tests.hostile.sent import Maker, Sent

NOW = 1_764_000_000_000
ROOT = Path(__file__).parents[2]
#: Some 4 s are needed; mail addresses alone once took 33 s a record.
CPU_S = 60
TIMES = 20

#: By name; each is as large as is read at all.
INPUTS: dict[str, Callable[[Maker], Sent]] = {
    "mail": lambda at: at.event(user_id="a@" + "." * 60_000 + "@"),
    "mail as key": lambda at: Sent("users", b"a@" + b"." * 900_000 + b"@", None),
    "marks in an id": lambda at: at.event(item_id="a" + "\u0301\u0316" * 15_000),
    "marks in a key": lambda at: Sent("items", "\u0301\u0316".encode() * 200_000, None),
    "marks in text": lambda at: at.social("comment", text="a" + "\u05b0\u0591" * 15_000),
    "marks of music": lambda at: at.social("comment", text="a" + "\U0001d165\U0001d16e" * 8_000),
    "marks that compose": lambda at: at.social("comment", text="a\u0323\u0307" * 10_000),
    "ligatures": lambda at: at.social("comment", text="\ufdfa" * 20_000),
    "spaces": lambda at: at.search(search_term="a" + " " * 60_000 + "b"),
    "zero width": lambda at: at.search(search_term="\u200c\u200d" * 10_000),
    "keys": lambda at: at.value(
        ("{" + ",".join(f'"{n:x}":1' for n in range(6_000)) + ',"176f":1}').encode()
    ),
    "quotes": lambda at: at.value(b'{"event":' + b'"' * 65_000),
    "colons": lambda at: at.event(properties={"a": '":' * 1_000}),
    "spaces before a colon": lambda at: at.value(b'{"event"' + b" " * 65_000 + b':"click"}'),
    "versions": lambda at: at.event(event=None, type="io.recaug.event." + ".v1" * 20_000),
    "a long name": lambda at: at.event("purchas" * 9_000),
    "digits": lambda at: at.event(timestamp="1" * 60_000),
    "ids": lambda at: at.search(search_term="x", item_ids=["\u0301a"] * 9_000),
    "lines": lambda at: at.event("purchase", items=[{}] * 15_000),
    "headers": lambda at: at.event()._replace(headers=(("", b""),) * 200_000),
    "base64": lambda at: at.value(
        b'{"data_base64":"' + b"=" * 65_000 + b'"}',
        headers=(("content-type", b"application/cloudevents+json"),),
    ),
}


def test_slow_input_is_cut_off_in_time() -> None:
    command = [sys.executable, "-m", "tests.hostile.test_cost"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout.splitlines()[-1:]} {done.stderr[-500:]}"
    assert done.stdout.splitlines() == list(INPUTS)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    for name, make in INPUTS.items():
        print(name, flush=True)  # noqa: T201 - the last one is to blame
        records = [make(Maker(f"c{n}", NOW)).raw(n, NOW) for n in range(TIMES)]
        assert len(Cleaner(Settings()).clean(records, NOW)) == TIMES


if __name__ == "__main__":
    main()
