"""Where the feet of a walking animal are, seen from its body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liftpose.datasets.anatomical.plan import Plan
from liftpose.datasets.simulated.motion import FRAMES_PER_SECOND, Floats


@dataclass(frozen=True, eq=False)
class Steps:
    """Feet of a walking animal, from where they are when it stands.

    Parameters
    ----------
    along : array, shape (N, F)
        Ahead, as a share of the stride that the feet make on the ground: from 0.5 where a foot
        comes down to -0.5 where it leaves.
    above : array, shape (N, F)
        Above the ground, as a share of the highest.
    cycle : array, shape (N,), radians
        Of the first foot.
    """

    along: Floats
    above: Floats
    cycle: Floats


def steps(plan: Plan, lags: Floats, rng: np.random.Generator) -> Steps:
    """Let feet step.

    A foot is carried back along with the ground for the share of its cycle that is called duty
    factor, and brought forward through the air in the rest.

    Parameters
    ----------
    plan : Plan
        With ``rate`` (strides a second) and ``duty``.
    lags : array, shape (N, F), strides
        By how much each foot is ahead of the first.
    rng : Generator
        Of the phase at the start.

    Returns
    -------
    Steps

    References
    ----------
    M. Hildebrand, "The quadrupedal gaits of vertebrates", BioScience 39 (1989) 766-775.
    """
    phase = rng.uniform() + np.cumsum(np.clip(plan["rate"], 0, None)) / FRAMES_PER_SECOND
    duty = np.clip(plan["duty"], 0.3, 0.9)[:, None]
    share = (phase[:, None] + lags) % 1
    stands = 0.5 - share / duty
    swing = np.clip((share - duty) / (1 - duty), 0, 1)
    flies = -0.5 * np.cos(np.pi * swing)
    along = np.where(share < duty, stands, flies)
    above = np.where(share < duty, 0.0, np.sin(np.pi * swing) ** 2)
    return Steps(along, above, 2 * np.pi * phase)
