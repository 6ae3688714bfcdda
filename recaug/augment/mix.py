"""How much of each augmenter a run uses: a setting, so that ablation is one too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from recaug.augment.registry import AUGMENTERS, VIEWS, Place
from recaug.augment.rows import Origin, Rows
from recaug.batch import Int64


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares by name, sorted; what is not named is off. `Mix.of` makes one."""

    shares: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, shares: Mapping[str, float]) -> Mix:
        """Raises ValueError: an unknown name, a share outside 0 … 1, views that exceed 1 together.

        >>> Mix.of({"mask": 0.1, "crop": 0.2, "insert": 0.0}).plain()
        {'crop': 0.2, 'mask': 0.1}
        """
        strange = sorted(set(shares) - set(AUGMENTERS))
        if strange:
            raise ValueError(f"{strange[0]!r} is none of {', '.join(AUGMENTERS)}")
        if not all(0 <= share <= 1 for share in shares.values()):
            raise ValueError("a share is between 0 and 1")
        mix = cls(tuple(sorted((name, float(at)) for name, at in shares.items() if at > 0)))
        if sum(mix.at(Place.VIEW).values()) > 1 + 1e-9:
            raise ValueError("a sequence is one view at a time: their shares exceed 1")
        return mix

    def plain(self) -> dict[str, float]:
        return dict(self.shares)

    def share(self, name: str) -> float:
        return self.plain().get(name, 0.0)

    def at(self, place: Place) -> dict[str, float]:
        """The part that acts there."""
        return {name: at for name, at in self.shares if AUGMENTERS[name].place is place}

    def toggled(self, name: str) -> Mix:
        """The same without `name`, or with the share that one tries first where it was off.

        Other views make room for a view where they have to.
        """
        if self.share(name):
            return Mix.of({**self.plain(), name: 0.0})
        added = AUGMENTERS[name]
        views = self.at(Place.VIEW) if added.place is Place.VIEW else {}
        room = min(1.0, (1 - added.share) / max(sum(views.values()), 1e-9))
        return Mix.of({**self.plain(), **{n: s * room for n, s in views.items()},
                       name: added.share})  # fmt: skip


NOTHING = Mix()


def views(rows: Rows, similar: Int64, mix: Mix, rng: np.random.Generator) -> Rows:
    """Replace a share of the observed sequences by views of them, one operator each.

    `similar` (N,) maps each row of the item table to the row most like it, itself if unknown.
    """
    shares = mix.at(Place.VIEW)
    if not shares:
        return rows
    codes = np.array([*(Origin[name.upper()] for name in shares), Origin.OBSERVED], np.int8)
    drawn = np.searchsorted(np.cumsum(list(shares.values())), rng.random(len(rows.items)), "right")
    origin = np.where(rows.origin == Origin.OBSERVED, codes[drawn], rows.origin)
    made = replace(rows.pick(np.arange(len(origin))), origin=origin)  # a copy, to write into
    for name in shares:
        at = np.flatnonzero(origin == Origin[name.upper()])
        if len(at):
            view = VIEWS[name](rows.pick(at), similar, rng)
            made.items[at], made.kinds[at] = view.items, view.kinds
            made.times_ms[at], made.real[at] = view.times_ms, view.real
    return made
