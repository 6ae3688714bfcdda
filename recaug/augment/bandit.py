"""Which augmenters the next fine-tune uses, by what the ones before gained.

Every other fine-tune has the mix as it is; those between have one augmenter toggled: on where it is
off, off where it is on. Gains of both kinds are compared once there are enough of each, and what
the toggle gains or costs beyond chance settles it (successive elimination, Even-Dar et al. 2006).
One that hurts is thereby off. What cannot be told apart for long stays as it is.

A gain is what the gate found: the challenger against its champion on the newest slice, as a share.
Two slices are alike in that, though not in how hard they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from recaug.augment.mix import Mix
from recaug.augment.registry import AUGMENTERS, Place

#: Rounds of each kind before anything is settled, and after which a toggle is given up.
LEAST, MOST = 5, 20
#: Standard errors that a difference has to have: there are many toggles, and many looks.
BEYOND = 3.0
#: A gain or loss beyond this says no more than this.
LARGEST = 0.5
#: What an old round counts of a newer one: tastes move, and models with them.
KEPT = 0.98
#: What a fine-tune can toggle: views. The others cost a tenth of the quality in as little time as a
#: fine-tune has (docs/augmentation.md), which nobody should be served for the sake of a trial; and
#: wordings of texts are made where titles are.
TOGGLES = tuple(name for name, one in AUGMENTERS.items() if one.place is Place.VIEW)


@dataclass(frozen=True, slots=True)
class Tally:
    """Rounds, older ones counting less, with the mean and the summed squares of their gains."""

    rounds: float = 0.0
    mean: float = 0.0
    squares: float = 0.0  # of deviations from the mean

    def and_(self, gain: float) -> Tally:
        rounds, squares = KEPT * self.rounds + 1, KEPT * self.squares
        mean = self.mean + (gain - self.mean) / rounds
        return Tally(rounds, mean, squares + (gain - self.mean) * (gain - mean))

    @property
    def error(self) -> float:
        """Of the mean, squared; at least two rounds."""
        return self.squares / (self.rounds - 1) / self.rounds

    def plain(self) -> list[float]:
        return [round(self.rounds, 4), round(self.mean, 6), round(self.squares, 8)]


@dataclass(frozen=True, slots=True)
class Bandit:
    """What is known so far; `plain` and `read` carry it from one fine-tune to the next."""

    mix: Mix
    turn: int = 0
    as_it_is: Tally = Tally()
    toggled: Mapping[str, Tally] = field(default_factory=dict)
    settled: tuple[str, ...] = ()
    told: str = ""  # what was settled last, in words

    def choose(self) -> tuple[Mix, str | None]:
        """The mix to use, and what is toggled in it; None every other time."""
        if self.turn % 2 == 0:
            return self.mix, None
        left = [name for name in TOGGLES if name not in self.settled]
        name = min(left, key=lambda one: self._tally(one).rounds)
        return self.mix.toggled(name), name

    def learned(self, name: str | None, gain: float) -> Bandit:
        """After a fine-tune that `choose` was followed for."""
        gain, turn = max(-LARGEST, min(LARGEST, gain)), self.turn + 1
        if name is None:
            return replace(self, turn=turn, as_it_is=self.as_it_is.and_(gain))
        tally = self._tally(name).and_(gain)
        after = replace(self, turn=turn, toggled={**self.toggled, name: tally})
        return after._settle(name, tally)

    def _tally(self, name: str) -> Tally:
        return self.toggled.get(name, Tally())

    def _settle(self, name: str, tally: Tally) -> Bandit:
        least = LEAST - 0.5  # old rounds count a little less than one
        if min(tally.rounds, self.as_it_is.rounds) < least:
            return self
        gap = tally.mean - self.as_it_is.mean
        doubt = BEYOND * math.sqrt(tally.error + self.as_it_is.error)
        if gap > doubt:
            return self._moved(name, tally, gap)
        if gap < -doubt:
            stays = "on" if self.mix.share(name) else "off"
            return self._closed(name, f"{name} stays {stays}: else {_share(gap)}")
        if tally.rounds >= _counted(MOST):
            return self._closed(name, f"{name} makes no difference: {_share(gap)}")
        return self

    def _moved(self, name: str, tally: Tally, gap: float) -> Bandit:
        """The toggle is what is from now on, and its rounds are what others are compared with."""
        moved = self._closed(name, "")
        now = "off" if self.mix.share(name) else "on"
        return replace(moved, mix=self.mix.toggled(name), as_it_is=tally,
                       told=f"{name} is turned {now}: {_share(gap)}")  # fmt: skip

    def _closed(self, name: str, told: str) -> Bandit:
        """When all are settled, all begin anew."""
        rest = {other: tally for other, tally in self.toggled.items() if other != name}
        settled = (*self.settled, name)
        if len(settled) == len(TOGGLES):
            settled = ()
        return replace(self, toggled=rest, settled=settled, told=told)

    def plain(self) -> dict[str, Any]:
        """Plain data for a record."""
        return {
            "mix": self.mix.plain(), "turn": self.turn, "as_it_is": self.as_it_is.plain(),
            "toggled": {name: tally.plain() for name, tally in self.toggled.items()},
            "settled": list(self.settled), "told": self.told,
        }  # fmt: skip

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Bandit:
        """What `plain` gave. Raises ValueError where it is not that, or names what is no more."""
        try:
            toggled = {name: Tally(*map(float, at)) for name, at in told["toggled"].items()}
            settled = tuple(told["settled"])
            if strange := {*toggled, *settled} - set(TOGGLES):
                raise ValueError(f"nothing is called {', '.join(sorted(strange))}")
            mix, as_it_is = Mix.of(told["mix"]), Tally(*map(float, told["as_it_is"]))
            return cls(mix, int(told["turn"]), as_it_is, toggled, settled, str(told["told"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is no state of a bandit: {error}") from error


def off(mix: Mix) -> Sequence[str]:
    """What is not in a mix and could be."""
    return [name for name in TOGGLES if not mix.share(name)]


def _counted(rounds: int) -> float:
    """So many rounds with the older ones counting less, but for half a one."""
    return (1 - KEPT**rounds) / (1 - KEPT) - 0.5


def _share(gap: float) -> str:
    return f"{gap:+.1%} a fine-tune"
