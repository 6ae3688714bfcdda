"""Offsets are committed up to what was settled and no further, whatever fails in between."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from streams.due import Due

partitions = st.sampled_from(["a:0", "a:1", "b:0"])


class Accounting(RuleBasedStateMachine):
    """A broker, a worker that reads, settles, rewinds and loses partitions, and its `Due`.

    The model is naive: per partition the offset up to which everything was settled at some time of
    this ownership, and what the broker holds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.due = Due[str]()
        self.read: dict[str, int] = defaultdict(int)
        self.settled: dict[str, int] = {}
        self.broker: dict[str, int] = {}
        self.in_hand: dict[str, int] = {}
        self.sent: dict[str, int] = {}

    @rule(sizes=st.dictionaries(partitions, st.integers(1, 5), min_size=1))
    def poll(self, sizes: dict[str, int]) -> None:
        if not self.in_hand:
            for tp, size in sizes.items():
                self.read[tp] += size
            self.in_hand = {tp: self.read[tp] for tp in sizes}

    @rule()
    def settle(self) -> None:
        self.due.settle(self.in_hand)
        for tp, at in self.in_hand.items():
            self.settled[tp] = max(at, self.settled.get(tp, 0))
        self.in_hand = {}

    @rule(tp=partitions, back=st.integers(0, 9))
    def rewind(self, tp: str, back: int) -> None:
        if not self.in_hand:
            self.read[tp] = max(0, self.read[tp] - back)

    @rule()
    def send(self) -> None:
        self.sent = self.due.pending()

    @rule(accepted=st.booleans())
    def answer(self, accepted: bool) -> None:
        if accepted:
            for tp, at in self.sent.items():
                assert at > self.broker.get(tp, 0), "a commit that goes back, or says nothing"
            self.broker.update(self.sent)
            self.due.committed(self.sent)
        self.sent = {}

    @rule(tp=partitions)
    def lose(self, tp: str) -> None:
        if tp not in self.sent:  # Faust waits for a commit under way
            self.due.revoke([tp])
            self.in_hand.pop(tp, None)
            self.settled.pop(tp, None)
            self.read[tp] = self.broker.get(tp, 0)

    @invariant()
    def nothing_unsettled_is_committed(self) -> None:
        for tp, at in self.due.pending().items():
            assert at <= self.settled[tp]

    @invariant()
    def everything_settled_is_committed_or_due(self) -> None:
        pending = self.due.pending()
        for tp, at in self.settled.items():
            assert max(pending.get(tp, 0), self.broker.get(tp, 0)) >= at


TestAccounting = Accounting.TestCase
