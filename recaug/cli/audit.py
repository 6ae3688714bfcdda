"""`recaug audit`: what became of every record, and whether each promise was kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any, Self

import orjson
import typer

from recaug.cli.columns import Format, FormatOption, paint, seconds
from recaug.cli.connection import DataDirOption, KafkaOption, RedisOption, connect

if TYPE_CHECKING:
    from recaug.audit import Problem, Report


def audit(
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="TIME",
            help="Only what was published since: 90s, 5m, 2h. Default: all that is kept.",
            show_default=False,
        ),
    ] = None,
    drained: Annotated[
        bool,
        typer.Option("--drained", help="Nothing may be under way any more: what waits is missing."),
    ] = False,
    form: FormatOption = Format.TEXT,
    kafka: KafkaOption = None,
    redis: RedisOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Account for every record: answered, rejected, superseded, missing, doubled.

    Reads the topics, joins no group and changes nothing; the services may run
    meanwhile: what they have not acknowledged yet is under way, not missing.
    Needs about 60 bytes of memory per event.

    Exit code: 0 all promises kept, 1 something is missing, doubled or otherwise
    wrong, 2 there is nothing to audit, 3 unreachable.

    \b
      recaug audit
      recaug audit --since 10m
      recaug audit -f json | jq .missing,.doubled
    """
    from recaug.audit import audit as run
    from recaug.audit import begin_at

    settings = connect(kafka, redis, data_dir)
    began = None if since is None else begin_at(settings, _since_ms(since))
    started = time.monotonic()
    with _Told() as told:
        report = run(settings, began, drained=drained, progress=told)
    took_s = time.monotonic() - started
    if form is Format.JSON:
        typer.echo(orjson.dumps({**report.to_dict(), "audit_s": round(took_s, 3)}))
    else:
        typer.echo("\n".join(lines(report)))
    raise typer.Exit(1 if report.problems else 0)


def _since_ms(text: str) -> int:
    try:
        return int((time.time() - seconds(text)) * 1_000)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from error


class _Told:
    """Progress on stderr, begun when it is known how much there is to read."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._meter: Any = None
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, done: int, total: int) -> None:
        if self._meter is None:
            self._meter = self._stack.enter_context(_meter(total))
        self._meter.add(done - self._done, time.monotonic())
        self._done = done


def _meter(total: int) -> Any:
    from recaug.publish import Meter

    return Meter("audit", total, unit="records")


def lines(report: Report) -> Iterator[str]:
    """Yield the table a person reads, then what is wrong."""
    for title, rows in _tables(report).items():
        yield paint(title, "dim")
        for name, value in rows.items():
            shown = f"{value:>14,}" if isinstance(value, int) else f"  {value}"
            bad = name in ("missing", "doubled") and value
            yield paint(f"  {name:<12}{shown}", "bad") if bad else f"  {name:<12}{shown}"
        yield ""
    for problem in report.problems:
        yield from _problem(problem)
    yield _verdict(report)


def _tables(report: Report) -> dict[str, Mapping[str, int | str]]:
    events, documents, answers = report.events, report.documents, report.recommendations
    doubled = {"missing": answers.missing, "doubled": report.doubled, "copies": answers.copies}
    return {
        "EVENTS": {
            "inputs": events.published,
            "accepted": events.accepted,
            "rejected": sum(events.rejected.values()),
            **{f"  {reason}": count for reason, count in events.rejected.items()},
            "resends": events.duplicates,
            **_some(under_way=events.waiting, expired=events.expired),
            "missing": events.missing,
            **_some(copies=events.copies),
        },
        "DOCUMENTS": {
            "inputs": documents.published,
            "accepted": documents.accepted,
            "rejected": sum(documents.rejected.values()),
            **_some(
                replaced=documents.replaced, under_way=documents.waiting, expired=documents.expired
            ),
            "missing": documents.missing,
        },
        "ANSWERS": {
            "expected": answers.expected,
            "answered": answers.distinct,
            "superseded": answers.superseded,
            **_some(under_way=answers.waiting, erased=answers.erased, expired=answers.expired),
            **doubled,
        },
        "STATE": {
            **report.state,
            "models": f"{len(report.models)} tried, "
            f"{sum(model.promoted for model in report.models)} promoted",
            "behind": ", ".join(f"{name} {count:,}" for name, count in report.lag.items()),
        },
    }


def _some(**counts: int) -> dict[str, int]:
    """Those that are not zero, by the words a person reads."""
    return {name.replace("_", " "): count for name, count in counts.items() if count}


def _problem(problem: Problem) -> Iterator[str]:
    yield f"{paint('✕', 'bad')} {problem.words}"
    for example in problem.examples:
        yield f"    {example}"
    if problem.count > len(problem.examples):
        yield f"    … and {problem.count - len(problem.examples):,} more"
    yield paint(f"  → {problem.mend}", "dim")


def _verdict(report: Report) -> str:
    told = f"{report.missing:,} missing, {report.doubled:,} doubled"
    waiting = report.events.waiting + report.documents.waiting + report.recommendations.waiting
    if report.problems:
        others = sum(one.count for one in report.problems) - report.missing - report.doubled
        return paint(f"✕ {told}" + (f", {others:,} otherwise wrong" if others else ""), "bad")
    so_far = f" so far; {waiting:,} records are under way" if waiting else ""
    return paint(f"✓ {told}: every promise was kept{so_far}", "good")
