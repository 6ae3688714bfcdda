"""`recaug up`: start everything on this machine, keep it running, stop it in order.

Up:    Kafka → Redis → topics → services → page → traffic.
Down:  traffic → wait until the services have caught up → page → services → report → Redis → Kafka.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from recaug.audit import Begin, begin
from recaug.errors import Failure, Unreachable
from recaug.kafka import brokers, ensure_topics
from recaug.local import banner
from recaug.local.account import account
from recaug.local.choices import Options, refuse_own_servers, settings_of
from recaug.local.drain import drain
from recaug.local.instance import Child, Instance, Running
from recaug.local.kafka import LocalKafka
from recaug.local.news import News
from recaug.local.ports import HOST, free_port, listens
from recaug.local.programs import Programs, checkout
from recaug.local.redis import LocalRedis
from recaug.local.screen import Screen
from recaug.local.stopping import Stopping
from recaug.local.supervise import Program, Supervisor, last_words
from recaug.registry import Registry
from recaug.settings import SERVICES
from recaug.signing import Keys

READY_S = 120.0
PAGE_S = 30.0
TICK_S = 0.2


def up(options: Options, screen: Screen) -> int:
    """Run until told to stop; return the exit code: 0, or 2 when the report finds a fault.

    :raises Failure: something does not start; what had started is stopped before.
    """
    root = checkout()
    refuse_own_servers(options)
    with Instance(options.data_dir) as instance, Stopping() as stopping:
        if instance.recovered:
            names = ", ".join(child.name for child in instance.recovered)
            screen.say(f"an earlier run was killed; ended what it left running: {names}")
        if options.fresh:
            instance.clear()
        run = _Run(options, screen, instance, stopping, root)
        try:
            run.start()
            run.serve()
            return run.finish()
        finally:
            run.abandon()


class _Run:
    def __init__(
        self,
        options: Options,
        screen: Screen,
        instance: Instance,
        stopping: Stopping,
        root: Path,
    ) -> None:
        self.options, self.screen = options, screen
        self.instance, self.stopping, self.root = instance, stopping, root
        self.running = Running(pid=os.getpid())
        self.supervisor = Supervisor(self._children, screen.say)
        self.settings = settings_of(options, instance.data_dir)
        self.since: Begin | None = None
        self.faults: list[str] = []
        self.began_s = 0.0
        self.seconds = 0.0

    # ------------------------------------------------------------------ up

    def start(self) -> None:
        """Start everything; returns when traffic flows."""
        self._start_kafka()
        self._start_redis()
        self._publish()
        with self.screen.step("Topics") as say:
            say.result = f"{len(ensure_topics(self.settings))}"
        self.since = begin(self.settings)
        self._start_services()
        if self.options.page_port is not None:
            self._start_page(self.options.page_port)
        self._banner()
        self._start_traffic()

    def _start_kafka(self) -> None:
        address = self.settings.kafka
        with self.screen.step("Kafka") as say:
            if self.options.kafka is None:
                address = self._start_own_kafka(say)
            elif brokers(self.settings.broker, 10.0) == 0:
                raise Unreachable(
                    f"Kafka at {address} does not answer",
                    "no broker answered within 10 s",
                    "check the address, or leave --kafka out to have one started here",
                )
            say.result = address
        self._use(kafka=address)

    def _start_own_kafka(self, say: Callable[[str], None]) -> str:
        kafka = LocalKafka(self.instance.data_dir / "kafka")
        address = kafka.start(say)
        assert kafka.process is not None
        program = Program("kafka", kafka.launch, kafka.log, stop_s=30.0)
        self.supervisor.adopt(program, kafka.process, time.monotonic())
        if kafka.port != kafka.preferred:
            self.screen.say(f"port {kafka.preferred} is taken: Kafka listens on {kafka.port}")
        return address

    def _start_redis(self) -> None:
        address = self.settings.redis
        if self.options.redis is None:
            with self.screen.step("Redis") as say:
                redis = LocalRedis(self.instance.data_dir / "redis")
                address = redis.start()
                assert redis.process is not None
                program = Program("redis", redis.launch, redis.log)
                self.supervisor.adopt(program, redis.process, time.monotonic())
                say.result = address
        self._use(redis=address)

    def _start_services(self) -> None:
        with self.screen.step("Services") as say:
            for name in SERVICES:
                self.supervisor.start(self._programs.service(name), time.monotonic())
            deadline = time.monotonic() + READY_S
            while waiting := [n for n in SERVICES if self.supervisor.running[n].ready is None]:
                say(f"waiting for {', '.join(waiting)}")
                self._tick()
                if time.monotonic() > deadline:
                    raise self._not_ready(waiting[0])
            say.result = ", ".join(SERVICES)

    def _not_ready(self, name: str) -> Failure:
        log = self.supervisor.running[name].program.log
        return Failure(
            f"{name} is not ready after {READY_S:.0f} s",
            f"its last words: {last_words(log)}",
            f"look at {log}",
        )

    def _start_page(self, preferred: int) -> None:
        port = free_port(preferred)
        if port != preferred:
            self.screen.say(f"port {preferred} is taken: the page is at {port}")
        with self.screen.step("Page") as say:
            program = self._programs.page(port)
            self.supervisor.start(program, time.monotonic())
            deadline = time.monotonic() + PAGE_S
            while not listens(port):
                self._tick()
                if time.monotonic() > deadline:
                    raise self._not_ready("page")
            self.running = replace(self.running, page=f"http://{HOST}:{port}")
            self._publish()
            say.result = f"http://{HOST}:{port}"

    def _start_traffic(self) -> None:
        traffic = self.options.traffic
        if traffic.arguments is not None:
            program = self._programs.traffic(traffic.arguments, traffic.restart)
            self.supervisor.start(program, time.monotonic())
        self.began_s = time.monotonic()

    # ------------------------------------------------------------- running

    def serve(self) -> None:
        """Keep everything running until told to stop or the time is over."""
        self.stopping.patient = True
        news = News(self.settings, self.screen.say)
        while not self.stopping.wanted and not self._time_over():
            self._tick()
            news.poll(time.monotonic())
            self._note_traffic()
        news.close()
        self.seconds = time.monotonic() - self.began_s

    def _time_over(self) -> bool:
        limit = self.options.for_s
        return limit is not None and time.monotonic() - self.began_s >= limit

    def _note_traffic(self) -> None:
        traffic = self.supervisor.running.get("traffic")
        if traffic is None or not traffic.ended:
            return
        self.supervisor.stop("traffic")
        if traffic.code == 0:
            self.screen.say("traffic: all has been published; everything else goes on")
        else:
            self.faults.append(f"the traffic failed: {last_words(traffic.program.log)}")
            self.screen.say(self.faults[-1])

    def _tick(self) -> None:
        self.supervisor.poll(time.monotonic())
        self._note_metrics()
        time.sleep(TICK_S)

    def _note_metrics(self) -> None:
        """Addresses of the services' metrics, which a restart changes, are in `run.json`."""
        found = {
            name: str(one.ready["metrics"])
            for name, one in self.supervisor.running.items()
            if one.ready and "metrics" in one.ready
        }
        if found != self.running.metrics:
            self.running = replace(self.running, metrics=found)
            self._publish()

    # ---------------------------------------------------------------- down

    def finish(self) -> int:
        """Stop in order, with nothing lost; write the report if one was asked for."""
        with self.screen.step("Stopping") as say:
            say("traffic")
            self.supervisor.stop("traffic")
            if self.stopping.wanted:
                say("the services catch up (Ctrl-C again skips that; nothing is lost)")
            drain(self.settings, say, time.monotonic, self._tick)
            say("page and services")
            self.supervisor.stop("page")
            self.supervisor.stop(*SERVICES)
            say("reading the topics for the report")
            code = self._account()
            say("Redis and Kafka")
            self.supervisor.stop("redis")
            self.supervisor.stop("kafka")
            say.result = "everything"
        return code

    def _account(self) -> int:
        assert self.since is not None
        return account(
            self.options, self.settings, self.since, self.seconds, self.faults, self.screen
        )

    def abandon(self) -> None:
        """End whatever still runs: all of it after a failed start, nothing after `finish`."""
        try:
            self.supervisor.stop("traffic", "page", *SERVICES)
            self.supervisor.stop("redis")
            self.supervisor.stop("kafka")
        except KeyboardInterrupt:
            self.supervisor.kill_all()
            raise

    # ------------------------------------------------------------- helpers

    @property
    def _programs(self) -> Programs:
        env = {
            **dict(self.options.env),
            "RECAUG_KAFKA": self.settings.kafka,
            "RECAUG_REDIS": self.settings.redis,
            # From the URL that was given: in the environment it is in no list of processes.
            "RECAUG_REDIS_PASSWORD": self.settings.redis_password.get_secret_value(),
            "RECAUG_DATA_DIR": str(self.instance.data_dir),
            # Three services share this machine; where each listens is in run.json.
            "RECAUG_METRICS_LISTEN": f"{HOST}:0",
            # The name of the workers must be stable here and unlike another instance's.
            "RECAUG_WORKER": hashlib.sha256(bytes(self.instance.data_dir)).hexdigest()[:8],
        }
        return Programs(self.root, self.instance.data_dir / "logs", env)

    def _use(self, **addresses: str) -> None:
        """Take the address of the broker or the store, for us, the services and `run.json`."""
        self.settings = self.settings.model_copy(update=addresses)
        self.running = replace(
            self.running, kafka=self.settings.kafka, redis=self.settings.redis or None
        )
        self._publish()

    def _publish(self) -> None:
        self.instance.update(self.running)

    def _children(self, children: tuple[Child, ...]) -> None:
        self.running = replace(self.running, children=children)
        self._publish()

    def _banner(self) -> None:
        ready = self.supervisor.running["recommend"].ready or {}
        self.screen.banner(
            f"recaug {banner.version()} is up",
            banner.rows(
                self.running,
                self.instance.data_dir,
                self.options.traffic.words,
                {
                    "name": self.settings.model,
                    "version": self._champion(),
                    **_known(ready.get("model")),
                },
            ),
        )

    def _champion(self) -> str | None:
        try:
            registry = Registry(self.settings.registry, Keys.of(self.settings))
            return registry.champion(self.settings.model)
        except Failure:
            return None  # recommend has refused it and said so


def _known(fields: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (fields or {}).items() if value is not None}
