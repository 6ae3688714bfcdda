"""Completion, in the shell that people type in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent

#: What bash does when somebody presses TAB behind a line.
TAB = """
COMP_WORDS=({words}); COMP_CWORD={last}
_recaug_completion recaug
echo "${{COMPREPLY[@]}}"
"""

#: Lines that are being typed, and what is offered.
LINES = {
    "recaug do": {"doctor"},
    "recaug dlq re": {"retry"},
    "recaug dlq retry --fr": {"--from"},
    "recaug schema validate f --as i": {"items"},
    "recaug completion ": {"bash", "zsh", "fish"},
}


def bash(script: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    if home is not None:
        env["HOME"] = str(home)
    command = ["bash", "--norc", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)


def test_bash_completes_commands_options_and_choices() -> None:
    script = "source <(recaug completion bash); complete -p recaug > /dev/null || exit 9\n"
    for line in LINES:
        words = line.split(" ")
        typed = " ".join(f"'{word}'" for word in words)
        script += TAB.format(words=typed, last=len(words) - 1)
    done = bash(script)
    assert done.returncode == 0, done.stderr
    offered = [set(line.split()) for line in done.stdout.splitlines()]
    assert offered == list(LINES.values())


def test_it_installs_itself_where_bash_reads_it(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("alias ll='ls -l'\n")
    # The shell is the one that asks: a last command that bash hands its own process to has none.
    done = bash("recaug --install-completion; exit $?", tmp_path)
    assert done.returncode == 0, done.stderr
    rc = (tmp_path / ".bashrc").read_text()
    assert rc.startswith("alias ll='ls -l'\n")
    tried = bash(f"source {tmp_path}/.bashrc; complete -p recaug", tmp_path)
    assert "_recaug_completion" in tried.stdout


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_there_is_a_script_for_other_shells(shell: str) -> None:
    done = bash(f"recaug completion {shell}")
    assert done.returncode == 0
    assert "_RECAUG_COMPLETE=complete_" + shell in done.stdout
