"""Faults to choose from at random: each does its harm, mends it, and returns when it is mended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from random import Random

import redis

from recaug.settings import SERVICES
from tests.e2e.faults import bundles
from tests.e2e.faults.beside import Beside
from tests.e2e.faults.site import Site

Fault = Callable[[Site, Random], None]


def kill_a_service(site: Site, chance: Random) -> None:
    name = chance.choice(SERVICES)
    site.house.replaced(name, site.house.kill(name))


def stop_a_service(site: Site, chance: Random) -> None:
    name = chance.choice(SERVICES)
    site.house.replaced(name, site.house.kill(name, signal.SIGTERM))


def kill_all_services(site: Site, chance: Random) -> None:
    old = {name: site.house.kill(name) for name in chance.sample(SERVICES, len(SERVICES))}
    for name, pid in old.items():
        site.house.replaced(name, pid)


def freeze_a_service(site: Site, chance: Random) -> None:
    pid = site.house.pid(chance.choice(SERVICES))
    os.kill(pid, signal.SIGSTOP)
    time.sleep(chance.choice((2.0, 15.0, 30.0)))
    os.kill(pid, signal.SIGCONT)


def add_a_worker_and_take_it_away(site: Site, chance: Random) -> None:
    with Beside(site.house, chance.choice(("clean", "recommend")), "more") as more:
        more.wait_ready()
        time.sleep(chance.uniform(1.0, 8.0))
        more.signal(chance.choice((signal.SIGTERM, signal.SIGKILL)))
        more.wait()


def kill_the_broker(site: Site, chance: Random) -> None:
    site.kafka.kill()
    time.sleep(chance.choice((0.0, 5.0, 20.0)))
    site.kafka.restart()


def restart_the_broker(site: Site, _: Random) -> None:
    site.kafka.stop()
    site.kafka.restart()


def cut_the_line(site: Site, chance: Random) -> None:
    site.line.cut = True
    time.sleep(chance.choice((2.0, 8.0, 25.0)))
    site.line.heal()


def silence_the_line(site: Site, chance: Random) -> None:
    site.line.silent = True
    time.sleep(chance.choice((5.0, 14.0, 30.0)))
    site.line.heal()


def slow_the_line(site: Site, chance: Random) -> None:
    site.line.delay_s, site.line.resets = 0.25, 0.01
    time.sleep(chance.uniform(5.0, 20.0))
    site.line.heal()


def kill_the_store(site: Site, _: Random) -> None:
    site.house.replaced("redis", site.house.kill("redis"))


def empty_the_store(site: Site, _: Random) -> None:
    with redis.Redis.from_url(site.house.running["redis"]) as store:
        store.flushall()


def fill_the_store(site: Site, chance: Random) -> None:
    with redis.Redis.from_url(site.house.running["redis"]) as store:
        store.config_set("maxmemory", 1_000_000)
        time.sleep(chance.uniform(2.0, 10.0))
        store.config_set("maxmemory", 0)


def freeze_the_store(site: Site, chance: Random) -> None:
    pid = site.house.pid("redis")
    os.kill(pid, signal.SIGSTOP)
    time.sleep(chance.uniform(2.0, 10.0))
    os.kill(pid, signal.SIGCONT)


def send_bad_input(site: Site, chance: Random) -> None:
    arguments = ["simulate", "--rate", "200", "--bad", "0.2", "--users", "100", "--items", "100"]
    seed = str(chance.randrange(2**31))
    site.house.run(*arguments, "--for", "10", "--seed", seed, "--kafka", site.kafka.bootstrap)


def publish_a_bad_model(site: Site, chance: Random) -> None:
    champion = bundles.registry(site.house).newest_intact("main")
    if champion is None:
        return  # none has been learned yet
    good, number = champion.manifest.version, chance.randrange(10**9)
    spoil = chance.choice(bundles.BAD)
    name = f"{good[:18]}-bad{number}"
    bundles.publish(site.house, bundles.copy(site.house, good, name, spoil))
    bundles.publish(site.house, good)


FAULTS: tuple[Fault, ...] = (
    kill_a_service,
    stop_a_service,
    kill_all_services,
    freeze_a_service,
    add_a_worker_and_take_it_away,
    kill_the_broker,
    restart_the_broker,
    cut_the_line,
    silence_the_line,
    slow_the_line,
    kill_the_store,
    empty_the_store,
    fill_the_store,
    freeze_the_store,
    send_bad_input,
    publish_a_bad_model,
)
