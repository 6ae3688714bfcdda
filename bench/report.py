"""RESULTS.md: every result beside its goal, with the machine, the date and the commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.goals import goals_of, verdict
from bench.result import Result, shown

_HEAD = """\
# Measured

Written by `python -m bench`; not edited by hand. Ours and the peer ran in turn, on one broker, on
the same input; figures are medians over the rounds. A ratio is what travels between machines.

"""
_COLUMNS = (
    "| ours | unit | peer | theirs | ratio | goal | conditions |\n|--:|---|---|--:|--:|---|---|\n"
)


def render(
    results: Sequence[Result],
    missing: Mapping[str, str],
    notes: Mapping[str, str],
    facts: Mapping[str, str],
    at: str,
    commit: str,
    quick: bool,
) -> str:
    """The whole page.

    missing  by bench that could not be run, why
    notes    by bench, what it measures and what its peer leaves out
    """
    parts = [_HEAD, _about(facts, at, commit, quick), _summary(results, missing)]
    for name in sorted({*missing, *(result.bench for result in results)}):
        rows = "".join(_row(result) for result in results if result.bench == name)
        table = f"{_COLUMNS}{rows}\n" if rows else ""
        failed = f"**Not measured whole: {missing[name]}.**\n\n" if name in missing else ""
        parts.append(f"## {name}\n\n{notes.get(name, '').strip()}\n\n{failed}{table}")
    return "".join(parts).rstrip() + "\n"


def _about(facts: Mapping[str, str], at: str, commit: str, quick: bool) -> str:
    known = {"date": at, "commit": f"`{commit}`", "mode": "quick" if quick else "full", **facts}
    rows = "".join(f"| {name} | {value} |\n" for name, value in known.items())
    return f"| | |\n|---|---|\n{rows}\n"


def _summary(results: Sequence[Result], missing: Mapping[str, str]) -> str:
    judged = [goal.met(result) for result in results for goal in goals_of(result)]
    missed = len(judged) - sum(judged)
    tail = f"; {missed} missed" if missed else ""
    tail += f"; not measured: {', '.join(sorted(missing))}" if missing else ""
    return f"{sum(judged)} of {len(judged)} goals met{tail}.\n\n"


def _row(result: Result) -> str:
    cells = (
        shown(result.ours), result.unit, result.peer or "–", shown(result.theirs),
        shown(result.ratio), verdict(result) or "–", result.settings,
    )  # fmt: skip
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
