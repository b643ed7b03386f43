"""What an animal does, one thing after the other, and how its posture changes with that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liftpose.datasets.simulated.motion import FRAMES_PER_SECOND, Floats, smooth_step, wander

_CHANGE = (0.25, 0.6)  # seconds from one posture to the next


@dataclass(frozen=True)
class Vary:
    """A number that differs from bout to bout, and wanders within one.

    Parameters
    ----------
    mean : float
    between : float
        Standard deviation of a bout's mean.
    within : float
        Standard deviation about that, over the seconds of `Plan`.
    """

    mean: float
    between: float = 0.0
    within: float = 0.0


@dataclass(frozen=True)
class Behaviour:
    """Something that an animal does for a while.

    Parameters
    ----------
    share : float
        Of the bouts, up to a common factor.
    seconds : tuple of two float
        Least and longest duration of a bout.
    posture : mapping of str to Vary
        What differs from the neutral posture of the species.
    """

    share: float
    seconds: tuple[float, float]
    posture: Mapping[str, Vary]


@dataclass(frozen=True, eq=False)
class Plan:
    """What an animal does in N frames.

    Parameters
    ----------
    values : dict of str to array, shape (N,)
        Every number of the posture, changing smoothly.
    names : tuple of str
        The behaviours.
    doing : array of int, shape (N,)
        Which of them.
    """

    values: Mapping[str, Floats]
    names: tuple[str, ...]
    doing: npt.NDArray[np.intp]

    def __getitem__(self, name: str) -> Floats:
        return self.values[name]

    @classmethod
    def draw(
        cls,
        neutral: Mapping[str, Vary],
        behaviours: Mapping[str, Behaviour],
        seconds: float,
        frames: int,
        rng: np.random.Generator,
    ) -> Plan:
        """Draw a plan.

        Parameters
        ----------
        neutral : mapping of str to Vary
            Numbers of the posture, where a behaviour says nothing else.
        behaviours : mapping of str to Behaviour
        seconds : float
            Over which numbers wander within a bout.
        frames : int
        rng : Generator

        Returns
        -------
        Plan
        """
        names = tuple(behaviours)
        starts, which = _bouts(behaviours, frames, rng)
        time = np.arange(frames) / FRAMES_PER_SECOND
        doing = which[np.searchsorted(starts, time, side="right") - 1]
        ramps = rng.uniform(*_CHANGE, len(starts))
        values = {}
        for name, usual in neutral.items():
            varies = [behaviours[names[kind]].posture.get(name, usual) for kind in which]
            means = np.array([rng.normal(one.mean, one.between) for one in varies])
            spreads = np.array([float(one.within) for one in varies])
            level = _steps(time, starts, ramps, means)
            if spreads.any():
                noise = wander(rng, frames, seconds)
                level = level + _steps(time, starts, ramps, spreads) * noise
            values[name] = level
        return cls(values, names, doing)


def _bouts(
    behaviours: Mapping[str, Behaviour], frames: int, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """When each bout starts (K,), in seconds, the first before 0; and what it is (K,)."""
    shares = np.array([behaviour.share for behaviour in behaviours.values()])
    ranges = [behaviour.seconds for behaviour in behaviours.values()]
    starts, which, now = [], [], -float(rng.uniform(0, 1))
    while now < frames / FRAMES_PER_SECOND:
        kind = int(rng.choice(len(shares), p=shares / shares.sum()))
        starts.append(now)
        which.append(kind)
        now += float(rng.uniform(*ranges[kind]))
    return np.array(starts), np.array(which)


def _steps(time: Floats, starts: Floats, ramps: Floats, levels: Floats) -> Floats:
    """Go from level to level, with the least jerk, after each start (N,)."""
    found = np.full(len(time), levels[0])
    for start, ramp, before, after in zip(
        starts[1:], ramps[1:], levels[:-1], levels[1:], strict=True
    ):
        first = np.searchsorted(time, start)
        share = smooth_step((time[first:] - start) / ramp)
        found[first:] += share * (after - before)
    return found
