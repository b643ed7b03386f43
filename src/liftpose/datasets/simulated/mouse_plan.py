"""What a simulated mouse does, and when: where it sits, and where its hands go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liftpose.datasets.simulated.motion import Floats, smooth_step

# Where a hand can be: on the ledge, before the chest, at the food with open or with closed
# fingers, at the mouth, on the face.
STATES = ("rest", "lift", "food", "grasp", "mouth", "groom")
_REST, _LIFT, _FOOD, _GRASP, _MOUTH, _GROOM = range(len(STATES))
# How far a hand is from the usual place, in mm: standard deviation ahead, aside and up.
_SCATTER = np.array(
    [[1.2, 1.0, 0.0], [2.0, 1.5, 2.0], [3.0, 5.0, 4.0], [0.5, 0.5, 0.5], [0.5, 0.4, 0.5], [1, 1, 1]]
)
_BOTH = (0, 1)


@dataclass(frozen=True)
class Habits:
    """How one individual behaves.

    Parameters
    ----------
    hand : int
        The one it prefers to reach with: 0 left, 1 right.
    handed : float
        Share of the reaches with that hand.
    skill : float
        Share of the reaches that get the food.
    slowness : float
        Of its hands, 1 on average.
    grooms, turns : float
        Shares of the things that it does between rests.
    rests : float, seconds
        How long it waits between two things, on average.
    """

    hand: int
    handed: float
    skill: float
    slowness: float
    grooms: float
    turns: float
    rests: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Habits:
        """Draw an individual's habits."""
        return cls(
            hand=int(rng.integers(2)),
            handed=float(rng.uniform(0.6, 0.95)),
            skill=float(rng.uniform(0.4, 0.8)),
            slowness=float(np.exp(rng.normal(0, 0.15))),
            grooms=float(rng.uniform(0.15, 0.3)),
            turns=float(rng.uniform(0.15, 0.25)),
            rests=float(rng.uniform(0.4, 0.9)),
        )


@dataclass(frozen=True, eq=False)
class Script:
    """Where one hand is at certain times; in between, it goes there with the least jerk.

    Parameters
    ----------
    times : array, shape (K,), seconds
        In order.
    states : array of int, shape (K,)
        Of `STATES`.
    offsets : array, shape (K, 3), mm
        From the usual place of that state.
    """

    times: Floats
    states: npt.NDArray[np.intp]
    offsets: Floats

    def blend(self, time: Floats, by_state: Floats) -> Floats:
        """What each state says (S, ...), at times (N,), mixed while a hand is on its way."""
        knot, share = _between(self.times, time)
        share = share.reshape(-1, *(1 for _ in by_state.shape[1:]))
        before, after = by_state[self.states[knot]], by_state[self.states[knot + 1]]
        return np.asarray(before + share * (after - before))

    def travel(self, time: Floats, places: Floats, size: float) -> Floats:
        """Where the hand is (N, 3), given the place of each state (S, N, 3) at times (N,)."""
        knot, share = _between(self.times, time)
        frame = np.arange(len(time))
        before, after = (
            places[self.states[k], frame] + size * self.offsets[k] for k in (knot, knot + 1)
        )
        return np.asarray(before + share[:, None] * (after - before))


@dataclass(frozen=True, eq=False)
class Plan:
    """What the animal does.

    Parameters
    ----------
    hands : tuple of two Script
        Left and right.
    seat_times : array, shape (K,), seconds
        When it begins or ends to turn about.
    seats : array, shape (K, 3)
        Its heading in radians, and its place on the ground in mm, at those times.
    """

    hands: tuple[Script, Script]
    seat_times: Floats
    seats: Floats

    @classmethod
    def draw(cls, duration: float, habits: Habits, rng: np.random.Generator) -> Plan:
        """Draw what an animal does in so many seconds."""
        writer = _Writer(habits, rng)
        while writer.now < duration:
            writer.wait(0.1 + rng.exponential(habits.rests))
            whim = rng.random()
            if whim < habits.grooms:
                writer.groom()
            elif whim < habits.grooms + habits.turns:
                writer.turn()
            else:
                writer.reach()
        writer.wait(1.0)
        return writer.plan()

    def seat(self, time: Floats) -> tuple[Floats, Floats]:
        """Heading (N,) and place on the ground (N, 2) at times (N,)."""
        knot, share = _between(self.seat_times, time)
        seat = self.seats[knot] + share[:, None] * (self.seats[knot + 1] - self.seats[knot])
        return seat[:, 0], seat[:, 1:]


class _Writer:
    """Writes a plan, one thing after the other."""

    def __init__(self, habits: Habits, rng: np.random.Generator) -> None:
        self.habits, self.rng = habits, rng
        # The recording begins at time 0, in the midst of whatever it does.
        self.now = -float(rng.uniform(1, 6))
        self.hands: tuple[list[tuple[float, int, Floats]], ...] = ([], [])
        for hand in _BOTH:
            self._arrive(hand, _REST)
        self.seats = [(self.now, self._seat())]

    def plan(self) -> Plan:
        scripts = (Script(*(np.array(v) for v in zip(*h, strict=True))) for h in self.hands)
        left, right = scripts
        times, seats = zip(*self.seats, (self.now, self.seats[-1][1]), strict=True)
        return Plan((left, right), np.array(times), np.array(seats))

    def wait(self, seconds: float) -> None:
        """Keep both hands where they are."""
        self.now += seconds
        self._stay(_BOTH)

    def go(self, hands: tuple[int, ...], state: int, least: float, most: float) -> None:
        """Bring hands somewhere within so many seconds, while the other stays."""
        self._stay(_BOTH)
        self.now += float(self.rng.uniform(least, most)) * self.habits.slowness
        self._stay(tuple(hand for hand in _BOTH if hand not in hands))
        for hand in hands:
            self._arrive(hand, state)

    def groom(self) -> None:
        self.go(_BOTH, _GROOM, 0.2, 0.35)
        self.wait(float(self.rng.uniform(1.0, 3.5)))
        self.go(_BOTH, _REST, 0.2, 0.35)

    def turn(self) -> None:
        self.go(_BOTH, _LIFT, 0.15, 0.25)
        self.seats.append((self.now, self.seats[-1][1]))
        self.wait(float(self.rng.uniform(0.4, 0.9)))
        self.seats.append((self.now, self._seat()))
        self.go(_BOTH, _REST, 0.15, 0.3)

    def reach(self) -> None:
        prefers = self.rng.random() < self.habits.handed
        hand = (self.habits.hand if prefers else 1 - self.habits.hand,)
        got = False
        for _ in range(int(self.rng.integers(1, 4))):
            self.go(hand, _LIFT, 0.12, 0.2)
            self.go(hand, _FOOD, 0.15, 0.3)
            self.go(hand, _GRASP, 0.07, 0.12)
            got = bool(self.rng.random() < self.habits.skill)
            if got:
                break
        if got:
            self.go(_BOTH, _MOUTH, 0.25, 0.4)
            self.wait(float(self.rng.uniform(0.5, 2.5)))
            self.go(_BOTH, _REST, 0.25, 0.4)
        else:
            self.go(hand, _REST, 0.2, 0.35)

    def _arrive(self, hand: int, state: int) -> None:
        offset = self.rng.normal(0, _SCATTER[state])
        if state == _GRASP:
            # Fingers close where the hand is.
            offset += self.hands[hand][-1][2]
        self.hands[hand].append((self.now, state, offset))

    def _stay(self, hands: tuple[int, ...]) -> None:
        for hand in hands:
            _, state, offset = self.hands[hand][-1]
            self.hands[hand].append((self.now, state, offset))

    def _seat(self) -> Floats:
        return self.rng.normal(0, [np.radians(28), 4.0, 4.0])


def _between(times: Floats, time: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
    """The knot before each time (N,), and how far the way to the next one is gone."""
    knot = np.clip(np.searchsorted(times, time, side="right") - 1, 0, len(times) - 2)
    span = times[knot + 1] - times[knot]
    share = np.divide(time - times[knot], span, out=np.ones_like(time), where=span > 0)
    return knot, smooth_step(share)
