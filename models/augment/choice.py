"""The bandit's place in a fine-tune: what it remembers, what it chooses, what the record says.

Its state travels in the records: that of the job before, won or lost, or where that is gone, the
parent's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.job import Job
from recaug.augment.bandit import Bandit, off
from recaug.augment.mix import Mix
from recaug.registry import Bundle

#: Under this name a record's metrics tell of the mix.
NAME = "augment"


@dataclass(frozen=True, slots=True)
class Choice:
    """The mix of one fine-tune."""

    bandit: Bandit
    mix: Mix
    toggled: str | None
    counts: bool = True  # whether its gain is like that of the others

    def told(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        """For the record: the mix, what it gained over the champion, and what follows from that."""
        gain = _gain(metrics) if self.counts else None
        after = self.bandit if gain is None else self.bandit.learned(self.toggled, gain)
        return {
            NAME: {
                "mix": self.mix.plain(), "toggled": self.toggled, "gain": gain,
                "next": after.mix.plain(), "off": off(after.mix), "told": after.told,
                "state": after.plain(),
            }
        }  # fmt: skip


def choose(job: Job, parent: Bundle | None, mix: Mix) -> Choice:
    """`mix` is where it begins.

    Nothing is tried where there is no parent to gain on, nor in a run from scratch, whose gain is
    mostly that of beginning anew.
    """
    bandit = next(_remembered(job, parent), Bandit(mix))
    if parent is None or job.terms.afresh:
        return Choice(bandit, bandit.mix, None, counts=False)
    return Choice(bandit, *bandit.choose())


def _remembered(job: Job, parent: Bundle | None) -> Iterator[Bandit]:
    """States to go on from, the newest first."""
    for metrics in _told(job, parent):
        try:
            yield Bandit.read(metrics[NAME]["state"])
        except (KeyError, TypeError, ValueError):  # of another version, or not there
            continue


def _told(job: Job, parent: Bundle | None) -> Iterator[Any]:
    results = job.directory.absolute().parent.glob("*/result.json")
    for path in sorted(results, key=lambda one: one.stat().st_mtime, reverse=True):
        try:
            record = json.loads(path.read_bytes())
            if record["name"] == job.terms.name:
                yield record["metrics"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    if parent is not None:
        yield parent.manifest.metrics


def _gain(metrics: Mapping[str, Any]) -> float | None:
    """Of the challenger over the champion, as a share; None where there is none to compare with."""
    champion = metrics.get("champion", {}).get("ndcg@10", 0.0)
    return metrics["challenger"]["ndcg@10"] / champion - 1 if champion else None
