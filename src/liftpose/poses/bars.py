"""How many spreads wide an error bar has to be, to hold the truth with some probability."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

import numpy as np

LEVELS = (*(round(0.05 * step, 2) for step in range(1, 20)), 0.975, 0.99)
"""Probabilities for which that is known; between them it is interpolated."""

BLOCK = 25
"""Frames of a recording that are counted as one block: neighbours are nearly the same pose."""


@dataclass(frozen=True)
class Bars:
    """Widths of error bars in spreads, measured on frames that were not learned from.

    Parameters
    ----------
    interval : tuple of float, one for each of `LEVELS`
        Half the width of the interval of one coordinate, in its standard deviations.
    ball : tuple of float, one for each of `LEVELS`
        Radius of the ball about a joint, in the root of the sum of its variances.
    blocks : int
        How many independent blocks they were measured on. Of `n` of them, the largest error lies
        where one in `n + 1` more would be beyond it: no higher level than ``n / (n + 1)`` is
        known.

    Examples
    --------
    >>> widths = tuple(2 * level for level in LEVELS)
    >>> bars = Bars(widths, widths, blocks=40)
    >>> round(bars.of_interval(0.9), 6), round(bars.of_ball(0.5), 6), bars.highest
    (1.8, 1.0, 0.975)
    """

    interval: tuple[float, ...]
    ball: tuple[float, ...]
    blocks: int

    @property
    def highest(self) -> float:
        """The highest of `LEVELS` that so many blocks tell of; zero where they tell of none."""
        return max((level for level in LEVELS if self.blocks >= blocks_for(level)), default=0.0)

    def of_interval(self, level: float) -> float:
        """Half the width of the interval of a coordinate.

        Parameters
        ----------
        level : float
            Probability to hold the truth.

        Returns
        -------
        float
            In standard deviations.

        Raises
        ------
        ValueError
            A level outside of `LEVELS`, or one for which there were too few blocks.
        """
        return self._at(level, self.interval)

    def of_ball(self, level: float) -> float:
        """Radius of the ball about a joint; see `of_interval`."""
        return self._at(level, self.ball)

    def _at(self, level: float, widths: tuple[float, ...]) -> float:
        if not LEVELS[0] <= level <= LEVELS[-1]:
            raise ValueError(
                f"level is {level}; expected a probability from {LEVELS[0]} to {LEVELS[-1]}, for "
                "which error bars are measured."
            )
        if self.blocks < blocks_for(level):
            raise ValueError(
                f"error bars of level {level} need {blocks_for(level)} blocks to be measured on, "
                f"and there were {self.blocks}: ask for {self.highest} at most, or calibrate on "
                f"more frames ({BLOCK} of a recording are a block) with liftpose.recalibrate."
            )
        return float(np.interp(level, LEVELS, widths))

    def to_text(self) -> str:
        """Give it as JSON, for a file."""
        return json.dumps({"levels": LEVELS, **asdict(self)})

    @classmethod
    def from_text(cls, text: str) -> Bars:
        """Read what `to_text` gave.

        Raises
        ------
        ValueError
            Something else.
        """
        try:
            said = json.loads(text)
            if tuple(said["levels"]) != LEVELS:
                raise ValueError("other levels")
            interval, ball = (tuple(map(float, said[name])) for name in ("interval", "ball"))
            return cls(interval, ball, int(said["blocks"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the error bars in it make no sense: {error}") from error


def blocks_for(level: float) -> int:
    """Give how many blocks it takes at least to measure error bars of some level.

    Parameters
    ----------
    level : float
        Below 1.

    Returns
    -------
    int

    Examples
    --------
    >>> blocks_for(0.5), blocks_for(0.9), blocks_for(0.99)
    (1, 9, 99)
    """
    return math.ceil(round(level / (1 - level), 6))
