"""How far 2D poses are from what a library of 3D poses looks like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liftpose.poses import Floats

LEAST_JOINTS = 3
"""In common, or seen in a frame; of fewer, there is no shape to compare."""
# Frames that are compared: distances are of all pairs.
_COMPARED, _COMPARED_WITH = 2000, 4000


@dataclass(frozen=True)
class Distance:
    """How far 2D poses are from what the library looks like.

    The distance of two 2D poses is that of their shapes: both with their mean at the origin and of
    unit norm, over the joints that were seen.

    Parameters
    ----------
    ratio : float
        Median distance to the nearest pose of the library, divided by the median of what the
        second half of the library has to its first: about 1 where the 2D could be of the library.
    outside : float
        Share of the frames that are further away than 95 % of the library's own.
    """

    ratio: float
    outside: float

    def __str__(self) -> str:
        return (
            f"the 2D lies {self.ratio:.1f} times as far from the library as the library from "
            f"itself; {self.outside:.0%} of its frames are further away than 95 % of the library's"
        )


def distance_to_library(poses_2d: Floats, library_2d: Floats) -> Distance:
    """Measure how far 2D poses are from those of a library.

    Parameters
    ----------
    poses_2d : array, shape (N, J, 2)
        NaN = not seen. Frames with fewer than three joints do not count.
    library_2d : array, shape (M, J, 2)
        What the library looks like; of at least two frames.

    Returns
    -------
    Distance
        NaN where no frame counts. Of many frames, some evenly spaced ones are taken.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> library = rng.normal(size=(400, 6, 2))
    >>> same = distance_to_library(5 * rng.normal(size=(200, 6, 2)) + 30, library)
    >>> 0.9 < same.ratio < 1.1
    True
    """
    complete = library_2d[np.isfinite(library_2d).all(axis=(1, 2))]
    first, second = np.array_split(evenly(complete, 2 * _COMPARED_WITH), 2)
    own = _nearest(evenly(second, _COMPARED), first)
    theirs = _nearest(evenly(poses_2d, _COMPARED), first)
    theirs = theirs[np.isfinite(theirs)]
    if not len(theirs) or not len(own):
        return Distance(float("nan"), float("nan"))
    return Distance(
        float(np.median(theirs) / np.median(own)), float((theirs > np.quantile(own, 0.95)).mean())
    )


def evenly(poses: Floats, most: int) -> Floats:
    """Take at most so many frames of poses (N, ...), evenly spaced."""
    return poses[:: max(1, -(-len(poses) // most))]


def _nearest(poses: Floats, others: Floats) -> Floats:
    """Distance of each pose's shape to the nearest of others, over the joints that were seen (N,).

    Of unit vectors it is ``sqrt(2 - 2 cos)``; all cosines are products of matrices, with or
    without missing joints.
    """
    seen = np.asarray(np.isfinite(poses).all(axis=2))
    number = seen.sum(axis=1)
    weight = seen.astype(np.float64)
    centred = np.where(seen[..., None], poses, 0.0)
    middle = centred.sum(axis=1, keepdims=True) / np.maximum(number, 1)[:, None, None]
    centred = np.where(seen[..., None], poses - middle, 0.0)
    # About the middle of all joints, so that the difference below keeps its digits.
    others = others - others.mean(axis=1, keepdims=True)
    product = centred.reshape(len(poses), -1) @ others.reshape(len(others), -1).T
    square = weight @ (others**2).sum(axis=2).T
    sums = np.einsum("nj,mjd->nmd", weight, others, optimize=True)
    square = square - (sums**2).sum(axis=2) / np.maximum(number, 1)[:, None]
    norm = np.sqrt((centred**2).sum(axis=(1, 2)))[:, None] * np.sqrt(np.maximum(square, 0))
    cosine = np.divide(product, norm, out=np.zeros_like(product), where=norm > 0)
    nearest = np.sqrt(np.maximum(2 - 2 * cosine.max(axis=1), 0))
    nearest[(number < LEAST_JOINTS)] = np.nan
    return np.asarray(nearest)
