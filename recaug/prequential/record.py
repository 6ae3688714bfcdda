"""The contract of `recaug.metrics`: how good the lists served lately were, as sums that add up.

    Record        parse · to_bytes · total      one worker, one model version, about ten seconds
    Cell          one source and bucket of it; cells add up
    add           the sum of some cells

A target is an item that a user had not had before and now acted on. It is looked for in three
lists, all made before: the one that was served, the popular items that would have been, and, for a
sample, what the frozen model would have served. Figures are at 10 and over the whole catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

#: Places of a list that count.
AT = 10

#: What a list was made in answer to.
SOURCES = ("clicks", "searches", "social")

#: How much was known of the user: 0–2, 3–20, more events.
BUCKETS = ("new", "short", "long")

_ALL: Literal["all"] = "all"
_Count = Annotated[int, Field(ge=0, lt=2**53)]
_Sum = Annotated[float, Field(ge=0, lt=2**53)]
_Label = Annotated[str, Field(max_length=128)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Sums(_Part):
    """Hits, discounted gains and reciprocal ranks of one ranker's lists, each summed."""

    hits: _Count = 0
    ndcg: _Sum = 0.0
    mrr: _Sum = 0.0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            hits=self.hits + other.hits, ndcg=self.ndcg + other.ndcg, mrr=self.mrr + other.mrr
        )

    def over(self, targets: int) -> dict[str, float]:
        """The means, by the names that `recaug evaluate` gives them; nothing of no target."""
        if not targets:
            return {}
        sums = {"hr": self.hits, "ndcg": self.ndcg, "mrr": self.mrr}
        return {f"{name}@{AT}": value / targets for name, value in sums.items()}


class Sample(_Part):
    """Those targets that the frozen model's list was made for too, in all three lists."""

    targets: _Count = 0
    served: Sums = Sums()
    popularity: Sums = Sums()
    frozen: Sums = Sums()

    def __add__(self, other: Sample) -> Sample:
        return Sample(
            targets=self.targets + other.targets,
            served=self.served + other.served,
            popularity=self.popularity + other.popularity,
            frozen=self.frozen + other.frozen,
        )


class Cell(_Part):
    """Targets of one source and bucket; `all` where cells of several were added."""

    source: Literal["clicks", "searches", "social", "all"] = _ALL
    bucket: Literal["new", "short", "long", "all"] = _ALL
    targets: _Count = 0
    served: Sums = Sums()
    popularity: Sums = Sums()
    #: Squares of the gain of each target, so that a reader knows how sure the gain is.
    gain_squares: _Sum = 0.0
    sample: Sample = Sample()

    @property
    def gain(self) -> float:
        """What served lists are better by than popular ones, NDCG summed over the targets."""
        return self.served.ndcg - self.popularity.ndcg

    def __add__(self, other: Cell) -> Cell:
        return Cell(
            source=self.source if self.source == other.source else _ALL,
            bucket=self.bucket if self.bucket == other.bucket else _ALL,
            targets=self.targets + other.targets,
            served=self.served + other.served,
            popularity=self.popularity + other.popularity,
            gain_squares=self.gain_squares + other.gain_squares,
            sample=self.sample + other.sample,
        )


def add(cells: Iterable[Cell]) -> Cell:
    """The sum of some cells: what they have in common keeps its name."""
    some = list(cells)
    return reduce(Cell.__add__, some) if some else Cell()


class Record(_Part):
    """What one worker saw of one version between two times, epoch milliseconds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "schema_version": 1, "model": "main", "version": "20261124T050312-1f0c2d3e",
                    "frozen_version": None, "from_ms": 1_763_960_400_000,
                    "to_ms": 1_763_960_410_000,
                    "cells": [
                        {
                            "source": "clicks", "bucket": "short", "targets": 200,
                            "served": {"hits": 84, "ndcg": 49.5, "mrr": 39.25},
                            "popularity": {"hits": 11, "ndcg": 5.5, "mrr": 4.0},
                        }
                    ],
                }
            ]
        }
    )  # fmt: skip

    schema_version: Literal[1] = 1
    model: _Label
    version: _Label | None = Field(description="Of the model that served. Null: there was none.")
    frozen_version: _Label | None = None
    from_ms: _Count
    to_ms: _Count
    cells: Annotated[tuple[Cell, ...], Field(max_length=len(SOURCES) * len(BUCKETS))]

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Read what `to_bytes` wrote. Raises ValidationError, which is a ValueError."""
        return cls.model_validate_json(value)

    def to_bytes(self) -> bytes:
        return self.model_dump_json().encode()

    def total(self) -> Cell:
        """All cells as one."""
        return add(self.cells)
