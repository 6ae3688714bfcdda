"""Apache Kafka on this machine: the real broker, from packages, one node in KRaft mode.

Its first start on a machine fetches the jars and lets the JVM take notes; with them a broker is up
in half the processor time.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from recaug.errors import Failure
from recaug.local.packages import Packages, packages
from recaug.local.ports import HOST, claim, free_port, listens
from recaug.local.process import spawn, stop
from recaug.security import Broker

VERSION = "4.1.1"
BROKER, FORMAT = "kafka.Kafka", "kafka.tools.StorageTool"
PORT = 9092
PORT_RETRIES = 2
START_S = 120.0
STOP_S = 30.0
NOTE_S = 120.0

#: On the loopback of a developer's machine, where nobody is on the way.
PLAIN = Broker("")

# A cluster id only has to be the same at every start of one directory.
CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"

# The defaults are made for a machine of its own: a 128 MB buffer for compaction, 8 request
# threads, 50 partitions of committed offsets, and a thousand fetches that are long answered, which
# every collection of garbage copies. And a broker that was killed is let in again only when it
# would have been given up: after 9 s, which is 12 until it answers; with 5 it is 7.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
num.partitions=4
broker.session.timeout.ms=5000
broker.heartbeat.interval.ms=1000
num.network.threads=2
num.io.threads=4
fetch.purgatory.purge.interval.requests=50
producer.purgatory.purge.interval.requests=50
background.threads=2
num.recovery.threads.per.data.dir=2
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=3000
log.cleaner.dedupe.buffer.size=8388608
log.cleaner.io.buffer.size=262144
log.segment.bytes=134217728
"""

_JVM = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    # Whoever waits for an answer waits for a collection of young objects. At 100 clicks a second
    # one of 24 MB comes every second and takes 6 ms; of 128 MB every 5 s and 12 ms, the first 30.
    "-Xmn24m",
    # The second compiler doubles the CPU of the start (5.1 s for 2.7 s) and takes another 12 s in
    # the first minutes, just when a small machine starts everything else; it pays after about 90 s.
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "--enable-native-access=ALL-UNNAMED",  # lz4; without it the JVM warns
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)


class LocalKafka:
    """A broker whose data lives in `directory`, listening on `port` or, if taken, a free one.

    LocalKafka(Path(".recaug/kafka")).start()   # "127.0.0.1:9092"

    access          how to talk to it, where `properties` make it ask for more than plaintext
    properties      more lines of its configuration, the last of a name counts; `{host}`,
                    `{port}` and `{controller}` stand for what was chosen
    scram           users it knows from its first start on: arguments of `--add-scram`
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = PORT,
        version: str = VERSION,
        access: Broker = PLAIN,
        properties: str = "",
        scram: Sequence[str] = (),
    ) -> None:
        self.directory = directory.absolute()
        self.preferred, self.version = port, version
        self._access, self._properties, self._scram = access, properties, tuple(scram)
        self.port = 0
        self._packages: Packages | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._claim: IO[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        return self.directory / "kafka.log"

    def start(self, say: Callable[[str], None] = lambda _: None) -> str:
        """Format (the first time), start, wait until it answers; return the bootstrap address.

        :param say: called with what is happening, for a person who waits.

        :raises Failure: packages missing, jars not to be had, data damaged, or the broker died.
        """
        self._packages = packages(self.version, say)
        self._take_notes(self._packages, say)
        for _ in range(PORT_RETRIES):
            try:
                return self._start(say)
            except Failure as failure:
                # Somebody took a port between our look and the broker's: choose again.
                if "in use" not in failure.why:
                    raise
        return self._start(say)

    def _take_notes(self, of: Packages, say: Callable[[str], None]) -> None:
        """See to an AOT cache; without one a broker starts as well, only slower."""
        notes = of.notes(_JVM)
        if notes.exists():
            return
        say("taking notes of a first start, so that the others take half the time")
        try:
            with of.aside() as aside:
                if not notes.exists():
                    _Rehearsal(aside, None, self.version).note(of).rename(notes)
        except (Failure, OSError) as error:
            say(f"starting without notes: {error}")

    def _start(self, say: Callable[[str], None]) -> str:
        self._configure()
        if not (self._logs / "meta.properties").exists():
            say("formatting its data directory")
            self._format()
        say("starting the broker")
        return self.restart()

    def restart(self) -> str:
        """Start a stopped or killed broker again, same port and data; wait until it answers."""
        self.launch()
        try:
            self._wait()
        except BaseException:  # a Ctrl-C must not leave a broker behind either
            self.stop()
            raise
        return self.bootstrap

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the process on the port and data of `start`, without waiting for it."""
        command = self._command(BROKER, str(self._config))
        # SIGTERM: a broker that is not killed needs no log recovery at the next start.
        self.process = spawn(command, self.log, on_death=signal.SIGTERM)
        return self.process

    def stop(self, grace_s: float = STOP_S) -> None:
        """Stop in order, so that the next start need not recover its log."""
        if self.process is not None:
            stop(self.process, grace_s)
            self.process = None
        self._release()

    def kill(self) -> None:
        """End it as `kill -9` would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def _logs(self) -> Path:
        return self.directory / "logs"

    @property
    def _config(self) -> Path:
        return self.directory / "server.properties"

    def _configure(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = self._choose_port()
        text = (_PROPERTIES + self._properties).format(
            host=HOST, port=self.port, controller=free_port(), logs=self._logs
        )
        self._config.write_text(text)

    def _choose_port(self) -> int:
        self._release()
        self._claim = None if self.preferred is None else claim(self.preferred)
        return free_port(None if self._claim is None else self.preferred)

    def _release(self) -> None:
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    def _command(self, main: str, *args: str) -> list[str]:
        assert self._packages is not None, "it is launched once it has been started"
        java, classpath = str(self._packages.java), self._packages.classpath
        return [java, *_JVM, *self._noted(self._packages), "-cp", classpath, main, *args]

    def _noted(self, packages: Packages) -> tuple[str, ...]:
        notes = packages.notes(_JVM)
        # It warns of two adapters that it names differently than it looks for, at every start.
        return (f"-XX:AOTCache={notes}", "-Xlog:aot*=error") if notes.exists() else ()

    def _format(self) -> None:
        if self._logs.exists() and any(self._logs.iterdir()):
            raise self._damaged("it holds data but no meta.properties: a first start was cut short")
        command = self._command(
            FORMAT, "format", "-t", CLUSTER_ID, "-c", str(self._config),
            *(part for user in self._scram for part in ("--add-scram", user)),
        )  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise self._damaged((done.stderr or done.stdout).strip().splitlines()[-1])

    def _wait(self) -> None:
        deadline = time.monotonic() + START_S
        while not (listens(self.port) and self._answers()):
            if self.process is not None and self.process.poll() is not None:
                raise self._damaged(f"the broker ended: {self._last_words()}")
            if time.monotonic() > deadline:
                raise Failure(
                    f"Kafka did not answer on {self.bootstrap} within {START_S:.0f} s",
                    self._last_words(),
                    f"look at {self.log}, or start over with: recaug up --fresh",
                )
            time.sleep(0.05)

    def _answers(self) -> bool:
        """Whether the controller has let the broker in; before that no topic can be made."""
        from recaug.kafka import brokers

        return brokers(replace(self._access, servers=self.bootstrap)) > 0

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        told = [line for line in lines[-200:] if "Exception" in line or "ERROR" in line]
        return (told or lines or ["it wrote nothing"])[-1][:300]

    def _damaged(self, why: str) -> Failure:
        return Failure(
            f"Kafka did not start on {self.directory}",
            why,
            "start over with: recaug up --fresh   (or choose another --data-dir)",
        )


class _Rehearsal(LocalKafka):
    """A broker that only starts and stops, while its JVM notes what it loads (JEP 514)."""

    def note(self, of: Packages) -> Path:
        """Return the AOT cache, which was not written where the JVM had no room. Raises Failure."""
        self._packages = of
        self._start(lambda _: None)
        self.stop(NOTE_S)
        return self._made

    @property
    def _made(self) -> Path:
        return self.directory / "made.aot"

    def _command(self, main: str, *args: str) -> list[str]:
        java, *rest = super()._command(main, *args)
        noting = [f"-XX:AOTCacheOutput={self._made}"] if main == BROKER else []
        return [java, *noting, *rest]
