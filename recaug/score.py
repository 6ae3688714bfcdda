"""Rank the whole catalogue for a batch of histories: the model's graph, then a scan of its table.

    Scorer        load · score · fuse · own · append · hide · show · table · fusion · provider ·
                  precision

The item table is read in place and changed in place, so an item that appeared a second ago is
ranked with all others and no model is reloaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recaug.batch import FIRST_ROW, PAD_ROW, UNKNOWN_ROW, Batch, Float32, Int64, build, pad
from recaug.encoder import INPUTS, OUTPUT, DeviceEncoder, Encoder, HostEncoder
from recaug.errors import Failure
from recaug.fusion import Fusion
from recaug.mirror import Copy
from recaug.provider import provider_of, session
from recaug.rank import Checked, Ranking, doubtful
from recaug.rank_device import OnDevice
from recaug.rank_groups import EIGHT_BITS, Finish, Grouped
from recaug.registry import Bundle, CorruptBundle
from recaug.settings import Settings
from recaug.table import MASK, ItemTable
from recaug.told import Told, candidates, newcomers

#: A score below this is a masked row's, not an item's.
SHOWN = float(MASK) / 2

#: Batch sizes run once at load, so that the first requests find memory and kernels ready.
WARM_UP = (1, 8, 64)

#: `auto` searches in eight bits where these many items as users are in doubt no more often.
SAMPLED, DOUBTED = 64, 0.2

GRAPH = "encoder.onnx"


#: Scores and rows (B, k), best first, and which of them the model alone would have shown.
Fused = tuple[Float32, Int64, NDArray[np.bool_]]


class Unservable(CorruptBundle):
    """A bundle whose bytes are intact, but whose graph does not do what serving needs."""


class Scorer:
    """One model, loaded, warmed and checked.

    Not thread-safe; `Recommender` gives it one caller at a time.
    """

    def __init__(
        self, encoder: Encoder, ranking: Ranking, finish: Finish, table: ItemTable,
        projection: Float32 | None, provider: str, fusion: Fusion | None = None,
    ) -> None:  # fmt: skip
        self.table, self.provider, self.precision = table, provider, ranking.precision
        self._encoder, self._ranking, self._finish = encoder, ranking, finish
        self._projection = projection
        trained = table.vectors[FIRST_ROW : table.trained]
        #: What other scorers are worth beside this model.
        self.fusion = Fusion.alone() if fusion is None else fusion
        #: Mean item vector (d,): what all items have in common.
        self.centre: Float32 = trained.mean(axis=0)
        self._length = float(np.linalg.norm(trained, axis=1).mean())

    @classmethod
    def load(cls, bundle: Bundle, settings: Settings) -> Scorer:
        """Load a bundle, run it on histories of every shape, and refuse it if an answer is wrong.

        Raises CorruptBundle where a file changed since it was verified, Unservable where the graph
        cannot run or its answers are malformed.
        """
        try:
            scorer = cls._read(bundle, settings)
            scorer._check(settings)
        except Failure:
            raise
        # ONNX Runtime raises a class of its own for every status code, with no common parent.
        except Exception as error:
            raise unservable(bundle, error) from error
        return scorer

    @classmethod
    def _read(cls, bundle: Bundle, settings: Settings) -> Scorer:
        graph = session(bundle.read(GRAPH), settings)
        inputs, outputs = ([node.name for node in nodes] for nodes in
                           (graph.get_inputs(), graph.get_outputs()))  # fmt: skip
        if sorted(inputs) != sorted(INPUTS) or outputs != [OUTPUT]:
            raise ValueError(f"its graph makes {outputs} of {sorted(inputs)}, "
                             f"not {[OUTPUT]} of {sorted(INPUTS)}")  # fmt: skip
        vectors = _finite(bundle, "items.npy")
        table = ItemTable(vectors, bundle.json("vocab.json"), settings.item_capacity)
        parts = assemble(graph, table, settings)
        fusion = Fusion.of_bundle(bundle)
        projection = _finite(bundle, "text_map.npy") if bundle.has("text_map.npy") else None
        if projection is not None and projection.shape[1:] != (table.width,):
            raise ValueError(f"its text map {projection.shape} is not (text, {table.width})")
        return cls(*parts, table, projection, provider_of(graph), fusion)

    def score(self, batch: Batch, seen: Int64, k: int) -> tuple[Float32, Int64]:
        """The best `k` rows of each history, best first.

        Parameters
        ----------
        batch
            B histories, as `recaug.batch.build` makes them.
        seen
            (B, S) rows not to return, padded with 0.

        Returns
        -------
        scores (B, k) and rows (B, k). Where fewer than k rows may be shown the rest score < SHOWN.
        """
        return self._ranking.top(self._encoder.users(batch), seen, k)

    def fuse(self, batch: Batch, seen: Int64, k: int, said: Told) -> Fused:
        """As `score`, with what other scorers say added to the model's.

        Of a history without an item that it knows the model says nothing: others alone do.
        """
        users = self._encoder.users(batch)
        _, own = self._ranking.top(users, seen, k)
        if said.new.any():
            own = np.concatenate([own, newcomers(self.table, users, seen, k)], axis=1)
        unknown = _unknown(batch)
        users[unknown], own[unknown] = 0.0, PAD_ROW
        rows, bias = candidates(own, said, seen, self.table)
        scores, best = self._finish.top(users, rows, bias, k)
        return scores, best, (best[:, :, None] == own[:, None, :]).any(axis=2)

    def own(self, batch: Batch, rows: Int64) -> Float32:
        """The model's own part in the score of `rows` (N,) for each history, (B, N)."""
        users = self._encoder.users(batch)
        users[_unknown(batch)] = 0.0
        found: Float32 = users @ self.table.vectors[rows].T
        return found

    @property
    def text_width(self) -> int:
        """Dimensions of the text vectors `append` takes; 0 where it takes none."""
        return 0 if self._projection is None else len(self._projection)

    def append(self, item_ids: Sequence[str], text_vectors: NDArray[np.floating[Any]]) -> int:
        """Give new items a row from their text vectors (n, text_width), hidden until `show`.

        A trained item keeps its learned row. Returns how many items have a row now: none where the
        model was trained without text vectors.
        """
        if self._projection is None:
            return 0
        vectors = text_vectors.astype(np.float32) @ self._projection  # (n, d)
        # Scores compare lengths: a guess may be shorter than what was learned, but never louder.
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors *= np.minimum(1.0, self._length / np.maximum(lengths, 1e-12))
        return sum(map(self.table.put, item_ids, vectors))

    def is_trained(self, item_id: str) -> bool:
        """Whether the model learned this item, rather than placing it by its text."""
        row = self.table.rows.get(item_id)
        return row is not None and self.table.is_trained(row)

    def hide(self, item_id: str) -> None:
        """Never return this item until it is shown again."""
        self.table.hide(item_id)

    def show(self, item_id: str) -> None:
        """Return this item again; nothing happens where it has no row."""
        self.table.show(item_id)

    def _check(self, settings: Settings) -> None:
        """Golden run: every shape a request can have gives k finite, legal answers."""
        newest = len(self.table) + FIRST_ROW - 1
        some = [min(FIRST_ROW, newest), UNKNOWN_ROW, newest]
        full = (some * settings.history)[: settings.history]
        kept = [[], some[:1], [UNKNOWN_ROW], some, full]
        for size in WARM_UP:
            rows = (kept * size)[:size] if size > 1 else kept[-1:]
            histories = [(r, [1] * len(r), list(range(len(r)))) for r in rows]
            batch = build(histories, [settings.history * 1000] * size, settings.history)
            seen, k = pad(rows), settings.list_size
            _check_answer(*self.score(batch, seen, k), self.table)


def _unknown(batch: Batch) -> NDArray[np.bool_]:
    """Which histories have no item that the model knows, (B,)."""
    return np.asarray((batch.items < FIRST_ROW).all(axis=1), np.bool_)


def _finite(bundle: Bundle, file: str) -> Float32:
    array: Float32 = bundle.array(file).astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError(f"its {file} holds what is not a finite number")
    return array


def assemble(graph: Any, table: ItemTable, settings: Settings) -> tuple[Encoder, Ranking, Finish]:
    """The model and the ranking of one table, both where the session of the model is."""
    device = provider_of(graph)
    here = settings.model_copy(update={"provider": device})
    if device == "cpu":
        return HostEncoder(graph, table), _in_memory(table, here), Finish(table, here)
    copy = Copy(table, "fp32", device, here)
    exact = OnDevice(table, copy, here)
    if settings.precision != "fp16":
        return DeviceEncoder(graph, table, copy), exact, Finish(table, here)
    search = OnDevice(table, Copy(table, "fp16", device, here), here)
    return DeviceEncoder(graph, table, copy), Checked(search, exact), Finish(table, here)


def _in_memory(table: ItemTable, settings: Settings) -> Ranking:
    exact, wanted = Grouped(table, "fp32", settings), settings.precision
    if wanted != "int8" and (wanted != "auto" or table.bound <= EIGHT_BITS):
        return exact
    search = Grouped(table, "int8", settings)
    # Items themselves stand for users: what they are near to is what lists are made of.
    some = table.vectors[FIRST_ROW : table.trained : max(1, table.trained // SAMPLED)][:SAMPLED]
    doubts = doubtful(search.search(some, np.zeros((len(some), 1), np.int64), settings.list_size))
    if wanted == "auto" and doubts.mean() > DOUBTED:
        return exact
    return Checked(search, exact)


def _check_answer(scores: Float32, rows: Int64, table: ItemTable) -> None:
    if not np.isfinite(scores).all():
        raise ValueError("its graph gives a score that is not a finite number")
    if (scores > -SHOWN).any():
        raise ValueError("its graph gives scores in which a mask would be lost")
    shown = rows[scores > SHOWN]
    if ((shown < FIRST_ROW) | (shown >= len(table) + FIRST_ROW)).any():
        raise ValueError("a row that is no item is shown")


def unservable(bundle: Bundle, error: Exception) -> Unservable:
    """The refusal of a bundle for an error that it caused."""
    name = f"{bundle.manifest.name}/{bundle.manifest.version}"
    why = (str(error).strip() or type(error).__name__).splitlines()[0]
    mend = "Serve another version (recaug model list, recaug model rollback), or train again."
    return Unservable(f"The model {name} cannot be served", why, mend)
