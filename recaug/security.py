"""How a client gets to Kafka and to Redis: encrypted, known by name, or not at all.

The one place that turns settings into the options of kafka-python, librdkafka, aiokafka and
redis-py. Production (`RECAUG_ENV=production`) is refused a connection that anybody on the way could
read; a secret is never part of a `repr`, a message or an address.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, unquote, urlencode

from pydantic import SecretStr

from recaug.errors import Failure

if TYPE_CHECKING:
    from recaug.settings import Settings

Security = Literal["plaintext", "ssl", "sasl_ssl"]

MECHANISM = "SCRAM-SHA-512"

#: A secret is a line of text: a file larger than this is the wrong file.
SECRET_MAX = 4_096

NO_SECRET = SecretStr("")


@dataclass(frozen=True, slots=True)
class Broker:
    """A Kafka cluster and how to talk to it; `str()` is its address and nothing else.

    servers     bootstrap servers, comma-separated
    ca          certificates that may have signed the broker's, PEM; None: the system's
    """

    servers: str
    security: Security = "plaintext"
    username: str = ""
    password: SecretStr = NO_SECRET
    ca: Path | None = None

    def __str__(self) -> str:
        return self.servers


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A Redis server and how to talk to it; `str()` is its address without a password.

    url     redis://, rediss:// (TLS) or unix://; a user name may stand before the host
    ca      certificates that may have signed the server's, PEM; None: the system's
    """

    url: str
    password: SecretStr = NO_SECRET
    ca: Path | None = None

    def __str__(self) -> str:
        return split_password(self.url)[0]


def broker(settings: Settings) -> Broker:
    """Return the broker that the settings name.

    :raises Failure: plaintext in production, no credentials, or a file that cannot be read.
    """
    if settings.kafka_security == "plaintext":
        if settings.env == "production":
            raise _plaintext("Kafka", settings.kafka, "RECAUG_KAFKA_SECURITY=sasl_ssl")
        return Broker(settings.kafka)
    ca = _readable(settings.kafka_ca, "RECAUG_KAFKA_CA")
    if settings.kafka_security == "ssl":
        return Broker(settings.kafka, "ssl", ca=ca)
    password = secret(settings.kafka_password, settings.kafka_password_file, "KAFKA_PASSWORD")
    if not settings.kafka_username or not password.get_secret_value():
        raise Failure(
            f"Kafka at {settings.kafka} is not asked",
            "RECAUG_KAFKA_SECURITY=sasl_ssl needs a user name and a password",
            "set RECAUG_KAFKA_USERNAME and RECAUG_KAFKA_PASSWORD (or RECAUG_KAFKA_PASSWORD_FILE)",
        )
    return Broker(settings.kafka, "sasl_ssl", settings.kafka_username, password, ca)


def redis_server(settings: Settings) -> RedisServer:
    """Return the Redis server that the settings name.

    :raises Failure: plaintext over a network in production, or a file that cannot be read.
    """
    safe = not settings.redis or settings.redis.startswith(("rediss://", "unix://"))
    if settings.env == "production" and not safe:
        raise _plaintext("Redis", settings.redis, "RECAUG_REDIS=rediss://USER@HOST:PORT")
    password = secret(settings.redis_password, settings.redis_password_file, "REDIS_PASSWORD")
    return RedisServer(settings.redis, password, _readable(settings.redis_ca, "RECAUG_REDIS_CA"))


def kafka_python_options(broker: Broker) -> dict[str, Any]:
    """Return the options for any client of kafka-python.

    :raises Failure: the CA file holds no certificate.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": [server.strip() for server in broker.servers.split(",")]
    }
    if broker.security == "plaintext":
        return options
    options |= {
        "security_protocol": broker.security.upper(),
        "ssl_context": ssl_context(broker.ca),
        "ssl_check_hostname": True,
    }
    if broker.security == "sasl_ssl":
        options |= {
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": broker.username,
            "sasl_plain_password": _Unshown(broker.password.get_secret_value()),
        }
    return options


class _Unshown(str):
    """kafka-python logs all its options at debug level: a string that `repr` does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'**********'"


def librdkafka_options(broker: Broker) -> dict[str, Any]:
    """Return the options for any client of confluent-kafka."""
    options: dict[str, Any] = {"bootstrap.servers": broker.servers}
    if broker.security == "plaintext":
        return options
    options["security.protocol"] = broker.security.upper()
    if broker.ca is not None:
        options["ssl.ca.location"] = str(broker.ca)
    if broker.security == "sasl_ssl":
        options |= {
            "sasl.mechanism": MECHANISM,
            "sasl.username": broker.username,
            "sasl.password": broker.password.get_secret_value(),
        }
    return options


def redis_options(server: RedisServer) -> dict[str, Any]:
    """Return what redis-py needs beside the URL."""
    options: dict[str, Any] = {}
    if server.password.get_secret_value():
        options["password"] = server.password.get_secret_value()
    if server.url.startswith("rediss://"):
        options |= {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
        if server.ca is not None:
            options["ssl_ca_certs"] = str(server.ca)
    return options


def ssl_context(ca: Path | None) -> ssl.SSLContext:
    """Return a context that demands a certificate for the name connected to, signed by `ca`.

    :raises Failure: the file holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise Failure(
            f"the certificates in {ca} cannot be used", str(error), "name a PEM file of the CA"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def secret(value: SecretStr, file: Path | None, name: str) -> SecretStr:
    """Return the secret: what the file holds, without the end of its line, else the value.

    :raises Failure: the file cannot be read, is empty or is no line of text.
    """
    if file is None:
        return value
    variable = f"RECAUG_{name}_FILE"
    try:
        with file.open("rb") as opened:
            text = opened.read(SECRET_MAX + 1).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(
            f"the secret of {variable} cannot be read",
            # Not the error's own text: that of a decoding error quotes the secret.
            f"{file}: {getattr(error, 'strerror', None) or 'it is not text'}",
            f"mount the file, readable for this user, or set RECAUG_{name}",
        ) from None
    if not text or "\n" in text or len(text) > SECRET_MAX:
        raise Failure(
            f"the secret of {variable} cannot be used",
            f"{file} does not hold one line of text",
            "write the password and nothing else into it",
        )
    return SecretStr(text)


def split_password(url: str) -> tuple[str, SecretStr]:
    """Return the URL without its password, and the password.

    >>> split_password("rediss://recommend:pa55@host:6380/0")
    ('rediss://recommend@host:6380/0', SecretStr('**********'))
    """
    scheme, mark, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    login, at, host = authority.rpartition("@")
    user, _, password = login.partition(":")
    path, _, query = path.partition("?")
    fields = dict(parse_qsl(query, keep_blank_values=True))
    password = unquote(password) or fields.pop("password", "")
    query = f"?{urlencode(fields)}" if fields else ""
    shown = f"{scheme}{mark}{user}{at if user else ''}{host}{slash}{path}{query}"
    return shown, SecretStr(password)


def _readable(file: Path | None, variable: str) -> Path | None:
    if file is not None and not file.is_file():
        raise Failure(
            f"{file} is not there",
            f"{variable} names it as the certificates to trust",
            f"mount the file, or leave {variable} out to trust what the system trusts",
        )
    return file


def _plaintext(server: str, address: str, mend: str) -> Failure:
    return Failure(
        f"{server} at {split_password(address)[0]} is not asked",
        "RECAUG_ENV=production, and the connection would be plaintext: anybody on the way reads it",
        f"set {mend}   (see docs/security.md)",
    )
