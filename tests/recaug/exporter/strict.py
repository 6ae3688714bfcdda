"""A strict reader of Prometheus' text format 0.0.4: what the format does not allow is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d+)?(e[+-]?\d+)?|Inf)|NaN")

Key = tuple[str, frozenset[tuple[str, str]]]


class Page(NamedTuple):
    """Types by family, and values by name and labels."""

    kinds: dict[str, str]
    values: dict[Key, float]

    def at(self, name: str, **labels: str) -> float:
        return self.values[name, frozenset(labels.items())]

    def of(self, name: str) -> dict[frozenset[tuple[str, str]], float]:
        return {labels: value for (found, labels), value in self.values.items() if found == name}


def parse(text: str) -> Page:
    """Read a page; every family has a type and a help, comes once, and is of one piece."""
    assert text.endswith("\n")
    page = Page({}, {})
    family, helped = "", ""
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            helped, _, about = line[7:].partition(" ")
            assert about and re.fullmatch(_NAME, helped), line
        elif line.startswith("# TYPE "):
            family, _, kind = line[7:].partition(" ")
            assert family == helped and family not in page.kinds, line
            assert kind in ("counter", "gauge", "histogram"), line
            assert (kind == "counter") == family.endswith("_total"), line
            page.kinds[family] = kind
        else:
            key, value = _sample(line)
            assert key[0] in _names(family, page.kinds[family]), line
            assert key not in page.values, line
            page.values[key] = value
    _check_histograms(page)
    return page


def _sample(line: str) -> tuple[Key, float]:
    found = _SAMPLE.fullmatch(line)
    assert found and _NUMBER.fullmatch(found[found.lastindex or 0]), line
    pairs = re.findall(_LABEL, found[2] or "")
    assert len(dict(pairs)) == len(pairs), line
    return (found[1], frozenset(pairs)), float(found[found.lastindex or 0])


def _names(family: str, kind: str) -> Iterator[str]:
    suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
    return (family + suffix for suffix in suffixes)


def _check_histograms(page: Page) -> None:
    for name in (name for name, kind in page.kinds.items() if kind == "histogram"):
        buckets = {
            float(dict(labels)["le"]): count for labels, count in page.of(f"{name}_bucket").items()
        }
        counts = [buckets[end] for end in sorted(buckets)]
        assert counts == sorted(counts)
        assert counts[-1] == buckets[float("inf")] == page.at(f"{name}_count")
