"""Prometheus' text format 0.0.4: families of samples, as every `/metrics` here serves them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Kind = Literal["counter", "gauge", "histogram"]


class Family(NamedTuple):
    """A metric: its name, its type, and what it is in a sentence."""

    name: str
    kind: Kind
    about: str


class Sample(NamedTuple):
    """One value of a family; `suffix` names the part of a histogram."""

    labels: Mapping[str, str]
    value: float
    suffix: str = ""


def text(family: Family, samples: Iterable[Sample]) -> str:
    """The family and all its samples, which must come together in a page of metrics."""
    lines = [f"# HELP {family.name} {family.about}", f"# TYPE {family.name} {family.kind}"]
    lines += [_line(family.name, sample) for sample in samples]
    return "\n".join(lines) + "\n"


def _line(name: str, sample: Sample) -> str:
    pairs = ",".join(f'{label}="{_escaped(value)}"' for label, value in sample.labels.items())
    labels = f"{{{pairs}}}" if pairs else ""
    return f"{name}{sample.suffix}{labels} {_number(sample.value)}"


def _number(value: float) -> str:
    return str(value) if math.isfinite(value) else {math.inf: "+Inf"}.get(value, "NaN")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
