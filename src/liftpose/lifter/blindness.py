"""What is said of 2D in which nothing is seen, and of joints that never move."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from liftpose.lifter.completion import CHUNK, FEWEST
from liftpose.poses import Lifted, Poses
from liftpose.poses.given import place
from liftpose.skeleton import Skeleton

log = logging.getLogger("liftpose")

ROUNDING = 1e-6
"""What a number that stays the same may change by, as a share of the greatest there is."""

STILL = 10
"""Frames from which on a joint that never moves is spoken of."""


STRETCH = 5
"""Frames of an experiment from which on it is spoken of that none could be lifted."""


@dataclass
class Seen:
    """What there was to see of some frames, as they are gone through.

    Parameters
    ----------
    least : float
        Confidence below which a joint counts as not seen.
    points : int
        Joints with coordinates, of all frames.
    best : float, optional
        Greatest confidence of one of them; None where there is none.
    """

    least: float
    points: int = 0
    best: float | None = None

    def add(self, poses_2d: Poses) -> None:
        """Count some frames, as they were given."""
        known = np.isfinite(poses_2d.points).all(2)
        self.points += int(known.sum())
        if poses_2d.confidence is None:
            return
        sure = poses_2d.confidence[known]
        sure = sure[np.isfinite(sure)]
        if len(sure):
            best = float(sure.max())
            self.best = best if self.best is None else max(best, self.best)

    @property
    def why(self) -> str:
        """Why nothing counts as seen, and what to do about it."""
        if not self.points:
            return "every joint is NaN. Look at the 2D, and at how it was read."
        if self.best is not None and self.best < self.least:
            return (
                f"the confidence of every joint is below min_confidence, {self.least:g} (at most "
                f"{self.best:g}), so that none counts as seen. Give no confidence, or NaN, where "
                "the tracker has none; or lower min_confidence of the lifter."
            )
        return f"fewer than {FEWEST} joints were seen in each. Look at the 2D."


def check_any_sure(poses_2d: Poses, least: float, name: str = "poses_2d") -> None:
    """Check that the confidence leaves something of each experiment to learn from.

    Parameters
    ----------
    poses_2d : Poses
        As they were given.
    least : float
        Confidence below which a joint counts as not seen.
    name : str
        What errors call them.

    Raises
    ------
    ValueError
        An experiment all joints of which are below that.

    Examples
    --------
    >>> poses = Poses.from_experiments(np.zeros((4, 3, 2)), confidence=np.full((4, 3), 0.05))
    >>> check_any_sure(poses, 0.01)
    """
    if poses_2d.confidence is None:
        return
    for key in poses_2d.keys:
        seen = Seen(least)
        seen.add(poses_2d.only(key))
        if seen.best is not None and seen.best < least:
            raise ValueError(f"{place(name, key)}: {seen.why}")


def warn_of_blind(poses_2d: Poses, lifted: Lifted, least: float, name: str) -> None:
    """Warn of experiments of which no frame could be lifted.

    Parameters
    ----------
    poses_2d : Poses
        As they were given.
    lifted : Lifted
        What came of them.
    least : float
        Confidence below which a joint counted as not seen.
    name : str
        What the 2D is called.

    Warns
    -----
    UserWarning
        Once for each experiment of `STRETCH` frames and more, with what to look at.

    Examples
    --------
    >>> poses = Poses.from_experiments(np.zeros((4, 3, 2)))
    >>> lifted = Lifted(np.zeros((4, 3, 3)), np.zeros((4, 3, 3)), ("",), (4,))
    >>> warn_of_blind(poses, lifted, 0.1, "poses_2d")
    """
    start = 0
    for key, frames in zip(lifted.keys, lifted.lengths, strict=True):
        # Frames that come one by one are gaps; whoever lifts them so does not want to hear of each.
        if frames >= STRETCH and not _any_known(lifted.position[start : start + frames]):
            seen = Seen(least)
            seen.add(poses_2d.only(key))
            say_blind(place(name, key), frames, seen)
        start += frames


def _any_known(position: np.ndarray) -> bool:
    """Whether any number is known; as a rule one of the first, and no more is looked at."""
    firsts = range(0, len(position), CHUNK)
    return any(bool(np.isfinite(position[first : first + CHUNK]).any()) for first in firsts)


def say_blind(where: str, frames: int, seen: Seen) -> None:
    """Warn that no frame could be lifted.

    Parameters
    ----------
    where : str
        File or experiment.
    frames : int
        How many there are.
    seen : Seen
        What there was to see.

    Warns
    -----
    UserWarning
        With what to look at.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     say_blind("walk.csv", 40, Seen(0.1, points=0))
    >>> "walk.csv: none of 40 frames could be lifted" in str(said[0].message)
    True
    """
    warnings.warn(
        f"{where}: none of {frames} frames could be lifted, and all are NaN: {seen.why}",
        stacklevel=4,
    )


def say_what_never_moves(poses_2d: Poses, poses_3d: Poses, skeleton: Skeleton) -> None:
    """Log which targets stand still in all training frames.

    Parameters
    ----------
    poses_2d, poses_3d : Poses
        Of the same frames.
    skeleton : Skeleton
        Names, roots and targets.
    """
    sets, names = skeleton.sets, skeleton.joints
    targets, anchors = list(sets.targets), list(sets.anchors)
    flat = _still(poses_2d.points[:, targets], _size(poses_2d))
    if flat.any():
        log.warning(
            "%s of the 2D %s at one pixel in all training frames, and %s nothing. Where this is "
            "how the tracker says that it did not see a joint, give NaN there.",
            *_listed(names, np.array(targets)[flat]),
        )
    deep = _still(poses_3d.points[:, targets] - poses_3d.given[:, anchors], _size(poses_3d))
    if deep.any():
        log.warning(
            "%s of the 3D %s at one place relative to the root in all training frames, and %s "
            "nothing to learn. Where this stands for a joint that is not known, give NaN there; or "
            "take it out of target_sets.",
            *_listed(names, np.array(targets)[deep]),
        )


def _still(points: np.ndarray, size: float) -> np.ndarray:
    """Which joints (N, J, D) are known in several frames and the same in all of them."""
    known = np.isfinite(points).all(2)
    least = np.where(known[..., None], points, np.inf).min(0)
    most = np.where(known[..., None], points, -np.inf).max(0)
    still: np.ndarray = (known.sum(0) >= STILL) & (most - least <= ROUNDING * size).all(1)
    return still


def _size(poses: Poses) -> float:
    """Greatest number in some poses."""
    return float(np.nan_to_num(np.abs(poses.given)).max(initial=0))


def _listed(names: Sequence[str], joints: np.ndarray) -> tuple[str, str, str]:
    called = ", ".join(repr(names[joint]) for joint in joints)
    one = len(joints) == 1
    return (
        f"joint {called}" if one else f"joints {called}",
        "stands" if one else "stand",
        "tells" if one else "tell",
    )
