"""Which device to train on."""

from __future__ import annotations

import torch

from recaug.errors import Failure


def choose(wanted: str) -> torch.device:
    """`auto` takes a GPU where there is one. Raises Failure where a GPU is asked for in vain."""
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if wanted.startswith("cuda") and not torch.cuda.is_available():
        raise Failure(
            f"cannot train on {wanted}", "torch finds no CUDA device",
            "use auto or cpu (RECAUG_DEVICE)",
        )  # fmt: skip
    return torch.device(wanted)
