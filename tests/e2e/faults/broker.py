"""A broker of the test's own, one listener behind a proxy; shoppers; a producer's ledger."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from recaug.kafka import read
from recaug.local.kafka import LocalKafka
from recaug.local.ports import HOST, free_port
from tests.e2e.faults.background import Background
from tests.e2e.house import COMMAND, ROOT


class WiredKafka(LocalKafka):
    """`bootstrap` goes straight to the broker, `wired` through whatever listens on `line`."""

    def __init__(self, directory: Path) -> None:
        self.line, self.behind = free_port(), free_port()
        super().__init__(directory, port=None, properties=self._listeners())

    @property
    def wired(self) -> str:
        return f"{HOST}:{self.line}"

    def _listeners(self) -> str:
        straight = "PLAINTEXT://{host}:{port}"
        return (
            f"listeners={straight},WIRED://{HOST}:{self.behind},"
            "CONTROLLER://{host}:{controller}\n"
            f"advertised.listeners={straight},WIRED://{self.wired}\n"
            "listener.security.protocol.map="
            "PLAINTEXT:PLAINTEXT,WIRED:PLAINTEXT,CONTROLLER:PLAINTEXT\n"
            "inter.broker.listener.name=PLAINTEXT\n"
        )


class Shoppers(Background):
    """`recaug simulate` straight to a broker, started again whenever it gave up on it."""

    def __init__(self, directory: Path, bootstrap: str, *options: str) -> None:
        self._log = directory / "traffic.log"
        self._command = [*COMMAND, "simulate", *options, "--kafka", bootstrap]
        self._child: subprocess.Popen[bytes] | None = None
        super().__init__("shoppers")

    def _run(self) -> None:
        with self._log.open("ab") as log:
            while not self._over.is_set():
                self._child = subprocess.Popen(self._command, cwd=ROOT, stdout=log, stderr=log)
                self._child.wait()

    def stop(self) -> None:
        """Returns once all that was sent has been acknowledged."""
        self._over.set()
        while self._thread.is_alive():
            if self._child is not None:
                self._child.terminate()
            self._thread.join(1.0)


class Ledger(Background):
    """Produces numbered records from a thread and writes down which were acknowledged, and where.

    A record the broker did not take for good is in `refused`: its producer was told.
    """

    def __init__(self, bootstrap: str, topic: str, size: int = 100, rate: float | None = None):
        self._bootstrap, self.topic = bootstrap, topic
        self._filling = b"x" * size
        self._pause_s = 1.0 / rate if rate else 0.0
        self.acknowledged: dict[tuple[int, int], bytes] = {}
        self.refused: list[bytes] = []
        self.sent = 0
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "message.timeout.ms": 60_000,
                "queue.buffering.max.messages": 2_000,
                "log_level": 2,
            }
        )
        super().__init__("ledger")

    def stop(self) -> None:
        """Returns once the fate of all that was sent is known."""
        super().stop()
        self._producer.flush(90.0)

    def value(self, number: int) -> bytes:
        return b"%d " % number + self._filling

    def _run(self) -> None:
        while not self._over.is_set():
            value = self.value(self.sent)
            try:
                self._producer.produce(self.topic, value, b"%d" % self.sent, on_delivery=self._told)
                self.sent += 1
            except BufferError:
                time.sleep(0.01)
            self._producer.poll(self._pause_s)

    def _told(self, error: KafkaError | None, message: Message) -> None:
        value: Any = message.value()
        if error is None:
            self.acknowledged[message.partition() or 0, message.offset() or 0] = value
        else:
            self.refused.append(value)

    def kept(self) -> dict[tuple[int, int], bytes]:
        """What the broker holds now."""
        records = read(self._bootstrap, [self.topic])
        return {(r.partition, r.offset): r.value or b"" for r in records}
