"""Read the topics, settle what is left over, hold the services' own state against the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import orjson

from recaug.audit import scope as scopes
from recaug.audit import state
from recaug.audit.answers import Answers, Horizon, percentiles
from recaug.audit.bulk import read_batches
from recaug.audit.checkpoint import Checkpoint
from recaug.audit.documents import Documents
from recaug.audit.erased import Erased
from recaug.audit.findings import Check, Findings
from recaug.audit.inputs import Fates
from recaug.audit.reading import Progress, Reading
from recaug.audit.report import DocumentCounts, Events, Model, Recommendations, Report
from recaug.audit.rows import Int64, number_of
from recaug.errors import Failure
from recaug.kafka import Offsets, Record, end_offsets
from recaug.lag import Sample, Verdict
from recaug.settings import Settings
from recaug.state import PartitionState


@dataclass(frozen=True, slots=True)
class Begin:
    """Where every topic ended when the run began."""

    offsets: Offsets


def begin(settings: Settings) -> Begin:
    """Mark the beginning of a run; call it before traffic starts."""
    return Begin(end_offsets(settings.broker, [topic.name for topic in settings.topics.all]))


def begin_at(settings: Settings, at_ms: int) -> Begin:
    """Begin with the first records that the broker took at `at_ms` or later."""
    return Begin(scopes.offsets_at(settings.broker, begin(settings).offsets, at_ms))


def audit(
    settings: Settings,
    since: Begin | None = None,
    seconds: float = 0.0,
    inputs_end: Offsets | None = None,
    *,
    drained: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Hold the topics against what is promised.

    :param since: count what was published from there on; None: all that is kept.
    :param seconds: how long the run took, for the report.
    :param inputs_end: input records from here on are too young to count; default: all that are.
    :param drained: the services have caught up, so what is not there is missing. False: it is under
        way when the service has not acknowledged its source yet.

    :raises Unreachable: the broker does not answer.
    :raises Failure: there are no topics, or more events than fit into memory.
    """
    return _Audit(settings, since, inputs_end, drained, progress).report(seconds)


class _Audit:
    def __init__(
        self,
        settings: Settings,
        since: Begin | None,
        inputs_end: Offsets | None,
        drained: bool,
        progress: Progress | None,
    ) -> None:
        self.settings, self.drained = settings, drained
        self.log = settings.topics.events.name
        self.findings = Findings()
        # Positions of state before ends of topics: what they claim is then below the ends.
        first = scopes.look(settings)
        self.checkpoint = Checkpoint.newest(settings.data_dir)
        self.stored = self._stored(first)
        offsets = None if since is None else since.offsets
        self.scope = scopes.take_scope(settings, first, offsets, inputs_end)
        self.reading = Reading(settings, self.scope, self.findings, progress)
        self.rows = self.reading.rows

    def _stored(self, first: Sample) -> dict[int, PartitionState] | str:
        partitions = first.positions.get((self.settings.group("learn"), self.log))
        if not partitions:
            raise Failure(
                "there is nothing to audit",
                f"the topic {self.log} does not exist",
                "recaug up   (a prefix? set RECAUG_PREFIX as the services have it)",
            )
        return state.positions(self.settings, len(partitions))

    def report(self, seconds: float) -> Report:
        reading = self.reading
        attempts = list(reading.models())
        reading.dead_letters()
        kept = reading.log()
        shelves, erased = reading.documents()
        inputs, documents = reading.inputs(shelves, self._settled("clean"))
        unknown = inputs.settle()
        answers = reading.answers()
        unanswered = answers.finish(
            Horizon(kept, self._answered()),
            lambda rows: erased.before(self.rows.users[rows], self.rows.taken_ms[rows]),
        )
        before = self._known_before(np.union1d(unknown, self.rows.ids[unanswered]))
        missing = inputs.finish(before)
        resent = self._note_unanswered(unanswered, before, answers)
        about = {"checkpoint": self._compare_checkpoint(), "store": self._compare_store(erased)}
        served = reading.served
        return Report(
            seconds=round(seconds, 3),
            events=_events(inputs.fates, missing, resent, self.rows.copies),
            documents=_documents(documents),
            recommendations=_recommendations(answers),
            latency_ms=percentiles(answers.latency_ms),
            models=tuple(_model(told, served.versions) for told in attempts),
            swaps=served.swaps,
            lag=self._standing(),
            state=about,
            problems=self.findings.problems(),
        )

    # -- what is left over ----------------------------------------------------------------------

    def _settled(self, service: str) -> dict[tuple[str, int], int] | None:
        """What a service had acknowledged; None: all of it has to be there."""
        if self.drained:
            return None
        return scopes.committed(self.settings, self.scope.first, service)

    def _answered(self) -> dict[int, int] | None:
        positions = self._settled("recommend")
        return None if positions is None else self.scope.part(self.log, positions)

    def _known_before(self, wanted: Int64) -> set[int]:
        """Return those of the wanted event ids that were accepted before the audited part."""
        found = set[int]()
        ends = {at: end for at, end in self.scope.begin.items() if at[0] == self.log}
        if not len(wanted):
            return found
        for batch in read_batches(self.settings.broker, self.scope.starts, ends):
            ids = np.array([_event_number(record) for record in batch], np.int64)
            found.update(ids[np.isin(ids, wanted)].tolist())
        return found

    def _note_unanswered(self, rows: Int64, before: set[int], answers: Answers) -> int:
        """Report events without an answer; return how many were accepted again by a clean that had
        forgotten them, and were rightly not answered again."""
        resent = 0
        for row in rows.tolist():
            if int(self.rows.ids[row]) in before:
                resent += 1
                continue
            answers.tally.missing += 1
            partition, offset = self.rows.place(row)
            self.findings.add(Check.MISSING_ANSWER, f"{self.log}:{partition}:{offset}")
        return resent

    # -- the services' own state ----------------------------------------------------------------

    def _compare_checkpoint(self) -> str:
        if self.checkpoint is None:
            return "not checked: there is none here"
        if not self.scope.whole:
            return "not checked: only the whole log tells what it must hold"
        for said in self.checkpoint.differences(self.rows, self.settings.resend_window):
            self.findings.add(Check.CHECKPOINT, f"{self.checkpoint.place.name}: {said}")
        return f"{self.checkpoint.events:,} events compared with the log"

    def _compare_store(self, erased: Erased) -> str:
        if isinstance(self.stored, str):
            return self.stored
        if not self.scope.whole:
            return "not checked: only the whole log tells what it must hold"
        state.compare_windows(self.stored, self.rows, self.findings)
        return state.compare_histories(
            self.settings, self.rows, self.reading.sample, erased.excused, self.findings
        )

    def _standing(self) -> dict[str, int]:
        """Note which service does not move; return the lag of each."""
        last, rows = scopes.standing(self.settings, self.scope.first)
        for row in rows:
            # Of services that were stopped after they had caught up, what they left is missing.
            if row.verdict is Verdict.LOST or (row.lag and not self.drained):
                said = f"{row.group} on {row.topic}: {row.words}"
                self.findings.add(_STANDING[row.verdict], said)
        return scopes.lags(self.settings, last)


_STANDING = {
    Verdict.STALL: Check.STALLED,
    Verdict.STOP: Check.STOPPED,
    Verdict.LOST: Check.EXPIRED,
}


def _events(fates: Fates, missing: int, resent: int, copies: int) -> Events:
    return Events(
        published=fates.published,
        accepted=fates.accepted - resent,
        rejected=dict(fates.rejected.most_common()),
        duplicates=fates.duplicates + resent,
        missing=missing,
        waiting=fates.waiting,
        expired=fates.expired,
        copies=copies,
        both=fates.both,
    )


def _documents(tally: Documents) -> DocumentCounts:
    counts = {one.name: getattr(tally, one.name) for one in fields(tally)}
    return DocumentCounts(**{**counts, "rejected": dict(tally.rejected.most_common())})


def _recommendations(answers: Answers) -> Recommendations:
    tally = answers.tally
    tally.expected += tally.missing
    counts = {one.name: getattr(tally, one.name) for one in fields(tally)}
    return Recommendations(**{**counts, "fallback": dict(tally.fallback.most_common())})


def _model(told: Mapping[str, Any], served: frozenset[str]) -> Model:
    names = [one.name for one in fields(Model) if one.name != "served"]
    shown: dict[str, Any] = {name: told.get(name) for name in names}
    return Model(**shown, served=told["version"] in served)


def _event_number(record: Record) -> int:
    try:
        return number_of(orjson.loads(record.value or b"null")["event_id"])
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return 0
