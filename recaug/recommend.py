"""Answer events with ranked lists: the model where it can, popularity where it cannot.

    Recommender   answer · judge · read · item · vector · popular · erase · swap · freeze · model

Which list a request gets, the first that applies:

    consent             the user wants no personal list          popular items
    state_unavailable   the user's history cannot be read        popular items
    popular             there is no model yet                    popular items, less those seen
    no_history          the model knows nothing the user did     popular items, less those seen
    null                                                         the model's, less those seen

Where the model cannot say what somebody wants but session neighbours can, what they say comes first
(`popular` and `no_history`); to what the model says, neighbours and popularity add their part
(`recaug.fusion`). What is searched for is part of what the model goes by, and all of it where a
history may not or cannot be used: it ranks first then, and the model's answer to a newcomer's
search is no fallback. A hidden item is in no list. A list that comes out short is filled with
popular items, then with the newest. What users do next says how good their lists were (`judge`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from recaug.events import items_of, user_key
from recaug.live import Counts, Live
from recaug.matches import Words
from recaug.message import Answer, Request, Stages, Writer
from recaug.prequential.record import Record
from recaug.prequential.review import Frozen, Group, Review
from recaug.ranker import Ranker
from recaug.registry import Bundle, Manifest
from recaug.score import Scorer, unservable
from recaug.searched import Encode, Queries
from recaug.serial import Serial
from recaug.settings import Settings

T = TypeVar("T")

#: Requests in one run of the model: more would gain nothing and let the first ones wait.
CHUNK = 64

#: Items carried over to a new model between two batches: about a millisecond.
SLICE = 256


class Recommender:
    """Answers in one thread while items, events and models arrive from others.

    Up to `CHUNK` requests see one catalogue and one model throughout; what arrives meanwhile waits
    for them, but whoever brought it does not.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.perf_counter) -> None:
        self._settings, self._clock = settings, clock
        self._serial = Serial()
        self._swapping = Lock()
        self._live = Live(settings)
        self._queries = Queries()
        self._ranker = Ranker(settings, self._live, clock)
        self._review = Review(settings, self._ranker, clock)
        self._scorer: Scorer | None = None
        self._model = _description(settings.model, None, "cpu", "fp32")
        #: Seconds that models took so far: the graph and the search of its table.
        self.scored_s = 0.0

    @property
    def model(self) -> dict[str, Any]:
        """The model that answers, as messages name it; its version is null before the first."""
        return self._model

    def answer(self, requests: Sequence[Request], now_ms: float) -> list[Answer]:
        """One answer per request, in order. One caller at a time; it computes, so use a thread.

        Parameters
        ----------
        now_ms
            Epoch milliseconds at the call, by the clock that gave `received_ms`.
        """
        began, answers = self._clock(), list[Answer]()
        self._review.begin()
        words = self._queries.vectors([request.event for request in requests])
        for first in range(0, len(requests), CHUNK):
            some = slice(first, first + CHUNK)
            with self._serial.hold():
                waited_ms = 1000.0 * (self._clock() - began)
                answers += self._answer(requests[some], words[some], now_ms + waited_ms)
        return answers

    def _answer(
        self, requests: Sequence[Request], words: Sequence[Words | None], now_ms: float
    ) -> list[Answer]:
        marks = [self._clock()]
        shelf = self._live.shelf(int(now_ms))
        asks = self._ranker.ask(requests, words, self._scorer)
        ranked = self._ranker.rank(asks, self._scorer, shelf, marks)
        self._review.note(Group(asks, ranked, shelf, self._model["version"]))
        stages = Stages.of([*marks, self._clock()], now_ms)
        self.scored_s += stages.score_ms / 1000.0
        writer = Writer(self._model, stages, self._settings.list_ttl_s)
        return [writer.write(*pair) for pair in zip(requests, ranked, strict=True)]

    def judge(self, now_ms: float) -> list[Record]:
        """Score older lists by the requests just answered; call it once their answers are sent.

        Returns what is to be published, about every ten seconds.
        """
        while True:
            with self._serial.hold():
                if not self._review.run(now_ms):
                    return self._review.take(now_ms)

    def read(self, encode: Encode) -> None:
        """Understand searches from now on, by the encoder of the items' text vectors."""
        self._queries.use(encode)

    def item(self, item_id: str, document: Mapping[str, Any] | None) -> None:
        """Take an item's newest document; None deletes it."""
        self._serial.later(partial(self._live.item, item_id, document))

    def vector(self, item_id: str, vector: NDArray[np.floating[Any]] | None) -> None:
        """Take the text vector (384,) of an item; None deletes it.

        With a document and a vector an item is recommended from the next batch on.
        """
        kept = None if vector is None else np.array(vector, np.float16)
        self._serial.later(partial(self._live.vector, item_id, kept))

    def popular(self, event: Mapping[str, Any]) -> None:
        """Count an event towards the popularity of its items."""
        if items := items_of(event):
            change = partial(self._live.count, items, event["timestamp"], user_key(event))
            self._serial.later(change)

    def erase(self, user: str) -> None:
        """Take back what a user added to popularity, and forget their last list."""
        self._serial.later(partial(self._live.uncount, user))
        self.forget(user)

    def forget(self, user: str) -> None:
        """Do not judge a user's last list: it was not sent, or its user is erased."""
        self._serial.later(partial(self._review.forget, user))

    def swap(self, bundle: Bundle) -> None:
        """Answer with another model: load and check it here, then change over between batches.

        Takes seconds, so give it a thread; the old model keeps answering. Raises CorruptBundle or
        Unservable, and then the old model stays.
        """
        with self._swapping:
            counts = _counts(bundle)
            scorer = Scorer.load(bundle, self._settings)
            self._bring_up(scorer)
            for some in _slices(counts.scores.items()):
                self._serial.now(partial(self._live.remember, dict(some), counts.at_ms))
            self._serial.now(partial(self._change_over, scorer, bundle.manifest))

    def freeze(self, bundle: Bundle) -> None:
        """Compare what is served with this model from now on; else as `swap`."""
        with self._swapping:
            scorer = Scorer.load(bundle, self._settings)
            self._bring_up(scorer)
            frozen = Frozen(scorer, bundle.manifest.version)
            self._serial.now(partial(self._review.freeze, frozen))

    @property
    def frozen(self) -> str | None:
        """Version of the model that what is served is compared with."""
        return self._review.frozen.version if self._review.frozen else None

    def _bring_up(self, scorer: Scorer) -> None:
        for some in _slices(self._serial.now(partial(self._live.attach, scorer))):
            self._serial.now(partial(self._live.place, scorer, some))

    def _change_over(self, scorer: Scorer, about: Manifest) -> None:
        self._live.detach(self._scorer)
        self._scorer = scorer
        self._model = _description(about.name, about.version, scorer.provider, scorer.precision)


def _counts(bundle: Bundle) -> Counts:
    if not bundle.has("popularity.json"):
        return Counts(at_ms=0, scores={})
    try:
        return Counts.model_validate_json(bundle.read("popularity.json"))
    except ValidationError as error:
        raise unservable(bundle, error) from error


def _slices(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while some := list(islice(rest, SLICE)):
        yield some


def _description(name: str, version: str | None, provider: str, precision: str) -> dict[str, Any]:
    return {"name": name, "version": version, "provider": provider, "precision": precision}
