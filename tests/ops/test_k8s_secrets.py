"""secrets.sh makes what the pods look for, and a real Redis takes it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import yaml

from recaug.checkup import Level, store
from recaug.local.ports import HOST, free_port
from recaug.local.process import spawn, stop
from recaug.security import redis_options
from recaug.settings import Settings
from recaug.signing import Keys
from tests.e2e.house import until
from tests.ops.manifests import K8S, OVERLAYS, of_kind, ours, pods

#: Named by an administrator of a Kafka of somebody's own, who has its password.
GIVEN = {"recaug-admin"}
STRIMZI = "recaug-cluster-ca-cert"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The directory of files, and what is handed to `kubectl apply`."""
    for tool in ("kubectl", "openssl"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool}")
    directory = tmp_path_factory.mktemp("k8s") / "secrets"
    return directory, _run(directory)


def _run(directory: Path) -> str:
    command = [str(K8S / "secrets.sh"), str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def keys(text: str) -> dict[tuple[str, str], set[str]]:
    """The keys of each Secret and map that is made."""
    objects = [one for one in yaml.safe_load_all(text) if one]
    return {(one["kind"], one["metadata"]["name"]): set(one["data"]) for one in objects}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_secret_is_made_by_somebody(overlay: str, made: tuple[Path, str]) -> None:
    there = keys(made[1])
    users = of_kind("whole", "KafkaUser").keys()
    for pod in pods(overlay):
        for volume in pod.volumes.values():
            secret = volume.get("secret")
            if secret is None or secret["secretName"] in {*users, STRIMZI, *GIVEN}:
                continue
            asked = {item["key"] for item in secret.get("items", ())}
            assert asked <= there["Secret", secret["secretName"]]


def test_files_have_the_names_that_the_settings_name(made: tuple[Path, str]) -> None:
    there = keys(made[1])
    assert there["Secret", "recaug-signing"] == {"signing.key"}
    assert there["ConfigMap", "recaug-trust"] == {"signing.pub"}
    assert there["Secret", "recaug-redis-recommend"] == {"password"}
    conf = (K8S / "components" / "redis" / "redis.conf").read_text()
    for name in there["Secret", "recaug-redis-tls"]:
        assert f"/run/secrets/tls/{name}\n" in conf
    for name in there["Secret", "recaug-redis-acl"]:
        assert f"/run/secrets/acl/{name}\n" in conf


def test_the_map_of_trusted_keys_is_no_secret_and_holds_none(made: tuple[Path, str]) -> None:
    (trust,) = (
        one
        for one in yaml.safe_load_all(made[1])
        if one and one["metadata"]["name"] == "recaug-trust"
    )
    assert "PRIVATE" not in trust["data"]["signing.pub"]


def test_learn_can_sign_with_the_key_and_is_believed(made: tuple[Path, str]) -> None:
    directory = made[0]
    pair = Keys(directory / "signing.key", directory / "signing.pub")
    pair.ensure()
    assert pair.verifies(b"a model", pair.sign(b"a model"))


def test_a_second_run_exchanges_nothing(made: tuple[Path, str]) -> None:
    directory, before = made
    assert _run(directory) == before
    for path in directory.iterdir():
        assert path.stat().st_mode & 0o077 == 0, f"{path.name} is not for the eyes of others"


@pytest.fixture(scope="module")
def port(made: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real Redis under the component's own configuration, with the files that were made."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("no redis-server that knows TLS: Debian: apt-get install redis-server")
    directory, home = made[0], tmp_path_factory.mktemp("redis")
    conf = (K8S / "components" / "redis" / "redis.conf").read_text()
    at = free_port()
    for was, is_ in (
        ("tls-port 6379", f"tls-port {at}\nbind {HOST}"),
        ("/run/secrets/tls", str(directory)),
        ("/run/secrets/acl", str(directory)),
        ("dir /data", f"dir {home}"),
    ):
        assert was in conf
        conf = conf.replace(was, is_)
    (home / "redis.conf").write_text(conf)
    process = spawn([binary, str(home / "redis.conf")], home / "redis.log")
    try:
        log = home / "redis.log"
        until(lambda: "Ready to accept connections" in log.read_text(), 30.0, log.read_text)
        yield at
    finally:
        stop(process, 5.0)


def settings(made: tuple[Path, str], port: int, user: str) -> Settings:
    """Those of a pod, but for the address, to which the certificate is not made out."""
    return Settings(
        env="production",
        redis=f"rediss://recaug-{user}@{HOST}:{port}/0",
        redis_password_file=made[0] / f"redis-{user}",
        redis_ca=made[0] / "ca.crt",
    )


def client(found: Settings) -> redis.Redis:
    server = found.redis_server
    options = {**redis_options(server), "ssl_check_hostname": False}
    return redis.Redis.from_url(server.url, **options)


def test_recommend_may_keep_state_there_and_the_operator_may_look(
    made: tuple[Path, str], port: int
) -> None:
    with client(settings(made, port, "recommend")) as recommend:
        recommend.set("recaug:one", "1")
        with pytest.raises(redis.exceptions.NoPermissionError):
            recommend.set("another:one", "1")
        with pytest.raises(redis.exceptions.NoPermissionError):
            recommend.flushall()
    with client(settings(made, port, "operator")) as operator:
        about = operator.info()
        assert about["aof_enabled"] == 1
        assert about["maxmemory_policy"] == "noeviction"
        assert about["maxmemory"] == 2 * 2**30
        with pytest.raises(redis.exceptions.NoPermissionError):
            operator.set("recaug:one", "2")


def test_the_certificate_is_for_the_name_that_the_pods_use(
    made: tuple[Path, str], port: int
) -> None:
    (recommend,) = (pod for pod in ours("whole") if pod.name == "recaug-recommend")
    host = recommend.own["RECAUG_REDIS"]["value"].partition("@")[2].partition(":")[0]
    command = ["openssl", "verify", "-CAfile", "ca.crt", "-verify_hostname", host, "tls.crt"]
    done = subprocess.run(command, cwd=made[0], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # Under any other name nobody gets in: the check is on.
    (found,) = store(settings(made, port, "operator"))
    assert found.level is Level.FAIL
    assert "ertificate" in found.words
