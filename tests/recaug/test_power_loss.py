"""Registry and checkpoints survive a power failure at any call, in any order of operations."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import settings as limits
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from recaug.alias import BEFORE, CHAMPION
from recaug.collect import Collector
from recaug.registry import Registry
from recaug.settings import Settings
from recaug.signing import Keys
from tests.contracts.power import Disk
from tests.recaug.test_collect import CONFIG, click, rows
from tests.recaug.test_registry import ABOUT, FILES

#: No failure, or one at this call: an operation has between six and thirty.
FAILURES = st.none() | st.integers(0, 12) | st.integers(0, 30)


class Models(RuleBasedStateMachine):
    """Writes, promotions, rollbacks and prunings, each of which may be cut short."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.keys = Keys.of(Settings(data_dir=self.place))
        self.keys.ensure()
        self.disk = Disk(self.place / "registry")
        self.written: list[str] = []
        self.served: set[str | None] = {None}
        self.sequence = self.clock = 0

    @property
    def registry(self) -> Registry:
        """One that remembers nothing, as after a restart."""
        return Registry(self.place / "registry", self.keys)

    @rule(at=FAILURES, names_too=st.booleans())
    def write(self, at: int | None, names_too: bool) -> None:
        self.clock += 1
        version, whole = f"v{self.clock:04d}", False
        parent = max((v for v in self.served if v), default=None)
        with self.disk.failing(at, names_too):
            self.registry.write("main", version, FILES, {**ABOUT, "parent": parent})
            whole = True
        if whole:
            self.written.append(version)

    @precondition(lambda self: self.written)
    @rule(data=st.data(), at=FAILURES, names_too=st.booleans(), clock=st.integers(-100, 100))
    def promote(self, data: st.DataObject, at: int | None, names_too: bool, clock: int) -> None:
        """A newer one, an older one, the same once more: whatever the clock says."""
        version = data.draw(st.sampled_from(self.written))
        done = None
        with self.disk.failing(at, names_too):
            done = self.registry.promote("main", version, 10_000 + clock)
        if done is None:
            self.served |= {version}
        else:
            assert done.sequence > self.sequence
            self.served, self.sequence = {version}, done.sequence

    @rule(at=FAILURES, names_too=st.booleans(), keep=st.integers(1, 3))
    def prune(self, at: int | None, names_too: bool, keep: int) -> None:
        with self.disk.failing(at, names_too):
            self.registry.prune("main", keep)
        left = self.registry.versions("main")
        assert set(self.written[-keep:]) <= set(left)
        self.written = [version for version in self.written if version in left]

    def promote_again(self, version: str) -> None:
        with self.disk.failing(None):
            self.sequence = self.registry.promote("main", version, self.sequence + 1).sequence

    @precondition(lambda self: len(self.served) == 1 and None not in self.served)
    @rule(byte=st.integers(0, 255), file=st.sampled_from([CHAMPION, BEFORE]))
    def damage(self, byte: int, file: str) -> None:
        """A flipped bit in either file of the alias: the sequence does not begin anew."""
        path = self.place / "registry" / "main" / file
        if not path.exists():
            return
        content = path.read_bytes()
        path.write_bytes(bytes([content[0] ^ (byte | 1)]) + content[1:])
        if file == CHAMPION:
            assert self.registry.newest_intact("main") is not None
            (version,) = self.served
            assert version is not None
            self.promote_again(version)

    @invariant()
    def what_is_served_is_whole(self) -> None:
        promotion = self.registry.promotion("main")
        version = None if promotion is None else promotion.version
        assert version in self.served
        self.served = {version}
        if promotion is not None:
            assert promotion.sequence >= self.sequence
            self.sequence = promotion.sequence
            self.registry.open("main", promotion.version, promotion.manifest_sha256)

    @invariant()
    def every_version_is_whole(self) -> None:
        found = self.registry.versions("main")
        for version in found:
            self.registry.open("main", version)
        assert set(self.written) <= set(found)
        self.written = found  # one that was written, but not told so, counts from now on

    def teardown(self) -> None:
        shutil.rmtree(self.place)


class Checkpoints(RuleBasedStateMachine):
    """Folds, saves that may be cut short, damage, restarts: nothing is lost, nothing doubled."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.disk = Disk(self.place)
        self.collector = Collector(CONFIG)
        self.log = 0
        self.saved = 0

    @rule(count=st.integers(1, 20))
    def fold(self, count: int) -> None:
        self.collector.fold([click(n) for n in range(self.log, self.log + count)])
        self.log += count

    @rule(at=FAILURES, names_too=st.booleans())
    def save(self, at: int | None, names_too: bool) -> None:
        """Where it was cut short, the process is gone too."""
        whole = False
        with self.disk.failing(at, names_too):
            self.collector.save(self.place)
            whole = True
        if whole:
            self.saved = self.collector.events
            return
        self.restart()

    @rule()
    def restart(self) -> None:
        with self.disk.failing(None):
            revived = Collector.load(CONFIG, self.place)
        assert self.saved <= revived.events <= self.log
        revived.fold([click(n) for n in range(revived.positions.get(0, 0), self.log)])
        self.collector = revived

    @precondition(lambda self: (self.place / "CURRENT").exists())
    @rule(data=st.data())
    def damage(self, data: st.DataObject) -> None:
        """Any bit of the current checkpoint or of CURRENT: an older one or the log makes good."""
        pointer = self.place / "CURRENT"
        held = sorted((self.place / pointer.read_text()).iterdir())
        path = data.draw(st.sampled_from([p for p in (*held, pointer) if p.stat().st_size]))
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content)
        self.saved = 0
        self.restart()
        self.save(None, True)

    @invariant()
    def it_is_as_if_nothing_had_happened(self) -> None:
        whole = Collector(CONFIG)
        whole.fold([click(n) for n in range(self.log)])
        assert rows(self.collector) == rows(whole)
        assert (self.collector.events, self.collector.positions) == (whole.events, whole.positions)

    def teardown(self) -> None:
        shutil.rmtree(self.place)


TestModels = Models.TestCase
TestModels.settings = limits(max_examples=60, stateful_step_count=20, deadline=None)
TestCheckpoints = Checkpoints.TestCase
TestCheckpoints.settings = limits(max_examples=25, stateful_step_count=12, deadline=None)
