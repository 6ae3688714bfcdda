"""What one sample of lag says, as metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from recaug.exporter import families as f
from recaug.exposition import Family, Sample, text
from recaug.lag import Position, Row, Verdict
from recaug.lag import Sample as LagSample

Labels = dict[str, str]


def metrics(
    sample: LagSample, rows: Sequence[Row], retention_ms: Mapping[str, int], cluster: str
) -> str:
    """All families of a sample.

    :param rows: `recaug.lag.compare` of an earlier sample with this one; none before there are two.
    :param retention_ms: of the topics that delete by age.
    :param cluster: the label `cluster_name` of every sample.
    """
    named = {"cluster_name": cluster}
    return "".join(
        text(family, samples)
        for found in (
            _partitions(sample, named),
            _groups(sample, named),
            _offsets(sample, named),
            _rows(rows, named),
            _margins(sample, retention_ms, named),
        )
        for family, samples in found.items()
    )


def lag_s(position: Position, now_ms: int) -> float | None:
    """Age of the first unread record, 0 where there is none, None where it is not known."""
    if not position.lag:
        return 0.0
    return None if position.unread_ms is None else max(0.0, (now_ms - position.unread_ms) / 1000)


def _partitions(sample: LagSample, named: Labels) -> dict[Family, list[Sample]]:
    found: dict[Family, list[Sample]] = {
        family: [] for family in (f.LAG, f.LAG_SECONDS, f.OFFSET, f.LOST, f.RETENTION_RATIO)
    }
    for (group, topic), parts in sample.positions.items():
        for number, at in parts.items():
            labels = {**named, "group": group, "topic": topic, "partition": str(number)}
            kept = at.end - at.begin
            values = {
                f.LAG: at.lag,
                f.LAG_SECONDS: lag_s(at, sample.at_ms),
                f.OFFSET: at.committed,
                f.LOST: at.lost,
                f.RETENTION_RATIO: 100 * at.lag / kept if kept else 0.0,
            }
            for family, value in values.items():
                if value is not None:
                    found[family].append(Sample(labels, value))
    return found


def _groups(sample: LagSample, named: Labels) -> dict[Family, list[Sample]]:
    found: dict[Family, list[Sample]] = {
        family: [] for family in (f.MAX_LAG, f.MAX_LAG_SECONDS, f.SUM_LAG, f.TOPIC_SUM_LAG)
    }
    found[f.MEMBERS] = [
        Sample({**named, "group": group}, number) for group, number in sample.members.items()
    ]
    for group in sample.members:
        topics = {topic: parts for (g, topic), parts in sample.positions.items() if g == group}
        every = [at for parts in topics.values() for at in parts.values()]
        if not every:
            continue
        labels = {**named, "group": group}
        found[f.MAX_LAG].append(Sample(labels, max(at.lag for at in every)))
        found[f.SUM_LAG].append(Sample(labels, sum(at.lag for at in every)))
        ages = [age for at in every if (age := lag_s(at, sample.at_ms)) is not None]
        if ages:
            found[f.MAX_LAG_SECONDS].append(Sample(labels, max(ages)))
        for topic, parts in topics.items():
            lag = sum(at.lag for at in parts.values())
            found[f.TOPIC_SUM_LAG].append(Sample({**labels, "topic": topic}, lag))
    return found


def _offsets(sample: LagSample, named: Labels) -> dict[Family, list[Sample]]:
    """Groups share topics: each partition is told once."""
    places = {
        (topic, number): at
        for (_, topic), parts in sample.positions.items()
        for number, at in parts.items()
    }
    labels = {at: {**named, "topic": at[0], "partition": str(at[1])} for at in places}
    return {
        f.LATEST: [Sample(labels[where], at.end) for where, at in places.items()],
        f.EARLIEST: [Sample(labels[where], at.begin) for where, at in places.items()],
    }


def _rows(rows: Iterable[Row], named: Labels) -> dict[Family, list[Sample]]:
    verdicts, drains = [], []
    for row in rows:
        labels = {**named, "group": row.group, "topic": row.topic}
        drains.append(Sample(labels, row.drain_s or 0.0))
        verdicts += [
            Sample({**labels, "verdict": verdict.value}, int(verdict is row.verdict))
            for verdict in Verdict
        ]
    return {f.VERDICT: verdicts, f.DRAIN: drains}


def _margins(
    sample: LagSample, retention_ms: Mapping[str, int], named: Labels
) -> dict[Family, list[Sample]]:
    return {f.MARGIN: list(_margin(sample, retention_ms, named))}


def _margin(sample: LagSample, retention_ms: Mapping[str, int], named: Labels) -> Iterator[Sample]:
    for (group, topic), parts in sample.positions.items():
        unread = [at.unread_ms for at in parts.values() if at.lag and at.unread_ms is not None]
        if unread and topic in retention_ms:
            left_ms = min(unread) + retention_ms[topic] - sample.at_ms
            yield Sample({**named, "group": group, "topic": topic}, left_ms / 1000)
