"""The documentation site: it builds, fetches nothing from elsewhere, and a broken page stops it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

from docs.hooks import asyncapi, generated, repository
from recaug.topics import Topics
from tests.docs.examples import commands_in, trouble

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if "node_modules" not in page.parts)


def build(config: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Build as `make docs` does."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(out)],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, text=True, timeout=240,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as it is built from the tree."""
    out = tmp_path_factory.mktemp("site")
    done = build(ROOT / "mkdocs.yml", out)
    assert done.returncode == 0, done.stdout
    return out


class _Fetched(HTMLParser):
    """What a browser fetches for a page by itself: not what a reader may follow."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = "href" if tag == "link" and given.get("rel") != "canonical" else "src"
        if (address := given.get(name)) is not None:
            self.found.append(address)


def test_every_page_is_there_and_fetches_nothing_from_elsewhere(site: Path) -> None:
    for page in PAGES:
        place = page.relative_to(DOCS).with_suffix(".html")
        html = site / (place if place.stem != "README" else place.with_name("index.html"))
        fetched = _Fetched()
        fetched.feed(html.read_text(encoding="utf-8"))
        assert fetched.found, "no style sheet: not a page of the site"
        assert not [a for a in fetched.found if re.match(r"[a-z]+://|//", a)], page


def test_a_file_of_the_repository_is_in_the_site_as_it_is_in_the_tree(site: Path) -> None:
    copy = site / "repository" / "asyncapi.yaml"
    assert copy.read_bytes() == (ROOT / "asyncapi.yaml").read_bytes()
    listed = (site / "repository/schemas/v1/files.html").read_text(encoding="utf-8")
    assert all(f'href="{path.name}"' in listed for path in (ROOT / "schemas/v1").iterdir())


def test_a_broken_page_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.md").write_text(
        "# Home\n\n[gone](gone.md) [nowhere](#nowhere) [out](../ops/no-such-file.yml)\n"
    )
    (tmp_path / "pages" / "forgotten.md").write_text("# Forgotten\n")
    hooks = [f"{ROOT}/docs/hooks/{name}.py" for name in ("generated", "repository")]
    config = f"INHERIT: {ROOT}/mkdocs.yml\ndocs_dir: pages\nnav: [index.md]\nhooks: {hooks}\n"
    (tmp_path / "mkdocs.yml").write_text(config)
    done = build(tmp_path / "mkdocs.yml", tmp_path / "out")
    assert done.returncode != 0
    for told in ("'gone.md'", "'#nowhere'", "'../ops/no-such-file.yml'", "forgotten.md"):
        assert told in done.stdout, done.stdout


def test_generated_pages_say_what_the_code_says() -> None:
    assert generated.stale() == []


def test_a_stale_page_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in generated.expected():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    changed = tmp_path / "docs/reference/limits.md"
    changed.write_text(changed.read_text() + "and more\n")
    (tmp_path / "schemas/v1/click.json").unlink()
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    assert sorted(generated.stale()) == ["docs/reference/limits.md", "schemas/v1/click.json"]
    with pytest.raises(PluginError, match=r"limits\.md"):
        generated.on_pre_build(MkDocsConfig())


@pytest.mark.parametrize(
    ("uri", "written", "turned"),
    [
        ("runbook.md", "[a](../ops/README.md#b)", "[a](../ops/README.md#b)"),
        ("runbook.md", "[a](../asyncapi.yaml)", "[a](repository/asyncapi.yaml)"),
        ("reference/topics.md", "[a](../../LICENSE)", "[a](../repository/LICENSE)"),
        ("design.md", "[a](learning.md#searches)", "[a](learning.md#searches)"),
        ("design.md", "[a](https://kafka.apache.org)", "[a](https://kafka.apache.org)"),
        ("index.md", "```\n[a](../LICENSE)\n```", "```\n[a](../LICENSE)\n```"),
        ("repository/README.md", "[a](docs/design.md)", "[a](../design.md)"),
        ("repository/README.md", "[a](schemas/v1/)", "[a](schemas/v1/files.md)"),
    ],
)
def test_a_link_to_the_repository_is_turned_to_its_copy(
    uri: str, written: str, turned: str
) -> None:
    assert repository.turned(written, uri) == turned


def test_the_page_of_topics_tells_what_others_write_and_read_and_how_long_it_is_kept() -> None:
    page = asyncapi.page(asyncapi.read(), described="")
    topics = Topics()
    for topic in (*topics.inputs, topics.recommendations, topics.dead_letters, topics.models):
        assert f"\n## {topic.name}\n" in page
    row = next(line for line in page.splitlines() if line.startswith("| [`clickstream`]"))
    assert "| receives | 7 days |" in row
    assert "[click](#click)" in row


@pytest.mark.parametrize(
    "page",
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    found = [(words, wrong) for words in commands_in(page) if (wrong := trouble(words, ROOT))]
    assert not found
