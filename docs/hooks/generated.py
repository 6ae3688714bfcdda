"""Pages that are written from the code: the build refuses one that no longer says what it says.

`make schema` writes them anew; `python -m docs.hooks.generated` those that have no other command.
"""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

from docs.hooks import asyncapi
from recaug.cli import reference
from recaug.events import schema
from tests.hostile import page as hostile

ROOT = Path(__file__).parents[2]


def written_here() -> dict[str, str]:
    """Return the pages that `python -m docs.hooks.generated` writes: path, text."""
    described = (ROOT / "docs" / asyncapi.DESCRIBED).read_text(encoding="utf-8")
    return {"docs/reference/topics.md": asyncapi.page(asyncapi.read(), described)}


def expected() -> dict[str, str]:
    """Return every generated page: path, and what the code would write there now."""
    return {
        **schema.files(),
        **written_here(),
        str(reference.PAGE): reference.page(),
        hostile.PATH: hostile.page(),
    }


def stale() -> list[str]:
    """Return the pages that are missing or say something else than the code."""
    return [path for path, text in expected().items() if _read(ROOT / path) != text]


def on_pre_build(config: MkDocsConfig) -> None:
    """Refuse to build a site that says what was true once.

    :raises PluginError: a page is stale; the build ends with this message.
    """
    if found := stale():
        raise PluginError(f"out of date: {', '.join(found)}\ntry: make schema")


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    for path, text in written_here().items():
        (ROOT / path).write_text(text, encoding="utf-8")
