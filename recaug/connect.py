"""Connect a kafka-python client, or say in words why that cannot be done."""

from __future__ import annotations

from typing import Any

from kafka.errors import KafkaError, KafkaTimeoutError

from recaug.knock import knock, unreachable
from recaug.security import Broker, kafka_python_options
from recaug.settings import Settings

CONNECT_S = 10.0


def broker_of(server: Broker | str) -> Broker:
    """Return the broker meant; for an address alone, all else is as the environment says.

    :raises Failure: it may not or cannot be talked to as configured.
    """
    return server if isinstance(server, Broker) else Settings(kafka=server).broker


def connect(client: Any, server: Broker | str, timeout_s: float, **options: Any) -> Any:
    """Make a `client` (one of kafka-python's classes) for this broker.

    :raises Unreachable: no broker answered within `timeout_s`.
    :raises Failure: it may not be talked to as configured, or one of us refused the other.
    """
    broker = broker_of(server)
    secured = kafka_python_options(broker)
    knock(broker, secured, timeout_s)
    try:
        return client(**secured, bootstrap_timeout_ms=int(timeout_s * 1_000), **options)
    except KafkaTimeoutError as error:
        clear = broker.security == "plaintext"
        hint = "; if it wants TLS, set RECAUG_KAFKA_SECURITY" if clear else ""
        raise unreachable(broker, f"no answer within {timeout_s:g} s{hint}") from error
    except (KafkaError, OSError) as error:
        raise unreachable(broker, f"{type(error).__name__}: {error}") from error
