"""The list of each request, by one model, popularity and neighbours, before it is a message.

Ranker        ask · rank · said
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from recaug.ask import Ask, ask
from recaug.live import Live
from recaug.matches import Words, joined
from recaug.message import Ranked, Request
from recaug.personal import NEIGHBOURS, SEARCH, alone, inputs, lists
from recaug.score import Scorer
from recaug.settings import Settings
from recaug.shelf import Shelf
from recaug.told import NOTHING, Told, told

#: Nothing is left to chance: what is in a list would be there each time. Exploring changes this.
ALWAYS = 1.0


class Ranker:
    """Not thread-safe: it reads what `Recommender` changes."""

    def __init__(self, settings: Settings, live: Live, clock: Callable[[], float]) -> None:
        self._settings, self._live, self._clock = settings, live, clock

    def ask(
        self, requests: Sequence[Request], words: Sequence[Words | None], scorer: Scorer | None
    ) -> list[Ask]:
        """What each request needs; `words` are what each searches for."""
        length, found = self._settings.history, self._live.matches(words)
        each = zip(requests, words, found, strict=True)
        return [ask(one, scorer, length, said, matches) for one, said, matches in each]

    def rank(
        self, asks: Sequence[Ask], scorer: Scorer | None, shelf: Shelf, marks: list[float]
    ) -> list[Ranked]:
        """One list each, in order; `scorer` is the one that the asks were made for.

        Adds to `marks` when the model began and ended, where it ran.
        """
        personal = iter(self._personal(asks, scorer, shelf, marks))
        k, compared = self._settings.list_size, scorer.table.shown if scorer else 0
        ranked = []
        for one in asks:
            items = next(personal) if one.question else self._alone(one, shelf)
            if len(items) < k:
                taken = one.without.union(item["item_id"] for item in items)
                items += shelf.pick(k - len(items), taken, first_index=len(items))
            for item in items:
                item["propensity"] = ALWAYS
            among = max(compared if one.question else len(shelf), len(items))
            ranked.append(Ranked(items, among, one.fallback))
        return ranked

    def _personal(
        self, asks: Sequence[Ask], scorer: Scorer | None, shelf: Shelf, marks: list[float]
    ) -> list[list[dict[str, Any]]]:
        """The model's lists of those asks that have a question for it, in their order."""
        questions = [one.question for one in asks if one.question]
        if scorer is None or not questions:
            return []
        batch, seen = inputs(questions, self._settings.history)
        said = self.said([one for one in asks if one.question], scorer, shelf)
        marks.append(self._clock())
        best = scorer.fuse(batch, seen, self._settings.list_size, said)
        marks.append(self._clock())
        return lists(scorer, batch, best, said, shelf.top)

    def said(self, asks: Sequence[Ask], scorer: Scorer, shelf: Shelf) -> Told:
        """What neighbours, popularity and a search say to each of the asks."""
        fusion, lengths = scorer.fusion, [len(one.items) for one in asks]
        weights = [fusion.of(length) for length in lengths]
        votes = [
            self._live.votes(one.items, one.user, of.reach) if of.sessions else NOTHING
            for one, of in zip(asks, weights, strict=True)
        ]
        others = told(fusion, scorer.table, lengths, votes, shelf.popular)
        return joined(others, scorer.table, [one.matches for one in asks])

    def _alone(self, one: Ask, shelf: Shelf) -> list[dict[str, Any]]:
        """What is searched for, else what neighbours recommend, where no model ranks it."""
        k, hides = self._settings.list_size, self._live.hides
        if one.matches:
            return alone(one.matches, hides, one.without, k, shelf.top, SEARCH)
        if not one.items:
            return []
        votes = self._live.votes(one.items, one.user)
        return alone(votes, hides, one.without, k, shelf.top, NEIGHBOURS)
