"""Which way an animal looks, and the directions to look at it from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from liftpose.plot.limbs import FloatArray, as_pose
from liftpose.skeleton.sides import pairs_of

if TYPE_CHECKING:
    from liftpose.skeleton import Skeleton


def facing(pose: npt.ArrayLike, skeleton: Skeleton | None = None) -> float:
    """Azimuth in which an animal looks.

    Parameters
    ----------
    pose : array, shape (J, 3)
        `z` up.
    skeleton : Skeleton, optional
        Whose left and right say where the front is.

    Returns
    -------
    float, degrees
        From `x` towards `y`. Without left and right, that of the longest extent over the ground,
        where front and rear are not told apart.

    Examples
    --------
    >>> from liftpose.skeleton import Skeleton
    >>> ears = Skeleton(["left_ear", "right_ear"])
    >>> facing([[0, 1, 0], [0, -1, 0]], ears)
    0.0
    """
    at = as_pose(pose, 3, "pose")
    ground = np.where(np.isfinite(at).all(axis=1, keepdims=True), at, np.nan)[:, :2]
    pairs = () if skeleton is None else pairs_of(skeleton)
    left, right = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    across = _known(ground[left] - ground[right])
    alone = np.delete(ground, np.concatenate([left, right]), axis=0)
    # Where left and right are each other's mirror, what is half-way between lies in the mirror.
    along = _longest(_known(np.concatenate([alone, (ground[left] + ground[right]) / 2])))
    if len(across):
        x, y = across.sum(axis=0)
        forward = np.array([y, -x])
        width = np.linalg.norm(across, axis=1).mean()
        # Animals that stand upright are wider than long.
        short = np.linalg.norm(along) < width
        along = forward if short else along * (np.sign(along @ forward) or 1)
    return float(np.degrees(np.arctan2(along[1], along[0]))) + 0.0


def _known(points: FloatArray) -> FloatArray:
    return points[np.isfinite(points).all(axis=1)]


def _longest(points: FloatArray) -> FloatArray:
    """Direction of the longest extent of points (P, 2), as long as that."""
    if len(points) < 2:
        return np.zeros(2)
    axis: FloatArray = np.linalg.svd(points - points.mean(axis=0))[2][0]
    return axis * float(np.ptp(points @ axis))


def sides_of(azimuth: float) -> dict[str, tuple[float, float]]:
    """Views from above, from the side and from the front of an animal.

    Parameters
    ----------
    azimuth : float, degrees
        In which it looks.

    Returns
    -------
    dict of str to pair of float, degrees
        Azimuth and elevation of who looks. From above and from the side, the animal looks to the
        right.

    Examples
    --------
    >>> sides_of(90.0)
    {'top': (0.0, 90.0), 'side': (0.0, 0.0), 'front': (90.0, 0.0)}
    """
    return {"top": (azimuth - 90, 90.0), "side": (azimuth - 90, 0.0), "front": (azimuth, 0.0)}
