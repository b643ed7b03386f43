"""What is shown of a demo: from where, which frames, and where the lifted poses are put."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.datasets import Recording
from liftpose.skeleton import Skeleton

Floats = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Staging:
    """How an animal is filmed.

    Parameters
    ----------
    camera : int
        Number of the camera that is lifted from.
    slower : float
        How much slower than life the film is.
    """

    camera: int
    slower: float


# The hexapod from above, where its body hides no leg's root: an inferred root shifts its leg.
STAGING = {"hexapod": Staging(3, 4.0), "quadruped": Staging(0, 2.0), "mouse": Staging(0, 2.0)}


@dataclass(frozen=True, eq=False)
class Shown:
    """A recording beside what was lifted of it.

    Parameters
    ----------
    skeleton : Skeleton
        Of the animal.
    rate : float
        Frames a second.
    poses_2d : array, shape (N, J, 2), pixels
        What was lifted; NaN where a joint was not seen.
    lifted : array, shape (N, J, 3)
        Where it is drawn: the middle of its roots lies where the true one does, since one camera
        tells how a pose is shaped and turned, not where it is.
    truth : array, shape (N, J, 3)
        In the world.
    blind : bool array, shape (N, J)
        Joints whose root was not seen, or not the one that all others are placed from.
    """

    skeleton: Skeleton
    rate: float
    poses_2d: Floats
    lifted: Floats
    truth: Floats
    blind: Bools

    @classmethod
    def of(cls, recording: Recording, poses_2d: Floats, position: Floats) -> Shown:
        """Put lifted poses (N, J, 3), whose first root is the origin, to where they are shown."""
        skeleton, sets = recording.skeleton, recording.skeleton.sets
        roots = list(sets.roots)
        truth = recording.poses_3d
        shift = truth[:, roots].mean(axis=1) - position[:, roots].mean(axis=1)
        unseen = np.asarray(np.isnan(poses_2d).any(axis=2))
        blind = np.zeros_like(unseen)
        blind[:, roots] = unseen[:, roots]
        blind[:, list(sets.targets)] = unseen[:, list(sets.anchors)]
        blind |= unseen[:, roots[:1]]
        return cls(skeleton, recording.fps, poses_2d, position + shift[:, None], truth, blind)

    def typical(self) -> int:
        """Frame whose error is the median of those in which every root was seen."""
        errors = np.linalg.norm(self.lifted - self.truth, axis=2).mean(axis=1)
        errors[self.blind.any(axis=1)] = np.nan
        if np.isnan(errors).all():
            return 0
        return int(np.nanargmin(np.abs(errors - np.nanmedian(errors))))

    def stretch(self, frames: int) -> slice:
        """Find the stretch in which fewest joints have a hidden root, of those with much motion.

        Parameters
        ----------
        frames : int
            Its length; cut to that of the recording.

        Returns
        -------
        slice
        """
        frames = min(frames, len(self.truth))
        moved = np.linalg.norm(np.diff(self.truth, axis=0), axis=2).mean(axis=1)
        motion = _windows(np.append(moved, 0.0), frames)
        blind = _windows(self.blind.mean(axis=1), frames)
        lively = motion >= np.quantile(motion, 0.75)
        first = int(np.argmin(np.where(lively, blind, np.inf)))
        return slice(first, first + frames)


def _windows(values: Floats, width: int) -> Floats:
    """Sums over every window of a width."""
    sums = np.cumsum(np.append(0.0, values))
    windows: Floats = sums[width:] - sums[:-width]
    return windows
