"""Which metrics an expression of Prometheus' query language asks for, and which there are."""

from __future__ import annotations

import re

from recaug.exporter.families import FAMILIES
from recaug.exposition import Family
from recaug.prequential.exposition import FAMILIES as QUALITY

#: Set by Prometheus itself for every scrape.
OF_PROMETHEUS = {"up", "scrape_duration_seconds"}

_TEXT = re.compile(r'"[^"]*"')
_LABELS = re.compile(r"\{[^}]*\}|\b(?:by|without|on|ignoring|group_left|group_right) *\([^)]*\)")
_SPAN = re.compile(r"\[[^\]]*\]|\boffset +\w+")
_WORD = re.compile(r"[a-zA-Z_:][\w:]*(?! *\(|[\w:])")
_OPERATORS = {"and", "or", "unless", "bool", "inf", "nan"}


def metrics_in(query: str) -> set[str]:
    """Names that `query` reads, the recorded ones included.

    >>> sorted(metrics_in('sum by (a) (rate(x_total{b="c"}[5m])) > bool 2 and on (a) y:z == 1'))
    ['x_total', 'y:z']
    """
    # Texts first: a label's value may hold a brace.
    for noise in (_TEXT, _LABELS, _SPAN):
        query = noise.sub("", query)
    words = _WORD.findall(query)
    return {word for word in words if word.lower() not in _OPERATORS}


def exported() -> set[str]:
    """Every name of a sample that the exporter serves."""
    return {name for family in (*FAMILIES, *QUALITY.values()) for name in _samples(family)}


def _samples(family: Family) -> list[str]:
    if family.kind != "histogram":
        return [family.name]
    return [family.name + suffix for suffix in ("_bucket", "_sum", "_count")]
