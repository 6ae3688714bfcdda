"""`python -m bench.peers.rectools LOG JSON`: RecTools' SASRec on the same log, one thread.

Its model, data preparation, loss, batch size and trainer are its own; width, blocks, heads, length
and dropout are ours. The clock runs from the fourth step on, in the trainer's callbacks.
"""

from __future__ import annotations

import gzip
import json
import logging
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]
import torch
from pytorch_lightning import (  # type: ignore[import-not-found,unused-ignore]
    Callback,
    Trainer,
)
from rectools import Columns  # type: ignore[import-not-found,unused-ignore]
from rectools.dataset import Dataset  # type: ignore[import-not-found,unused-ignore]
from rectools.models import SASRecModel  # type: ignore[import-not-found,unused-ignore]

WARM = 3


class Meter(Callback):  # type: ignore[misc,unused-ignore]
    """Counts positions that are asked, and ends the training when the budget is spent."""

    def __init__(self, budget_s: float) -> None:
        self.budget_s, self.events, self.cpu_s, self._began = budget_s, 0, 0.0, 0.0

    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, number: int
    ) -> None:
        if trainer.global_step <= WARM:
            self.events, self._began = 0, time.process_time()
            return
        self.events += int(batch["y"].ne(0).sum())
        self.cpu_s = time.process_time() - self._began
        trainer.should_stop = self.cpu_s >= self.budget_s

    def on_train_end(self, trainer: Any, module: Any) -> None:
        # Told here: the model trains with a copy of the trainer, and so of this.
        sys.stdout.write(json.dumps({"events": self.events, "cpu_s": self.cpu_s}) + "\n")


def main(path: Path, told: dict[str, Any]) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)

    def trainer() -> Trainer:
        return Trainer(
            max_epochs=1_000, accelerator="cpu", devices=1, logger=False,
            callbacks=[Meter(told["budget_s"])], enable_progress_bar=False,
            enable_model_summary=False, enable_checkpointing=False,
        )  # fmt: skip

    model = SASRecModel(
        n_factors=told["width"], n_blocks=told["blocks"], n_heads=told["heads"],
        session_max_len=told["length"], dropout_rate=told["dropout"], loss="softmax",
        get_trainer_func=trainer,
    )  # fmt: skip
    model.fit(_dataset(path))


def _dataset(path: Path) -> Any:
    names = [Columns.User, Columns.Item, Columns.Weight, Columns.Datetime]
    with gzip.open(path, "rt") as file:
        log = pd.read_csv(file, sep="\t", names=names, skiprows=1)
    log[Columns.Datetime] = pd.to_datetime(log[Columns.Datetime], unit="s")
    return Dataset.construct(log)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
