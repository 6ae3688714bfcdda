"""`recaug evaluate`: our model among the baselines on a data set."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from recaug.cli.mapping import MapOption, chosen_columns
from recaug.errors import Failure

#: Who takes part, in the order they run: ours gets the time that the others leave.
MODELS = ("popular", "itemknn", "vsknn", "sasrec", "neural", "ours")
#: Who may, where it is installed: it takes as long as ours.
PEERS = ("rectools",)


class SplitName(StrEnum):
    """How to split: `recaug.evaluation.splits` says what each means."""

    LOO = "loo"
    TIME = "time"
    PERIODS = "periods"


class Device(StrEnum):
    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def evaluate(
    data: Annotated[
        Path,
        typer.Option("--data", metavar="PATH", help="A file of events, or a directory of periods."),
    ],
    split: Annotated[
        SplitName | None,
        typer.Option(
            "--split",
            help="Default: periods for a directory, time where there are times, else loo.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[
        float,
        typer.Option("--budget", metavar="SECONDS", min=1, help="For everything, by the clock."),
    ] = 600.0,
    device: Annotated[Device, typer.Option("--device", help="Where to train.")] = Device.AUTO,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all that is drawn.")] = 0,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write all figures there too."),
    ] = None,
    mapping: MapOption = "",
    models: Annotated[
        str, typer.Option("--models", metavar="NAMES", help="Who takes part; also there: rectools.")
    ] = ",".join(MODELS),
) -> None:
    """Train on a data set and measure against the baselines.

    Reads whatever `recaug replay` reads, or a directory of period_0.txt(.gz),
    period_1.txt ... with `session item` lines. Every target is ranked among
    the whole catalogue, with and without what the user has had. Splits:
    loo (the last event of each user), time (the newest tenth), periods (each
    is predicted from all before it). Settings are chosen on events before the
    test. Intervals are 95 %, by bootstrap over users.

    \b
      recaug evaluate --data ml-100k.inter.gz --budget 60
      recaug evaluate --data clicks.csv --split loo --json report.json
      recaug evaluate --data orders.csv --map user=customer,item=sku
      recaug evaluate --data diginetica-ader --models popular,vsknn
    """
    from recaug.cli.figures import lines

    options = ["--split", split or "", "--budget", str(budget), "--device", device]
    options += ["--seed", str(seed), "--models", *_chosen(models)]
    options += ["--map", chosen_columns(mapping)]
    found = measured("evaluate", data, options, json_file)
    typer.echo("\n".join(lines(found)))


def _chosen(models: str) -> list[str]:
    names = [name.strip() for name in models.split(",")]
    strange = next((name for name in names if name not in MODELS + PEERS), None)
    if strange is not None:
        raise typer.BadParameter(f"{strange!r} is none of {', '.join(MODELS + PEERS)}")
    return names


def measured(
    command: str, data: Path, options: Sequence[str], json_file: Path | None
) -> dict[str, Any]:
    """What `python -m models COMMAND` reports of a data set, written to a file too where asked for.

    Raises Failure where the data or the file's directory is not there, before anything is run.
    """
    from recaug import atomic
    from recaug.evaluation.dataset import require

    require(data)
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise Failure(
            f"{json_file} cannot be written", "its directory is not there",
            f"mkdir -p {json_file.parent}",
        )  # fmt: skip
    found = orjson.loads(_child([command, "--data", str(data.absolute()), *options]))
    found["data"] = str(data)
    if json_file is not None:
        atomic.write_bytes(json_file, orjson.dumps(found, option=orjson.OPT_INDENT_2))
    return dict(found)


def _child(arguments: Sequence[str]) -> bytes:
    """What `python -m models` prints; a failure has been explained on stderr by then."""
    from recaug.local.programs import checkout

    root = checkout("the model cannot be trained")
    path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-m", "models", *arguments], stdout=subprocess.PIPE, check=False,
        cwd=root, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    if done.returncode < 0:
        raise Failure(
            "the evaluation was ended", f"by signal {-done.returncode}, perhaps for its memory",
            "use a part of the data, or fewer --models",
        )  # fmt: skip
    if done.returncode:
        raise typer.Exit(done.returncode)
    return done.stdout
