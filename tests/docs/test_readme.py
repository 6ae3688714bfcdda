"""README.md and the pages it leads to, done as they say: every block is run.

One instance is started as `make up` starts it. The blocks are run in their order, each as a person
would; promised output is compared by its shape (`tests/docs/blocks.py`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from recaug.local.ports import listens
from tests.docs.blocks import Block, blocks, unmet
from tests.e2e.house import COMMAND, ROOT, House

README = blocks(ROOT / "README.md")
START = "make up"

#: What the pages call the broker; the test's instance has a port of its own.
BROKER = "127.0.0.1:9092"
PATIENCE_S = 60.0
#: From here on an exit code is no verdict: wrong usage, no such command, killed.
USAGE = 64

#: README blocks that are not typed at a running instance; each has a test of its own.
APART = (START, "make test")
#: What a page needs a trained model for; tests/e2e and tests/recaug/cli do that.
LEARNED = ("recaug model", "recaug evaluate")
GUIDES = ("docs/tutorial.md", "docs/how-to/your-data.md")


def _typed(page: str, apart: tuple[str, ...]) -> list[Block]:
    return [b for b in blocks(ROOT / page) if not any(name in b.text for name in apart)]


#: By the page's name: each page is done by a person of its own, in one sitting.
TYPED = [("README.md", block) for block in _typed("README.md", APART)]
TYPED += [(page, block) for page in GUIDES for block in _typed(page, APART + LEARNED)]


class Desk:
    """A directory with what the checkout has of an instance: `.venv` and `.recaug`."""

    def __init__(self, directory: Path, house: House) -> None:
        self.directory, self.house = directory, house
        (directory / "recaug").symlink_to(directory)
        (directory / ".venv").symlink_to(ROOT / ".venv")
        (directory / ".recaug").symlink_to(house.data)

    def type(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run it as bash does; stdout and stderr together, as on a terminal."""
        return self._run(["bash", "-e", "-o", "pipefail", "-c", command])

    def program(self, source: str) -> subprocess.CompletedProcess[str]:
        """Run a Python program."""
        return self._run([sys.executable, "-c", source])

    def _run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        words = [word.replace(BROKER, self.house.running["kafka"]) for word in words]
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return subprocess.run(
            words, cwd=self.directory, env={**os.environ, "PATH": path}, timeout=2 * PATIENCE_S,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    directory = tmp_path_factory.mktemp("readme")
    with House(directory, "--traffic", "simulate:60") as house:
        (directory / "checkout").mkdir()
        yield Desk(directory / "checkout", house)


def the(command: str) -> Block:
    """The one block of README.md that has a command on a line of its own."""
    (found,) = [b for b in README if b.language == "bash" and command in _lines(b)]
    return found


def _lines(block: Block) -> list[str]:
    return [line.partition("  #")[0].rstrip() for line in block.text.splitlines()]


def made(target: str) -> str:
    """The last command that `make TARGET` runs when the environment is ready."""
    dry = ["make", "--dry-run", "--assume-old=.venv/.ready", target]
    # The tests are run by make themselves: a make that knows so says which directory it leaves.
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(dry, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("promised", "said"),
    [
        ("recaug-clean  159  0.6s  -  OK  keeps up", "recaug-clean 0 - 12 WARN  falls behind"),
        ("redis  unix:///…/redis.sock  0.0 s", "redis  unix:///home/me/redis.sock  1.3 s"),
        ("22:50:17  you  click  → sku-1 3.2, …", "09:00:01  you  click  → b-77 1.0 (popular), b"),
        ('{"items":[{"item_id":"sku-10001",…', '{"items":[{"item_id":"sku-7","index":0}]}'),
    ],
)
def test_figures_may_differ(promised: str, said: str) -> None:
    assert unmet([promised], f"before\n  {said}\nafter") == []


@pytest.mark.parametrize(
    ("promised", "said"),
    [
        ("GROUP  LAG  VERDICT", "GROUP  LAG  RETENTION  VERDICT"),
        ("recaug-clean  159  OK  keeps up", "recaug-learn  159  OK  keeps up"),
        ("2 of 3 lines used", "2 of 3 lines unused"),
        ("0 missing, 0 doubled", "0 missing"),
        ('{"items":[…', '{"item":[]'),
    ],
)
def test_words_may_not(promised: str, said: str) -> None:
    assert unmet([promised], said) == [promised]


def test_lines_come_in_the_order_that_is_promised() -> None:
    assert unmet(["a", "b"], "a\nmore\nb") == []
    assert unmet(["b", "a"], "a\nb") == ["a"]


def test_make_up_starts_what_the_test_starts() -> None:
    assert _lines(the(START))[-1] == START
    assert str(ROOT / made("up")) == f"{COMMAND[0]} up"


def test_what_contributors_type_is_what_ci_runs() -> None:
    checks = _lines(the("make test"))
    assert checks[0] == (ROOT / ".ci/run").read_text().splitlines()[-1]
    assert all(made(check.removeprefix("make ")) for check in checks)


@pytest.mark.e2e
def test_the_instance_says_what_the_page_shows(desk: Desk) -> None:
    (block,) = [b for b in README if b.language == "console" and START in b.typed]
    ((command, promised),) = block.commands
    assert command == START
    said = desk.house.said().replace(str(desk.house.data), "/home/you/recaug/.recaug")
    said = said.replace(f"{desk.house.data.name}/logs", ".recaug/logs")
    assert not unmet(promised, said), said
    assert listens(int(desk.house.running["page"].rpartition(":")[2]))


@pytest.mark.e2e
@pytest.mark.parametrize(("page", "block"), TYPED, ids=str)
def test_a_block_does_what_it_says(page: str, block: Block, desk: Desk) -> None:
    if "kcat" in block.typed and shutil.which("kcat") is None:
        pytest.skip("no kcat: apt-get install kcat")
    if block.language == "console":
        for command, promised in block.commands:
            _keeps(desk, command, promised)
    else:
        run = {"bash": desk.type, "python": desk.program}
        assert block.language in run, f"{page}: a block that nobody runs"
        done = run[block.language](block.text)
        assert done.returncode == 0, done.stdout


def _keeps(desk: Desk, command: str, promised: tuple[str, ...]) -> None:
    """Type a command until it says what is promised: what it tells of is under way meanwhile."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        done = desk.type(command)
        assert done.returncode < USAGE, f"$ {command}\n{done.stdout}"
        left = unmet(promised, done.stdout)
        if not left:
            return
        assert time.monotonic() < deadline, f"$ {command}\n{done.stdout}\nnot said: {left}"
        time.sleep(0.5)
