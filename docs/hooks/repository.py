"""Links from a page to a file of the repository that is no page: the site gets a copy of the file.

A page links to `../ops/prometheus/recaug.rules.yml` as it would on a code host. The file is copied
to `repository/ops/…` and the link is turned there; a link to a folder gets a page that lists it.
What does not exist stays as it is, and the strict build refuses it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
#: Where copies are in the site.
COPIES = "repository/"
PAGES = "docs/"
ICON = "images/icon.svg"
ICON_SOURCE = "recaug/page/static/icon.svg"

_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s#]+)(#[^)\s]*)?(\))")
_FENCE = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
_ELSEWHERE = re.compile(r"[a-z]+:|/|#")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a copy of whatever pages, and copied pages, link to; the page's icon is the site's."""
    files.append(File.generated(config, ICON, abs_src_path=str(ROOT / ICON_SOURCE)))
    todo = [file for file in files if file.is_documentation_page()]
    while todo:
        page = todo.pop()
        for path in _linked(page.src_uri, page.content_string):
            if not _in_site(path, files):
                copy = _copy(path, config)
                files.append(copy)
                todo += [copy] if copy.is_documentation_page() else []
                todo += _inside(path, files, config)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the links to copies."""
    return turned(markdown, page.file.src_uri)


def turned(markdown: str, uri: str) -> str:
    """Return the text of the page at `uri` with its links as the site has them.

    >>> turned("[rules](../ops/x.yml#a) [one](learning.md)", "runbook.md")
    '[rules](repository/ops/x.yml#a) [one](learning.md)'
    """

    def turn(link: re.Match[str]) -> str:
        path = resolved(link[2], uri)
        if path is None or not (ROOT / path).exists():
            return link[0]
        target = posixpath.relpath(_uri(path), posixpath.dirname(uri) or ".")
        return f"{link[1]}{target}{link[3] or ''}{link[4]}"

    return "".join(
        part if place % 2 else _LINK.sub(turn, part)
        for place, part in enumerate(_FENCE.split(markdown))
    )


def resolved(link: str, uri: str) -> str | None:
    """Return what a link on the page at `uri` means, from the repository's root; None: elsewhere.

    >>> resolved("../../asyncapi.yaml", "reference/topics.md")
    'asyncapi.yaml'
    >>> resolved("https://kafka.apache.org", "index.md")
    """
    if _ELSEWHERE.match(link):
        return None
    source = uri.removeprefix(COPIES) if uri.startswith(COPIES) else PAGES + uri
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
    return None if path.startswith("..") else path


def _linked(uri: str, markdown: str) -> Iterator[str]:
    """Yield the files and folders that a page links to and that exist."""
    prose = "".join(_FENCE.split(markdown)[::2])
    for link in _LINK.finditer(prose):
        path = resolved(link[2], uri)
        if path and (ROOT / path).exists():
            yield path


def _in_site(path: str, files: Files) -> bool:
    return files.get_file_from_path(_uri(path)) is not None


def _uri(path: str) -> str:
    """Return where the site has a file of the repository, or the list of a folder."""
    if path.startswith(PAGES) and not (ROOT / path).is_dir():
        return path.removeprefix(PAGES)
    return f"{COPIES}{path}/files.md" if (ROOT / path).is_dir() else COPIES + path


def _copy(path: str, config: MkDocsConfig) -> File:
    own = {"inclusion": InclusionLevel.NOT_IN_NAV}
    if (ROOT / path).is_dir():
        return File.generated(config, _uri(path), content=_list(path), **own)
    return File.generated(config, _uri(path), abs_src_path=str(ROOT / path), **own)


def _list(path: str) -> str:
    names = [found.relative_to(ROOT / path).as_posix() for found in _files(path)]
    return f"# {path}/\n\n" + "\n".join(f"* [{name}]({name})" for name in names) + "\n"


def _inside(path: str, files: Files, config: MkDocsConfig) -> list[File]:
    """Copy what a folder's list names; return the pages among it."""
    copies = []
    for found in _files(path) if (ROOT / path).is_dir() else ():
        name = found.relative_to(ROOT).as_posix()
        if not _in_site(name, files):
            copies.append(_copy(name, config))
            files.append(copies[-1])
    return [copy for copy in copies if copy.is_documentation_page()]


def _files(path: str) -> list[Path]:
    found = (ROOT / path).rglob("*")
    return sorted(p for p in found if p.is_file() and not _ignored(p.relative_to(ROOT)))


def _ignored(path: Path) -> bool:
    return any(part in ("__pycache__", "node_modules") or part[0] == "." for part in path.parts)
