"""Wordings that a model has found for texts, kept by the hash of both: none is asked for twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import orjson

from recaug import atomic
from recaug.bounds import Bound, hit

#: Wordings kept; with more, those that were used longest ago are forgotten.
MOST = 200_000

#: Other wordings of texts, one each.
Say = Callable[[Sequence[str]], Sequence[str]]


class Wordbook:
    """A file of wordings. One writer; a damaged file is begun anew, since all can be made again."""

    def __init__(self, path: Path, most: int = MOST) -> None:
        self._path, self._most = path, most
        self._found: dict[str, str] = {}
        try:
            self._found = orjson.loads(path.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return

    def find(self, texts: Sequence[str], how: str, say: Callable[[], Say]) -> list[str]:
        """A wording of each text. `how` names model, seed and way; `say()` loads what is asked."""
        keys = [sha256(f"{how}\n{text}".encode()).hexdigest()[:32] for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._found}
        made = dict(zip(new, say()(list(new.values())), strict=True)) if new else {}
        for key in keys:  # what was used last comes last
            self._found[key] = self._found.pop(key, "") or made[key]
        wordings = [self._found[key] for key in keys]
        self._save()
        return wordings

    def _save(self) -> None:
        over = len(self._found) - self._most
        if over > 0:
            hit(Bound.WORDINGS, over)
            self._found = dict(list(self._found.items())[over:])
        atomic.make_directory(self._path.parent)
        atomic.write_bytes(self._path, orjson.dumps(self._found))
