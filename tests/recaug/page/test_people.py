"""Seats are kept, so that a button stays whose it is."""

from __future__ import annotations

from recaug.page.people import QUIET_MS, SEATS, People, Person


def full() -> People:
    """People u0, u1, …, each of whom touched an item at their own number, ms."""
    people = People()
    for number in range(SEATS):
        people.note(f"u{number}", "a", number)
    return people


def ids(people: People) -> list[str]:
    return [person.id for person in people.seated()]


def test_a_person_keeps_their_seat_and_shows_their_newest_item() -> None:
    people = full()
    people.note("u1", "b", 50)
    assert ids(people) == [f"u{number}" for number in range(SEATS)]
    assert people.seated()[1] == Person("u1", "b", 50)


def test_nobody_is_unseated_who_was_there_a_moment_ago() -> None:
    people = full()
    people.note("new", "b", QUIET_MS)
    assert "new" not in ids(people)


def test_who_was_quiet_for_longest_makes_room() -> None:
    people = full()
    people.note("u0", "b", 100)
    people.note("new", "b", QUIET_MS + 2)
    assert ids(people) == ["u0", "new", *[f"u{number}" for number in range(2, SEATS)]]


def test_an_erased_person_leaves() -> None:
    people = full()
    people.forget("u2")
    assert "u2" not in ids(people)
    assert len(ids(people)) == SEATS - 1
