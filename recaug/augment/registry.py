"""Every augmenter by the name that its rows say as their origin.

  a view of a sequence        made anew each epoch; `share` of all sequences
  rows                        synthesised once a run, as many as `share` of all sequences
  a step                      acts inside `share` of the steps
  a text                      another wording that stands for an item's own in `share` of the epochs

All draw from a generator they are given, so the same seed makes the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from recaug.augment.rows import Origin
from recaug.augment.sequence import (
    View,
    crop,
    delete,
    insert,
    mask,
    reorder,
    subset,
    substitute,
)


class Place(StrEnum):
    """Where an augmenter acts."""

    VIEW = "view"
    ROWS = "rows"
    STEP = "step"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Augmenter:
    place: Place
    #: What one tries first, where it is the only one.
    share: float
    #: What its rows count in the loss, where an observed one counts 1. Of a row it is the part of
    #: its events that are asked for; of a step, the factor of the loss it adds.
    weight: float
    source: str


_CL, _CO, _DA = "Xie et al. 2022", "Liu et al. 2021", "Zhou et al. 2024"

AUGMENTERS: Mapping[str, Augmenter] = {
    "crop": Augmenter(Place.VIEW, 0.2, 1.0, _CL),
    "mask": Augmenter(Place.VIEW, 0.2, 1.0, _CL),
    "reorder": Augmenter(Place.VIEW, 0.2, 1.0, _CL),
    "substitute": Augmenter(Place.VIEW, 0.2, 1.0, _CO),
    "insert": Augmenter(Place.VIEW, 0.2, 1.0, _CO),
    "delete": Augmenter(Place.VIEW, 0.2, 1.0, _DA),
    "subset": Augmenter(Place.VIEW, 0.2, 1.0, _DA),
    "vae": Augmenter(Place.ROWS, 0.1, 0.5, "Bowman et al. 2016"),
    "gan": Augmenter(Place.ROWS, 0.1, 0.5, "Yu et al. 2017"),
    "mixup": Augmenter(Place.STEP, 0.5, 1.0, "Zhang et al. 2018"),
    "fgm": Augmenter(Place.STEP, 0.25, 1.0, "Miyato et al. 2017"),
    "pgd": Augmenter(Place.STEP, 0.125, 1.0, "Madry et al. 2018"),
    "words": Augmenter(Place.TEXT, 0.5, 1.0, "Wei & Zou 2019"),
    "paraphrase": Augmenter(Place.TEXT, 0.5, 1.0, "any seq2seq model"),
    "back_translation": Augmenter(Place.TEXT, 0.5, 1.0, "Sennrich et al. 2016"),
}

VIEWS: Mapping[str, View] = {
    "crop": crop, "mask": mask, "reorder": reorder, "substitute": substitute, "insert": insert,
    "delete": delete, "subset": subset,
}  # fmt: skip

#: Weight of a row by its origin, (origins,).
WEIGHTS: npt.NDArray[np.float64] = np.array(
    [AUGMENTERS[kind.name.lower()].weight if kind else 1.0 for kind in Origin]
)
