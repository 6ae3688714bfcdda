"""Rank the whole catalogue for a batch of histories: one ONNX Runtime run.

    Scorer        load · score · append · hide · show · table · provider

The item table is an input of the graph. It is bound once and changed in place, so an item that
appeared a second ago is ranked with all others and no model is reloaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from recaug.batch import FIRST_ROW, UNKNOWN_ROW, Batch, Float32, Int64, build, pad
from recaug.errors import Failure
from recaug.provider import provider_of, session
from recaug.registry import Bundle, CorruptBundle
from recaug.settings import Settings
from recaug.table import MASK, ItemTable

#: A score below this is a masked row's, not an item's.
SHOWN = float(MASK) / 2

#: Batch sizes run once at load, so that the first requests find memory and kernels ready.
WARM_UP = (1, 8, 64)

GRAPH = "encoder.onnx"
INPUTS = {"items", "kinds", "gaps", "table", "bias", "seen", "k"}
OUTPUTS = ("scores", "rows")


class Unservable(CorruptBundle):
    """A bundle whose bytes are intact, but whose graph does not do what serving needs."""


class Scorer:
    """One model, loaded, warmed and checked.

    Not thread-safe; `Recommender` gives it one caller at a time.
    """

    def __init__(self, graph: Any, table: ItemTable, projection: Float32 | None) -> None:
        self.table = table
        self.provider = provider_of(graph)
        self._session = graph
        self._binding = graph.io_binding()
        self._projection = projection
        trained = table.vectors[FIRST_ROW : table.trained]
        #: Mean item vector (d,): what all items have in common.
        self.centre: Float32 = trained.mean(axis=0)
        self._length = float(np.linalg.norm(trained, axis=1).mean())
        self._bound: object = None

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
        inputs = {node.name for node in graph.get_inputs()}
        if inputs != INPUTS:
            raise ValueError(f"its graph reads {sorted(inputs)}, not {sorted(INPUTS)}")
        vectors = _finite(bundle, "items.npy")
        table = ItemTable(vectors, bundle.json("vocab.json"), settings.item_capacity)
        if not bundle.has("text_map.npy"):
            return cls(graph, table, None)
        projection = _finite(bundle, "text_map.npy")
        if projection.shape[1:] != (table.width,):
            raise ValueError(f"its text map {projection.shape} is not (text, {table.width})")
        return cls(graph, table, projection)

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
        self._bind_table()
        # A graph cannot return more than it has; `bound` is a multiple of 256, k at most 100.
        given = {
            "items": batch.items, "kinds": batch.kinds, "gaps": batch.gaps,
            "seen": seen, "k": np.array([k], np.int64),
        }  # fmt: skip
        # The binding does not keep the arrays alive: these names do, until the run is over.
        inputs = {name: np.ascontiguousarray(array) for name, array in given.items()}
        for name, array in inputs.items():
            self._binding.bind_cpu_input(name, array)
        for name in OUTPUTS:
            self._binding.bind_output(name)
        self._session.run_with_iobinding(self._binding)
        scores, rows = self._binding.copy_outputs_to_cpu()
        return scores, rows

    def _bind_table(self) -> None:
        """Bind what changed: on the CPU the table itself is bound, on a card its copy."""
        now: object = self.table.version if self.provider == "cuda" else self.table.place
        if now == self._bound:
            return
        for name, array in (("table", self.table.vectors), ("bias", self.table.bias)):
            value = ort.OrtValue.ortvalue_from_numpy(array, self.provider)
            self._binding.bind_ortvalue_input(name, value)
        self._bound = now

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
            _check_answer(*self.score(batch, seen, k), (size, k), self.table, seen)


def _finite(bundle: Bundle, file: str) -> Float32:
    array: Float32 = bundle.array(file).astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError(f"its {file} holds what is not a finite number")
    return array


def _check_answer(
    scores: Float32, rows: Int64, shape: tuple[int, int], table: ItemTable, seen: Int64
) -> None:
    if scores.shape != shape or rows.shape != shape:
        raise ValueError(f"its graph answers {scores.shape} and {rows.shape}, not {shape}")
    if not np.isfinite(scores).all():
        raise ValueError("its graph gives a score that is not a finite number")
    shown = rows[scores > SHOWN]
    if (np.diff(scores) > 0).any():
        raise ValueError("its graph does not put the best row first")
    if ((shown < FIRST_ROW) | (shown >= len(table) + FIRST_ROW)).any():
        raise ValueError("its graph shows a masked row")
    again = (rows[:, :, None] == seen[:, None, :]).any(axis=2)
    if again[scores > SHOWN].any():
        raise ValueError("its graph shows a row it was told to leave out")


def unservable(bundle: Bundle, error: Exception) -> Unservable:
    """The refusal of a bundle for an error that it caused."""
    name = f"{bundle.manifest.name}/{bundle.manifest.version}"
    why = (str(error).strip() or type(error).__name__).splitlines()[0]
    mend = "Serve another version (recaug model list, recaug model rollback), or train again."
    return Unservable(f"The model {name} cannot be served", why, mend)
