"""`recaug send`: publish one event and wait for its recommendation."""

from __future__ import annotations

import sys
import time
import uuid
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from recaug.cli.connection import DataDirOption, KafkaOption, connect
from recaug.errors import Failure

if TYPE_CHECKING:
    from recaug.follow import Follower
    from recaug.settings import Settings


def send(
    event: Annotated[
        str, typer.Argument(metavar="EVENT", help="click, view, search, like, purchase, …")
    ],
    user: Annotated[str, typer.Option("--user", "-u", help="User id.")] = "you",
    item: Annotated[
        str | None, typer.Option("--item", "-i", help="Item id.", show_default=False)
    ] = None,
    term: Annotated[
        str | None, typer.Option("--term", "-t", help="Words of a search.", show_default=False)
    ] = None,
    more: Annotated[
        str | None,
        typer.Option(
            "--json",
            metavar="OBJECT",
            help="Further fields as a JSON object; - reads it from stdin.",
            show_default=False,
        ),
    ] = None,
    wait_s: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", min=0, help="0: do not wait.")
    ] = 5.0,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Publish one event and wait for its recommendation.

    Prints the recommendation as JSON. Exit code 2 when none comes in time,
    or when the event is refused, with the reason.

    \b
      recaug send click --user you --item sku-10001
      recaug send search --user you --term "trail shoes" --wait 2
      recaug send purchase -u you -i sku-10001 --json '{"value": 80, "currency": "EUR"}'
    """
    from recaug.follow import Follower
    from recaug.producer import Producer

    settings = connect(kafka, None, data_dir)
    now_ms = time.time_ns() // 1_000_000
    fields = compose(event, user, item, term, _object(more), now_ms, uuid.uuid4().hex)
    _check(fields, now_ms, settings)
    topics = settings.topics
    watched = [topics.recommendations.name, topics.dead_letters.name]
    with (
        Follower(settings.broker, watched if wait_s else []) as follower,
        Producer(settings.broker, settings.prefix, linger_ms=0) as producer,
    ):
        placed = producer.send(fields).get(10)
        place = (placed.topic, placed.partition, placed.offset)
        typer.echo("sent  {} {}:{}".format(*place), err=True)
        if wait_s and _is_answered(fields, settings):
            typer.echo(_await(follower, fields, place, wait_s, settings))


def compose(
    event: str,
    user: str,
    item: str | None,
    term: str | None,
    more: dict[str, Any],
    now_ms: int,
    event_id: str,
) -> dict[str, Any]:
    """Return the event: what was said on the command line, put where its kind has it.

    >>> compose("like", "you", "i1", None, {}, 0, "e")["target_id"]
    'i1'
    """
    fields: dict[str, Any] = {
        "event": event,
        "event_id": event_id,
        "timestamp": now_ms,
        "user_id": user,
    }
    if item is not None:
        fields |= _about(event, item)
    if term is not None:
        fields["search_term"] = term
    if event == "purchase":
        fields["transaction_id"] = event_id
    return fields | more


def _about(event: str, item: str) -> dict[str, Any]:
    if event in ("follow", "share", "like", "comment"):
        value = {"value": 1} if event == "like" else {}
        return {"target_type": "item", "target_id": item, **value}
    if event in ("add_to_cart", "remove_from_cart", "purchase", "impression"):
        return {"items": [{"item_id": item}]}
    return {"item_id": item}


def _object(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        found = orjson.loads(sys.stdin.read() if text == "-" else text)
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"not JSON: {error}", param_hint="--json") from error
    if not isinstance(found, dict):
        raise typer.BadParameter("not a JSON object", param_hint="--json")
    return found


def _check(fields: dict[str, Any], now_ms: int, settings: Settings) -> None:
    """Refuse here what the services would refuse, before it is published."""
    from recaug.events import Rejection, parse_event

    try:
        parse_event(orjson.dumps(fields), (), now_ms, max_bytes=settings.max_bytes)
    except Rejection as refused:
        raise Failure(
            f"this {fields['event']} is no event the services take",
            refused.message,
            "recaug send --help   (fields: docs/reference/events.md)",
        ) from refused


def _is_answered(fields: dict[str, Any], settings: Settings) -> bool:
    if fields["event"] in settings.answer:
        return True
    answered = ", ".join(settings.answer)
    typer.echo(f"no recommendation follows {fields['event']}, only {answered}", err=True)
    return False


def _await(
    follower: Follower,
    fields: dict[str, Any],
    place: tuple[str, int, int],
    wait_s: float,
    settings: Settings,
) -> bytes:
    """Return the recommendation made for the event.

    :raises Failure: it was refused, or nothing came in `wait_s` seconds.
    """
    from recaug.events import recommendation_id

    wanted = recommendation_id(fields["event_id"]).encode()
    for record in follower.records(wait_s):
        if record.topic == settings.topics.dead_letters.name:
            _raise_if_refused(record, place)
        elif wanted in (record.value or b""):
            return record.value or b""
    raise Failure(
        f"no recommendation in {wait_s:g} s",
        f"the {fields['event']} is on the topic {place[0]}; the services have not answered it",
        "recaug lag   (who is behind?), or wait longer: --wait 30",
    )


def _raise_if_refused(record: Any, place: tuple[str, int, int]) -> None:
    header = {name: value.decode(errors="replace") for name, value in record.headers}
    found = [header.get(f"__streams.errors.{name}") for name in ("topic", "partition", "offset")]
    if found == [str(part) for part in place]:
        raise Failure(
            f"the event was refused: {header.get('__streams.errors.exception')}",
            header.get("__streams.errors.message", ""),
            "recaug dlq show -n 1",
        )
