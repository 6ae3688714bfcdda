"""`recaug augment`: what each way of making training rows up is worth on a data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from recaug.cli.columns import align, paint
from recaug.cli.evaluate import Device, SplitName, measured

app = typer.Typer(no_args_is_help=True)

Figures = Mapping[str, Any]

TITLES = ("AUGMENTER", "HR@10", "NDCG@10", "LIFT", "95 %", "SEEDS", "CPU", "PICTURE", "VERDICT")
NUMBERS = ("HR@10", "NDCG@10", "LIFT", "SEEDS", "CPU")
#: Places of a picture, an odd number: the middle one is no lift.
WIDTH = 31
COLOURS = {"lift": "good", "harm": "bad", "no lift": "dim", "too short": "warn"}


@app.callback()
def augment() -> None:
    """List augmenters, and measure what they are worth.

    \b
      recaug augment list
      recaug augment report --data ml-100k.inter.gz
    """


@app.command("list")
def list_() -> None:
    """List what there is: where each acts, the share tried first, its weight in the loss.

    \b
      recaug augment list
      recaug augment list | grep view
    """
    from recaug.augment.registry import AUGMENTERS

    rows = [[n, a.place, f"{a.share:g}", f"{a.weight:g}", a.source] for n, a in AUGMENTERS.items()]
    titles = ["NAME", "PLACE", "SHARE", "WEIGHT", "AFTER"]
    title, *rest = align(titles, rows, right=["SHARE", "WEIGHT"])
    typer.echo("\n".join([paint(title, "dim"), *rest]))


@app.command()
def report(
    data: Annotated[
        Path,
        typer.Option("--data", metavar="PATH", help="A file of events, or a directory of periods."),
    ],
    split: Annotated[
        SplitName | None,
        typer.Option("--split", help="Default: as recaug evaluate.", show_default=False),
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Runs of each.")] = 3,
    budget: Annotated[
        float,
        typer.Option(
            "--budget", metavar="SECONDS", min=1, help="For everything; each run gets its part."
        ),
    ] = 1_800.0,
    only: Annotated[
        str, typer.Option("--only", metavar="NAMES", help="Default: all that fit the data.")
    ] = "",
    device: Annotated[Device, typer.Option("--device", help="Where to train.")] = Device.AUTO,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write all figures there too."),
    ] = None,
    paraphrase: Annotated[
        str,
        typer.Option("--paraphrase", metavar="MODEL", help="Seq2seq model: a name or a path."),
    ] = "",
    back_translation: Annotated[
        str,
        typer.Option("--back-translation", metavar="THERE,BACK", help="Two of them."),
    ] = "",
) -> None:
    """Train with each augmenter alone and with none, and compare.

    Every run gets the same processor time and every pair the same seed;
    targets are those of recaug evaluate, ranked among the whole catalogue.
    Intervals are 95 %, by paired bootstrap over users. A lift is one where
    the interval is above 0 and every seed agrees.

    \b
      recaug augment report --data ml-100k.inter.gz --budget 600
      recaug augment report --data Beauty.txt.gz --seeds 5 --only subset,fgm
    """
    names, pair = _chosen(only), back_translation.split(",") if back_translation else []
    if len(pair) not in (0, 2):
        raise typer.BadParameter("--back-translation takes two models: THERE,BACK")
    options = ["--split", split or "", "--budget", str(budget), "--device", device]
    options += ["--seeds", str(seeds), "--paraphrase", paraphrase]
    options += ["--only", *names, "--back-translation", *pair]
    found = measured("augment-report", data, options, json_file)
    typer.echo("\n".join(lines(found)))


def _chosen(only: str) -> list[str]:
    from recaug.augment.registry import AUGMENTERS

    names = [name.strip() for name in only.split(",") if name.strip()]
    strange = next((name for name in names if name not in AUGMENTERS), None)
    if strange is not None:
        raise typer.BadParameter(f"{strange!r} is none of {', '.join(AUGMENTERS)}")
    return names


def lines(found: Figures) -> Iterator[str]:
    """The report as a person reads it; `found` is what `python -m models augment-report` prints."""
    from recaug.evaluation.splits import SPLITS

    none, arms = found["none"], found["augmenters"]
    yield paint(
        f"{found['data']}, {SPLITS[found['split']]}, {found['seeds']} seeds, "
        f"{found['each_s']:.0f} CPU-seconds a run, {found['seconds']:.0f} s in all", "dim",
    )  # fmt: skip
    reach = max((abs(end) for one in arms.values() for end in one["lift_ci"]), default=0.0)
    bare = ["none", _short(none["hr@10"]), _short(none["ndcg@10"]), "", "", "", _cpu(none), "", ""]
    rows = [bare, *(_row(name, one, reach) for name, one in arms.items())]
    title, first, *rest = align(TITLES, rows, NUMBERS)
    yield paint(title, "dim")
    yield first
    for line, one in zip(rest, arms.values(), strict=True):
        yield paint(line, COLOURS[one["verdict"]])
    yield ""
    runs, all_of_it = found["seeds"] * (1 + len(arms)), (none, *arms.values())
    cut = runs - sum(one["finished"] for one in all_of_it)
    if cut:
        told = f"{cut} of {runs} runs ended with their time: what each is worth at this price"
        yield paint(told, "warn")
    yield _verdict(arms)


def _row(name: str, one: Figures, reach: float) -> list[str]:
    low, high = one["lift_ci"]
    ups = sum(gain > 0 for gain in one["by_seed"])
    return [
        name, _short(one["hr@10"]), _short(one["ndcg@10"]), f"{one['relative']:+.1%}",
        f"{low:+.4f} – {high:+.4f}", f"{ups}/{len(one['by_seed'])}", _cpu(one),
        picture(low, one["lift"], high, reach), one["verdict"],
    ]  # fmt: skip


def picture(low: float, middle: float, high: float, reach: float) -> str:
    """An interval on a line from −`reach` to `reach`; the bar in the middle is 0.

    >>> picture(1.0, 2.0, 3.0, 3.0)
    '               │    ├────●────┤'
    """
    half = WIDTH // 2
    at = [half + round(value / reach * half) if reach else half for value in (low, middle, high)]
    line = [" "] * WIDTH
    line[half] = "│"
    line[at[0] : at[2] + 1] = "─" * (at[2] + 1 - at[0])
    line[at[0]], line[at[2]], line[at[1]] = "├", "┤", "●"
    return "".join(line)


def _verdict(arms: Figures) -> str:
    """Who earns a place, in words."""
    by: dict[str, Sequence[str]] = {
        verdict: [name for name, one in arms.items() if one["verdict"] == verdict]
        for verdict in COLOURS
    }
    if by["too short"]:
        names = ", ".join(by["too short"])
        told = f"▲ too short to tell: {names}; some runs never got beyond their start"
        return paint(f"{told}: a larger --budget, or fewer with --only", "warn")
    if not by["lift"]:
        told = "▲ no lift: of none can it be said that it does better than nothing"
        return paint(told + _harm(by["harm"]), "warn")
    return paint(f"✓ lift: {', '.join(by['lift'])}{_harm(by['harm'])}", "good")


def _harm(names: Sequence[str]) -> str:
    return f"; harm: {', '.join(names)}" if names else ""


def _short(value: float) -> str:
    return f"{value:.4f}"


def _cpu(one: Figures) -> str:
    return f"{one['cpu_s']:.0f}s"
