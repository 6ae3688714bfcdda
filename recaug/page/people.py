"""Who else is in the shop: a few people one can follow, and what each looked at last."""

from __future__ import annotations

from dataclasses import dataclass

#: People shown at once.
SEATS = 6
#: Who did nothing for so long gives their seat to somebody else, ms.
QUIET_MS = 45_000


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    item_id: str
    at_ms: int


class People:
    """Seats that are kept: a button must not be somebody else's when it is reached."""

    def __init__(self) -> None:
        self._seats: list[Person] = []

    def note(self, user: str, item_id: str, at_ms: int) -> None:
        """`user` meant this item just now."""
        person = Person(user, item_id, at_ms)
        for place, seated in enumerate(self._seats):
            if seated.id == user:
                self._seats[place] = person
                return
        if len(self._seats) < SEATS:
            self._seats.append(person)
            return
        place = min(range(SEATS), key=lambda at: self._seats[at].at_ms)
        if at_ms - self._seats[place].at_ms > QUIET_MS:
            self._seats[place] = person

    def forget(self, user: str) -> None:
        self._seats = [person for person in self._seats if person.id != user]

    def seated(self) -> list[Person]:
        return list(self._seats)
