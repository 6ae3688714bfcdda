"""Ask at a broker's door before a client of kafka-python goes through it: who is there, am I known.

kafka-python would go on trying a certificate or a password that is refused until its time is up,
and then say no more than that. It also leaves half-open sockets to the garbage collector.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from kafka.errors import KafkaError
from kafka.net.sasl import get_sasl_mechanism
from kafka.protocol.parser import KafkaProtocol
from kafka.protocol.sasl import SaslAuthenticateRequest, SaslHandshakeRequest

from recaug.errors import Failure, Unreachable
from recaug.security import Broker

#: Longest answer a broker may give to a name; a stranger's is not read to its end.
ANSWER_MAX = 65_536


def knock(broker: Broker, options: dict[str, Any], timeout_s: float) -> None:
    """Wait until one of the servers accepts connections and knows us, and we its certificate.

    :param options: `recaug.security.kafka_python_options` of this broker.

    :raises Unreachable: none does within `timeout_s`.
    :raises Failure: its certificate, our name or our password is not accepted.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        for server in broker.servers.split(","):
            try:
                _visit(server.strip(), broker, options, timeout_s)
            except ssl.SSLCertVerificationError as error:
                raise _not_trusted(server, error) from error
            except (OSError, ValueError, KafkaError) as error:
                why = str(error)
            else:
                return
        if time.monotonic() >= deadline:
            raise unreachable(broker, f"{why} (tried for {timeout_s:g} s)")
        time.sleep(0.05)


def _visit(server: str, broker: Broker, options: dict[str, Any], timeout_s: float) -> None:
    host, _, port = server.rpartition(":")
    host = host.strip("[]")
    with socket.create_connection((host, int(port)), timeout_s) as plain:
        if broker.security == "plaintext":
            return
        with options["ssl_context"].wrap_socket(plain, server_hostname=host) as door:
            if broker.security == "sasl_ssl":
                _give_name(door, broker, options)


def _give_name(door: ssl.SSLSocket, broker: Broker, options: dict[str, Any]) -> None:
    ask = _asker(door)
    mechanism = options["sasl_mechanism"]
    hand = ask(SaslHandshakeRequest(version=1, mechanism=mechanism))
    if mechanism not in hand.mechanisms:
        raise _not_known(broker, f"it knows {', '.join(hand.mechanisms)} and not {mechanism}")
    exchange = get_sasl_mechanism(mechanism)(host="", **options)
    while not exchange.is_done():
        answer = ask(SaslAuthenticateRequest(version=1, auth_bytes=exchange.auth_bytes()))
        if answer.error_code:
            raise _not_known(broker, "it refused the user name or the password")
        exchange.receive(answer.auth_bytes)


def _asker(door: ssl.SSLSocket) -> Callable[[Any], Any]:
    protocol = KafkaProtocol(client_id="recaug", receive_message_max_bytes=ANSWER_MAX)

    def ask(request: Any) -> Any:
        protocol.send_request(request)
        door.sendall(protocol.send_bytes())
        while True:
            received = door.recv(4_096)
            if not received:
                raise OSError("it hung up")
            for _, answer in protocol.receive_bytes(received):
                return answer

    return ask


def unreachable(broker: Broker | str, why: str) -> Unreachable:
    """The error for a broker that does not answer, with what to type."""
    return Unreachable(
        f"Kafka at {broker} does not answer",
        why,
        "start everything with: recaug up   (or name your broker: --kafka HOST:PORT)",
    )


def _not_trusted(server: str, error: ssl.SSLCertVerificationError) -> Failure:
    return Failure(
        f"the certificate of Kafka at {server.strip()} is not accepted",
        error.verify_message,
        "name the CA that signed it: RECAUG_KAFKA_CA=FILE",
    )


def _not_known(broker: Broker, why: str) -> Failure:
    return Failure(
        f"Kafka at {broker} does not let {broker.username} in",
        why,
        "check RECAUG_KAFKA_USERNAME and RECAUG_KAFKA_PASSWORD (or RECAUG_KAFKA_PASSWORD_FILE)",
    )
