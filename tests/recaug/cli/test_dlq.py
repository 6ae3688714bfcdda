"""`recaug dlq show`: the newest, by reason, with their bytes."""

from __future__ import annotations

import pytest

from recaug.events import Reason, Rejection, dead_letter, dead_letter_headers
from recaug.kafka import ensure_topics, producer
from tests.recaug.cli.shell import Shell


@pytest.fixture
def letters(shell: Shell) -> Shell:
    """Six dead letters, one a partition in turn: b0 … b3 are no JSON, f4 and f5 were floods."""
    ensure_topics(shell.settings)
    client = producer(shell.settings.kafka, linger_ms=0)
    for number in range(6):
        reason = Reason.BAD_JSON if number < 4 else Reason.USER_FLOOD
        headers = dead_letter_headers(
            Rejection(reason, f"mend {number}"), "clickstream", 1, number, ()
        )
        client.send(
            shell.settings.topics.dead_letters.name,
            key=f"u{number}".encode(),
            value=b"\xff{" + str(number).encode(),
            headers=headers,
            partition=number % 2,
        ).get(10)
    client.close()
    return shell


def test_the_newest_are_shown_last_across_partitions(letters: Shell) -> None:
    done = letters.run("dlq", "show", "-n", "3", "-f", "json")
    assert [letter["message"] for letter in done.lines()] == ["mend 3", "mend 4", "mend 5"]
    assert "3 of 6 dead letters  bad_json 4, user_flood 2" in done.err


def test_one_reason_alone(letters: Shell) -> None:
    done = letters.run("dlq", "show", "--reason", "bad_json", "-n", "2", "-f", "json")
    assert [letter["key"] for letter in done.lines()] == ["u2", "u3"]
    first = done.lines()[0]
    assert (first["topic"], first["partition"], first["offset"]) == ("clickstream", "1", "2")
    assert first["value"] == "\ufffd{2"


def test_text_says_reason_place_and_mend(letters: Shell) -> None:
    done = letters.run("dlq", "show", "-n", "1")
    assert "user_flood  clickstream 1:5  key u5" in done.out
    assert "mend 5" in done.out


def test_what_was_too_large_to_keep_is_said(shell: Shell) -> None:
    ensure_topics(shell.settings)
    large = b"x" * 2_000_000
    letter = dead_letter(Rejection(Reason.TOO_LARGE, "cut it"), ("t", 0, 1), b"u", large, ())
    client = producer(shell.settings.kafka)
    topic = shell.settings.topics.dead_letters.name
    client.send(topic, key=letter.key, value=letter.value, headers=[*letter.headers]).get(10)
    client.close()
    assert "not kept: bytes=2000000 sha256=" in shell.run("dlq", "show").out


def test_none_is_no_error(shell: Shell) -> None:
    ensure_topics(shell.settings)
    done = shell.run("dlq", "show")
    assert (done.code, done.out, done.err.strip()) == (0, "", "0 of 0 dead letters")
