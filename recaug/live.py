"""What a worker knows besides the model, up to the second: documents, text vectors, popularity and
what was clicked together.

    Live          item · vector · matches · count · uncount · shelf · votes · attach · place ·
                  detach · remember
    Counts        the popularity a bundle carries

Every change goes at once into the table of each attached model: the one that answers, and the one
that is about to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recaug.batch import Float32
from recaug.bounds import Bound, hit
from recaug.catalogue import Catalogue
from recaug.contributions import Contributions
from recaug.fusion import FAVOURITES
from recaug.history import HIDDEN
from recaug.matches import Words, matches
from recaug.popularity import Popularity
from recaug.score import Scorer
from recaug.session_knn import REACH, SessionKnn
from recaug.settings import Settings
from recaug.shelf import Shelf
from recaug.text_index import TextIndex
from recaug.told import NOTHING, Votes

#: Newest events of each partition that make up popularity and neighbours after a start.
TREND_EVENTS = 20_000


class Counts(BaseModel):
    """A bundle's `popularity.json`: scores as they stood at a time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_ms: int
    scores: dict[str, Annotated[float, Field(ge=0, lt=1e9)]]


class Live:
    """Not thread-safe; `Recommender` makes one change at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._capacity = settings, settings.item_capacity
        self._catalogue = Catalogue(settings.item_capacity)
        self._vectors: dict[str, NDArray[np.float16]] = {}
        self._texts: dict[int, TextIndex] = {}  # by width: the vectors of another encoder are apart
        self._popularity = Popularity(settings.popularity_half_life_s)
        self._contributions = Contributions()
        self._sessions = SessionKnn()
        self._scorers: list[Scorer] = []
        # Deep enough for a full list after everything one user saw or hid has been left out, and to
        # see how far the favourites are above the rest.
        self._depth = max(settings.list_size + settings.history + HIDDEN, FAVOURITES + 1)

    def item(self, item_id: str, document: Mapping[str, Any] | None) -> None:
        self._catalogue.put(item_id, document)
        self._place_everywhere(item_id)

    def vector(self, item_id: str, vector: NDArray[np.float16] | None) -> None:
        if vector is None:
            self._vectors.pop(item_id, None)
        elif item_id in self._vectors or len(self._vectors) < self._capacity:
            self._vectors[item_id] = vector
        else:
            hit(Bound.TEXT_VECTORS)
        self._index(item_id)
        self._place_everywhere(item_id)

    def matches(self, words: Sequence[Words | None]) -> list[Votes | None]:
        """What each of some queries is for; hidden items among it."""
        return matches(words, self._near)

    def _near(self, queries: Float32, k: int) -> Sequence[Votes]:
        index = self._texts.get(queries.shape[1])
        return [NOTHING] * len(queries) if index is None else index.near(queries, k)

    def _index(self, item_id: str) -> None:
        """Make the vector of an item be found by queries of its encoder, and by no others."""
        vector = self._vectors.get(item_id)
        for index in self._texts.values():
            index.remove(item_id)
        if vector is not None:
            if len(vector) not in self._texts:
                self._texts[len(vector)] = TextIndex(len(vector), self._settings)
            self._texts[len(vector)].put(item_id, vector)

    def count(self, item_ids: Sequence[str], at_ms: int, user: str) -> None:
        """Learn what a user did. Popular is what many do: again by the same user counts once."""
        first = [item_id for item_id in item_ids if self._sessions.learn(user, item_id)]
        self._contributions.add(user, first, at_ms)
        for item_id in first:
            self._popularity.add(item_id, at_ms)

    def votes(self, history: Sequence[str], user: str, reach: float = REACH) -> Votes:
        """What others with these items, oldest first, had besides; hidden items among them.

        `reach` is how many events back one counts 1/e.
        """
        return self._sessions.score(history, user, reach)

    def hides(self, item_id: str) -> bool:
        """Whether nobody may be shown this item."""
        return self._catalogue.hides(item_id)

    def uncount(self, user: str) -> None:
        """Take back what a user added, as far as it is remembered."""
        self._sessions.forget(user)
        for item_id, at_ms in self._contributions.take(user):
            self._popularity.take(item_id, at_ms)

    def shelf(self, now_ms: int) -> Shelf:
        """What may be shown to anybody now."""
        top = self._popularity.top(self._depth, now_ms, exclude=self._catalogue.hidden)
        return Shelf(top, self._catalogue.newest)

    def attach(self, scorer: Scorer) -> list[str]:
        """Send changes to this model too from now on; returns the items to `place` in it first."""
        self._scorers.append(scorer)
        return [*self._vectors, *self._catalogue.hidden]

    def detach(self, scorer: Scorer | None) -> None:
        self._scorers = [one for one in self._scorers if one is not scorer]

    def place(self, scorer: Scorer, item_ids: Iterable[str]) -> None:
        """Bring what the model knows of these items up to date; once or twice is the same."""
        ids, width = list(item_ids), scorer.text_width
        # A vector of another width is another encoder's: this model cannot read it.
        new = [i for i in ids if len(self._vectors.get(i, ())) == width > 0]
        if new:
            scorer.append(new, np.stack([self._vectors[i] for i in new]))
        for item_id in ids:
            showing = scorer.show if self._may_show(scorer, item_id) else scorer.hide
            showing(item_id)

    def _may_show(self, scorer: Scorer, item_id: str) -> bool:
        """A trained item unless it is hidden; any other needs a document and a vector."""
        if scorer.is_trained(item_id):
            return not self._catalogue.hides(item_id)
        return item_id in self._vectors and self._catalogue.shows(item_id)

    def _place_everywhere(self, item_id: str) -> None:
        for scorer in self._scorers:
            self.place(scorer, [item_id])

    def remember(self, scores: Mapping[str, float], at_ms: int) -> None:
        """Raise popularity to what a model was trained beside; both counted the same log."""
        # All scores decay alike, so what is more at one time is more at every time.
        live = self._popularity.score
        missing = {item: score - live(item, at_ms) for item, score in scores.items()}
        self._popularity.merge(missing, at_ms)
