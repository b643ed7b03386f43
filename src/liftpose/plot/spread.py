"""A pose in three dimensions, with how sure each of its joints is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from liftpose.plot.drawn import DrawnPose
from liftpose.plot.ellipses import Ellipsoids, as_spread
from liftpose.plot.limbs import FloatArray, Limbs, as_pose
from liftpose.plot.pose import frame_points, hide_tick_labels, require_3d
from liftpose.plot.scene import TRUTH_COLOR

if TYPE_CHECKING:
    from mpl_toolkits.mplot3d import Axes3D

    from liftpose.skeleton import Skeleton

_POSE: dict[str, Any] = {
    "linewidth": 2.2,
    "marker": "o",
    "markersize": 3.5,
    "solid_capstyle": "round",
}
_TRUTH: dict[str, Any] = {**_POSE, "linewidth": 4.5, "markersize": 4.5}
# Above the ellipsoids, which Matplotlib numbers from the grid's 3.5 on.
_OVER = 9.0


class DrawnSpread(NamedTuple):
    """What `plot_pose_spread` drew; None for what was not given.

    Parameters
    ----------
    pose : DrawnPose
    spread : Ellipsoids
    truth : DrawnPose or None
    """

    pose: DrawnPose
    spread: Ellipsoids
    truth: DrawnPose | None


def plot_pose_spread(
    ax: Axes3D,
    pose: npt.ArrayLike,
    spread: npt.ArrayLike,
    skeleton: Skeleton | None = None,
    *,
    factor: float = 1.0,
    truth: npt.ArrayLike | None = None,
    axes: bool = False,
) -> DrawnSpread:
    """Draw a 3D pose, and around every joint an ellipsoid of where it may be.

    The ellipsoids are smooth outlines, which follow the view when it is turned. A unit is as long
    on all three axes.

    Parameters
    ----------
    ax : Axes3D
        Axes to draw into, made with ``projection="3d"``.
    pose : array, shape (J, 3), any unit
        `z` up. NaN where a joint is not known.
    spread : array, shape (J, 3), unit of the pose
        Standard deviation of every coordinate; NaN draws no ellipsoid.
    skeleton : Skeleton, optional
        Bones, limbs, colours and sides; without one, joints alone.
    factor : float
        How many standard deviations the ellipsoids reach, such as
        ``lifted.bars.of_interval(0.9)``.
    truth : array, shape (J, 3), optional
        Drawn in grey behind the pose.
    axes : bool
        Show the numbers on the axes.

    Returns
    -------
    DrawnSpread

    Raises
    ------
    TypeError
        `ax` is not three-dimensional.
    ValueError
        Shapes that do not fit together, a spread below 0, or a factor that is not above 0.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().add_subplot(projection="3d")
    >>> drawn = plot_pose_spread(ax, [[0, 0, 0], [1, 0, 1]], [[0.1, 0.1, 0.3], [0.1, 0.2, 0.1]])
    >>> drawn.truth is None
    True
    """
    require_3d(ax)
    at = as_pose(pose, 3, "pose")
    limbs = Limbs.fitting(skeleton, len(at))
    reach = as_spread(spread, len(at), factor)
    real = None if truth is None else as_pose(truth, 3, "truth")
    if real is not None and real.shape != at.shape:
        raise ValueError(f"truth has {len(real)} joints, but the pose has {len(at)}.")
    around = [at, at - reach, at + reach, *([] if real is None else [real])]
    points = np.concatenate(around)
    frame_points(ax, points[np.isfinite(points).all(axis=1)])
    drawn_truth = None
    if real is not None:
        grey = Limbs(limbs.bones, 0 * limbs.limb_id, np.full((1, 3), float(TRUTH_COLOR)))
        drawn_truth = _drawn(ax, grey, real, **_TRUTH, zorder=_OVER - 2)
    ellipsoids = Ellipsoids(ax, limbs, at, reach)
    drawn = _drawn(ax, limbs, at, **_POSE, zorder=_OVER)
    if not axes:
        hide_tick_labels(ax)
    return DrawnSpread(drawn, ellipsoids, drawn_truth)


def _drawn(ax: Axes3D, limbs: Limbs, pose: FloatArray, **style: Any) -> DrawnPose:
    drawn = DrawnPose(ax, limbs, 3, **style)
    drawn.move(pose, np.ones(len(pose), dtype=bool))
    return drawn
