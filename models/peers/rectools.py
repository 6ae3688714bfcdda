"""`python -m models.peers.rectools DIRECTORY`: RecTools' SASRec on a fold, for `models.peer`.

Everything about it is its own: sizes, loss, rate, batches, trainer. It stops when its time is up;
the epoch that validates best is the one that answers. Needs rectools, torch and numpy only.

log.npz      users, items (n,) in order of time; valid (V, L), wanted (V,), test (T, L) histories of
             rows, right-aligned; size, seed, until_s (by the clock), hides (whether nobody wants
             what is in a history)
made.npz     items (size, d), known (size,), vectors (T, d): a score is a product of the two
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]
import torch
from pytorch_lightning import (  # type: ignore[import-not-found,unused-ignore]
    Callback,
    Trainer,
)
from rectools import Columns  # type: ignore[import-not-found,unused-ignore]
from rectools.dataset import Dataset  # type: ignore[import-not-found,unused-ignore]
from rectools.models import SASRecModel  # type: ignore[import-not-found,unused-ignore]
from torch import Tensor

#: Histories read at once, and places of a list that count.
BATCH, TOP = 256, 10


class Keeper(Callback):  # type: ignore[misc,unused-ignore]
    """Ends the training in time, and keeps the weights of the epoch that validates best."""

    model: Any

    def __init__(self, told: dict[str, Any], end_s: float) -> None:
        self.told, self.end_s = told, end_s
        self.best, self.weights = -1.0, dict[str, Tensor]()

    def __deepcopy__(self, _: Any) -> Keeper:
        return self  # the model trains with a copy of the trainer

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        trainer.should_stop = time.time() >= self.end_s

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        reached = _validated(self.model, self.told)
        if reached > self.best:
            state = self.model.torch_model.state_dict()
            self.best = reached
            self.weights = {name: value.clone() for name, value in state.items()}
        self.model.torch_model.train()


def main(place: Path) -> None:
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    with np.load(place / "log.npz") as log:
        told = dict(log)
    torch.manual_seed(int(told["seed"]))
    keeper = Keeper(told, float(told["until_s"]))

    def trainer() -> Trainer:
        return Trainer(
            max_epochs=1_000, accelerator="cpu", devices=1, logger=False, callbacks=[keeper],
            enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
        )  # fmt: skip

    model = keeper.model = SASRecModel(get_trainer_func=trainer)
    model.fit(_dataset(told))
    model.torch_model.load_state_dict(keeper.weights)
    rows = _internal(model, int(told["size"]))
    vectors, items = _embedded(model, rows[told["test"]])
    np.savez(place / "made.npz", vectors=vectors.numpy(), items=items[rows].numpy(), known=rows > 0)


def _dataset(told: dict[str, Any]) -> Any:
    order = np.arange(len(told["users"]))
    return Dataset.construct(
        pd.DataFrame(
            {
                Columns.User: told["users"],
                Columns.Item: told["items"],
                Columns.Weight: 1.0,
                Columns.Datetime: pd.to_datetime(order, unit="s"),
            }
        )
    )


def _internal(model: Any, size: int) -> Any:
    """The model's number of each of our rows, (size,); 0, its padding, for what it never saw."""
    preparator = model.data_preparator
    extra = preparator.n_item_extra_tokens
    known = preparator.item_id_map.external_ids[extra:].astype(np.int64)
    rows = np.zeros(size, np.int64)
    rows[known] = np.arange(extra, extra + len(known))
    return rows


def _embedded(model: Any, histories: Any) -> tuple[Tensor, Tensor]:
    """histories (T, L) of its own numbers → (T, d) and all items (N, d)."""
    order = np.argsort(histories != 0, axis=1, kind="stable")  # padding goes to the front
    taken = torch.from_numpy(np.take_along_axis(histories, order, axis=1))
    net = model.torch_model.eval()
    with torch.no_grad():
        items = net.item_model.get_all_embeddings()
        parts = [
            net.similarity_module.session_tower_forward(
                net.encode_sessions({"x": part}, items)[:, -1]
            )
            for part in torch.chunk(taken, -(-len(taken) // BATCH))
        ]
        return torch.cat(parts), net.similarity_module.item_tower_forward(items)


def _validated(model: Any, told: dict[str, Any]) -> float:
    """NDCG@10 on the validation targets; without any the last epoch is the best."""
    if not len(told["wanted"]):
        return time.monotonic()
    rows = _internal(model, int(told["size"]))
    histories, wanted = rows[told["valid"]], torch.from_numpy(rows[told["wanted"]])
    vectors, items = _embedded(model, histories)
    scores = vectors @ items.T  # (V, N)
    if told["hides"]:
        own = scores.gather(1, wanted.unsqueeze(1))
        scores.scatter_(1, torch.from_numpy(histories), -torch.inf)
        scores.scatter_(1, wanted.unsqueeze(1), own)
    scores[:, 0] = -torch.inf
    own = scores.gather(1, wanted.unsqueeze(1))
    places = (scores > own).sum(1)  # (V,)
    gains = torch.where(places < TOP, 1 / torch.log2(places + 2.0), 0.0)
    return float((gains * wanted.gt(0)).mean())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
