"""What the workers of one service did lately, from their pulses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recaug.pulse import Pulse

#: A worker with a batch in hand for this share of the time has no time left that matters.
BUSY = 0.6

#: A host of whose processors less than this share is free has no room for another worker.
FULL = 0.9

#: A worker that had a processor for less than this share of its busy time waited for something.
WAITED = 0.8

#: A stage that takes this share of the busy time is what the time goes to.
MOST = 0.5


@dataclass(frozen=True, slots=True)
class Work:
    """Sums over the workers of a service; shares are of 1.

    `busy` is of the time, `cpu` and `stages` are of the busy time. `load` is of the processors of
    the hosts the workers are on, and `training` whether a model is trained on one of them.
    """

    workers: int
    busy: float
    cpu: float
    stages: dict[str, float]
    load: float
    training: bool
    batches: int
    batch_s: float

    @property
    def is_busy(self) -> bool:
        return self.busy >= BUSY

    @property
    def goes_on(self) -> bool:
        """It has batches in hand and finishes them, however long each takes."""
        return self.is_busy and self.batches > 0

    @property
    def is_full(self) -> bool:
        """No processor of the hosts is free."""
        return self.load >= FULL

    @property
    def waited(self) -> bool:
        """It did not have a processor for all the time it had something to do."""
        return self.cpu < WAITED

    def stage(self, *names: str) -> float:
        """The share of the busy time that these stages took together."""
        return sum(self.stages.get(name, 0.0) for name in names)


def work(service: str, pulses: Sequence[Pulse]) -> Work | None:
    """Add up the pulses of a service; None where none of its workers says anything."""
    own = [pulse for pulse in pulses if pulse.service == service and pulse.span_s > 0]
    if not own:
        return None
    busy_s, hosts = sum(pulse.busy_s for pulse in own), {pulse.host for pulse in own}
    batches = sum(pulse.batches for pulse in own)
    return Work(
        workers=len(own),
        busy=min(1.0, busy_s / sum(pulse.span_s for pulse in own)),
        cpu=_share(sum(pulse.cpu_s for pulse in own), busy_s),
        stages=_stages(own, busy_s),
        load=min(_load(host, pulses) for host in hosts),
        training=any(pulse.fine_tuning and pulse.host in hosts for pulse in pulses),
        batches=batches,
        batch_s=busy_s / max(1, batches),
    )


def _load(host: str, pulses: Iterable[Pulse]) -> float:
    """What its workers measured on average: each looks at a few seconds of its own."""
    found = [pulse.load for pulse in pulses if pulse.host == host]
    return sum(found) / len(found)


def _stages(own: Iterable[Pulse], busy_s: float) -> dict[str, float]:
    spent: Counter[str] = Counter()
    for pulse in own:
        spent.update(pulse.stage_s)
    return {name: _share(seconds, busy_s) for name, seconds in spent.items() if name != "train"}


def _share(part: float, whole: float) -> float:
    return min(1.0, part / whole) if whole > 0 else 0.0
