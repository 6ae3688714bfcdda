"""`recaug audit`: the table, the exit code, and where to look."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from recaug.kafka import ensure_topics, producer
from tests.recaug.audit.hand import Hand
from tests.recaug.cli.shell import Shell


@pytest.fixture
def hand(shell: Shell) -> Iterator[Hand]:
    ensure_topics(shell.settings)
    client = producer(shell.settings.kafka, linger_ms=0)
    yield Hand(shell.settings, client)
    client.close()


def answered(hand: Hand, event_id: str) -> None:
    hand.accept(event_id, hand.publish(event_id))
    hand.answer(event_id)


def test_all_is_well(shell: Shell, hand: Hand) -> None:
    answered(hand, "e1")
    hand.reject(hand.raw(b"{"), "bad_json", b"{")
    done = shell.run("audit", "--drained")
    assert done.code == 0
    rows = [line.split() for line in done.out.splitlines()]
    events = ["inputs", "2"], ["accepted", "1"], ["rejected", "1"], ["bad_json", "1"]
    answers = ["expected", "1"], ["answered", "1"], ["doubled", "0"]
    assert all(row in rows for row in (*events, *answers))
    assert "✓ 0 missing, 0 doubled: every promise was kept" in done.out


def test_what_is_wrong_is_named_with_what_to_type(shell: Shell, hand: Hand) -> None:
    lost = [hand.publish(f"lost {n}") for n in range(7)]
    answered(hand, "e1")
    done = shell.run("audit", "--drained")
    assert done.code == 1
    told = done.out[done.out.index("✕ 7 input records") :].splitlines()
    assert [line.strip() for line in told[1:6]] == lost[:5]
    assert told[6].strip() == "… and 2 more"
    assert told[7].strip().startswith("→ recaug lag --service clean")
    assert told[8] == "✕ 7 missing, 0 doubled"


def test_json_says_the_same(shell: Shell, hand: Hand) -> None:
    lost = hand.publish("lost")
    done = shell.run("audit", "--drained", "-f", "json")
    report = json.loads(done.out)
    assert (done.code, report["missing"], report["doubled"]) == (1, 1, 0)
    assert report["events"]["published"] == report["events"]["missing"] == 1
    [problem] = report["problems"]
    assert (problem["check"], problem["count"], problem["examples"]) == ("missing_input", 1, [lost])
    assert report["audit_s"] > 0


def test_since_leaves_out_what_was_before(shell: Shell, hand: Hand) -> None:
    hand.publish("lost")
    assert shell.run("audit", "--drained", "--since", "1d").code == 1
    report = json.loads(shell.run("audit", "--drained", "--since", "0s", "-f", "json").out)
    assert report["events"]["published"] == report["missing"] == 0
    assert shell.run("audit", "--since", "yesterday").code == 64


def test_nothing_to_audit_is_said(shell: Shell) -> None:
    done = shell.run("audit")
    assert done.code == 2
    assert "there is nothing to audit" in done.err
