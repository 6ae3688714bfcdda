"""Every metric there is as `docs/reference/metrics.md`: the services' own, and the exporter's."""

from __future__ import annotations

from collections.abc import Iterable

from recaug import worker_metrics as m
from recaug.exporter import families as f
from recaug.exposition import Family
from recaug.prequential.exposition import FAMILIES as QUALITY

_HEAD = """\
<!-- Written by `recaug schema export` from recaug/worker_metrics.py and the exporter's families.py;
do not edit. -->

# Metrics

Two kinds of process tell how recaug is. The exporter measures an installation from outside, at the
broker, and is right when a service is dead; the alerts and the dashboard are built on it. Each
worker tells of itself: where its time goes, which model it has, what it refused. No name is told by
both, so a sum over all jobs counts nothing twice. Times are seconds, labels are from closed lists;
nothing names a user, an item or an event.

"""

_EXPORTER = """
## The exporter

`recaug exporter` serves these on port 9308. Those that begin with `kafka_` have
kafka-lag-exporter's names and labels.

"""

_WORKER = """
## Each worker

Where `RECAUG_METRICS_LISTEN` says, at `/metrics`: port 9464 in containers; under `recaug up` any
that is free, to be found in `run.json` and in the banner. `process_*` of the process itself are
there too, as every Prometheus client has them.

"""

_GROUP = ("cluster_name", "group")
_PARTITION = ("cluster_name", "topic", "partition")
_OF_GROUP = (f.MAX_LAG, f.MAX_LAG_SECONDS, f.SUM_LAG, f.MEMBERS)
_OF_TOPIC = (f.TOPIC_SUM_LAG, f.DRAIN, f.MARGIN)
_OF_PARTITION = (f.LAG, f.LAG_SECONDS, f.OFFSET, f.LOST, f.RETENTION_RATIO)

#: Labels of the exporter's; a test compares them with what it serves.
LABELS: dict[Family, tuple[str, ...]] = {
    **dict.fromkeys(_OF_GROUP, _GROUP),
    **dict.fromkeys(_OF_TOPIC, (*_GROUP, "topic")),
    **dict.fromkeys(_OF_PARTITION, (*_GROUP, "topic", "partition")),
    **dict.fromkeys((f.LATEST, f.EARLIEST), _PARTITION),
    **dict.fromkeys((f.PROMOTED, f.TRAINED), ("model",)),
    f.VERDICT: (*_GROUP, "topic", "verdict"),
    f.BUILD: ("version",),
    f.RECORDS: ("kind",),
    f.DEAD_LETTERS: ("reason",),
    f.ANSWERS: ("fallback",),
    f.MODEL: ("model", "version"),
    f.ATTEMPTS: ("model", "outcome"),
    f.GATE: ("model", "ranker"),
    **{
        family: ("version", "source", "bucket", *(() if name.endswith("targets") else ("ranker",)))
        for name, family in QUALITY.items()
    },
}


def page() -> str:
    """`docs/reference/metrics.md`."""
    exporter = [(one, LABELS.get(one, ())) for one in (*f.FAMILIES, *QUALITY.values())]
    workers = [(one.family, one.labels, _who(one.services)) for one in m.METRICS]
    told = _table(("metric", "type", "labels", "what"), (_row(*one) for one in exporter))
    own = _table(
        ("metric", "type", "labels", "of", "what"),
        ([*_row(family, labels)[:3], who, family.about] for family, labels, who in workers),
    )
    return _HEAD.rstrip("\n") + "\n" + _EXPORTER + told + _WORKER + own


def _who(services: tuple[str, ...]) -> str:
    return ", ".join(services) or "all"


def _row(family: Family, labels: tuple[str, ...]) -> list[str]:
    return [f"`{family.name}`", family.kind, ", ".join(f"`{one}`" for one in labels), family.about]


def _table(head: tuple[str, ...], rows: Iterable[list[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
