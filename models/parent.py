"""The model a fine-tune goes on from, without the items that it need not know any more."""

from __future__ import annotations

from dataclasses import dataclass

from models import eviction, weights
from models.adam import AdamW
from models.bundle import VOCABULARY
from models.job import Job
from models.sequence import SequenceModel
from recaug.batch import FIRST_ROW, Int64
from recaug.registry import Bundle


@dataclass(frozen=True, slots=True)
class Parent:
    bundle: Bundle
    rows: Int64  # of its table that are gone on with
    vocabulary: list[str]  # the items of those rows
    seen_ms: Int64  # when each of them had its last event, as far as the bundle knows

    @classmethod
    def of(cls, job: Job) -> Parent | None:
        """The job's, None where it has none. Raises CorruptBundle where it is damaged."""
        terms = job.terms
        if terms.parent is None:
            return None
        bundle = terms.open_registry().open(terms.name, terms.parent)
        every: list[str] = bundle.json(VOCABULARY)
        seen = eviction.last_seen(every, eviction.times(bundle, len(every)), job.snapshot)
        rows = eviction.kept(seen, job.snapshot, terms.item_age_s)
        items = rows[FIRST_ROW:] - FIRST_ROW
        return cls(bundle, rows, [every[item] for item in items.tolist()], seen[items])

    def model(self) -> tuple[SequenceModel, AdamW]:
        """Its weights and optimiser, rows as `vocabulary` has them."""
        return weights.restore(self.bundle, self.rows)
