"""Every fault is refused for the reason it names; good events do not depend on bad ones."""

from collections import Counter

import pytest

from recaug.events import Rejection, parse_event
from recaug.simulate import Message, Spoiler, World, spoiled
from recaug.simulate.spoil import DUPLICATE, FAULTS

AT_MS = 1_764_000_000_000


def messages(share: float, count: int) -> list[Message]:
    world, spoiler = World(3, users=60, items=100), Spoiler(3, share)
    return [
        spoiler.bad() if spoiler.due() else spoiler.good(world.event(AT_MS)) for _ in range(count)
    ]


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_refused_for_the_reason_it_names(fault: str) -> None:
    world = World(3, users=60, items=100)
    for n in range(300):
        event = world.event(AT_MS)
        bad = spoiled(event, fault, f"bad-{n}")
        with pytest.raises(Rejection) as refused:
            parse_event(bad.value, [], AT_MS)
        assert refused.value.reason == fault
        assert bad.key == (event.get("user_id") or event["anonymous_id"])


def test_a_duplicate_is_the_same_bytes_again() -> None:
    sent = messages(0.3, 3_000)
    good = {message.value for message in sent if not message.fault}
    resent = [message for message in sent if message.fault == DUPLICATE]
    assert resent
    assert all(message.value in good for message in resent)


def test_the_share_is_held_and_every_fault_occurs() -> None:
    faults = Counter(message.fault for message in messages(0.2, 5_000))
    assert 900 < 5_000 - faults.pop("") < 1_100
    assert set(faults) == {*FAULTS, DUPLICATE}


def test_good_events_are_the_same_at_any_share() -> None:
    clean = list(messages(0.0, 1_000))
    mixed = [message for message in messages(0.2, 1_000) if not message.fault]
    assert clean[: len(mixed)] == mixed
