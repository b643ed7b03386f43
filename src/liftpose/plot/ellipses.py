"""How sure every joint is, as ellipses: the outlines of ellipsoids, which any editor can change.

The outline of an ellipsoid is an ellipse in every picture, with perspective and without, so that
one smooth curve does what thousands of facets would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.path import Path

from liftpose.plot.limbs import FloatArray, Limbs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from mpl_toolkits.mplot3d import Axes3D

_FACE, _EDGE = 0.16, 0.65  # how opaque they are
_LINE = 0.7  # points


def as_spread(spread: Any, joint_count: int, factor: float) -> FloatArray:
    """Check how sure a pose is.

    Parameters
    ----------
    spread : array, shape (J, 3)
        Standard deviations.
    joint_count : int
        The J that is needed.
    factor : float
        How many of them an ellipsoid reaches.

    Returns
    -------
    array, shape (J, 3)
        Half axes of the ellipsoids; NaN where nothing is known.

    Raises
    ------
    ValueError
        Another shape, a spread below 0, or a factor that is not above 0.
    """
    reach = np.array(spread, dtype=float)
    if reach.shape != (joint_count, 3):
        raise ValueError(f"spread needs shape ({joint_count}, 3), as the pose, got {reach.shape}.")
    if (reach < 0).any():
        joint = int(np.flatnonzero((reach < 0).any(axis=1))[0])
        raise ValueError(f"spread of joint {joint} is {reach[joint].tolist()}; none is below 0.")
    if not (np.isfinite(factor) and factor > 0):
        raise ValueError(f"factor needs a number above 0, got {factor!r}.")
    return np.where(np.isfinite(reach).all(axis=1, keepdims=True), reach * factor, np.nan)


def ellipse_paths(centres: FloatArray, covariances: FloatArray) -> list[Path]:
    """Give the ellipses of points as far from a centre as one standard deviation.

    Parameters
    ----------
    centres : array, shape (E, 2)
    covariances : array, shape (E, 2, 2)

    Returns
    -------
    list of matplotlib.path.Path, length E
        Of Bézier curves.

    Examples
    --------
    >>> (path,) = ellipse_paths(np.zeros((1, 2)), np.diag([9.0, 4.0])[None])
    >>> np.abs(path.vertices).max(axis=0).round(6).tolist()
    [3.0, 2.0]
    """
    circle = Path.unit_circle()
    values, axes = np.linalg.eigh(covariances)
    half = axes * np.sqrt(np.maximum(values, 0.0))[:, None]
    corners = np.asarray(circle.vertices) @ half.transpose(0, 2, 1) + centres[:, None]
    return [Path(vertices, circle.codes) for vertices in corners]


def draw_ellipses(
    ax: Axes, limbs: Limbs, pose: FloatArray, reach: FloatArray, axes: FloatArray, **style: Any
) -> tuple[PathCollection, FloatArray]:
    """Draw the ellipsoids of a pose as they are seen without perspective.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        What to draw into.
    limbs : Limbs
        Colours.
    pose : array, shape (J, 2)
        Their middles, in the coordinates of the axes.
    reach : array, shape (J, 3)
        Half axes.
    axes : array, shape (2, 3)
        Directions to the right and up in the picture.
    **style
        Properties of the collection.

    Returns
    -------
    ellipses : matplotlib.collections.PathCollection
    extent : array, shape (J, 2)
        How far each reaches to the right and up.
    """
    covariances = np.einsum("ai,ji,bi->jab", axes, np.square(reach), axes)
    known = np.isfinite(pose).all(axis=1) & np.isfinite(reach).all(axis=1)
    drawn = PathCollection(
        ellipse_paths(pose[known], covariances[known]), **_colors(limbs, known), **style
    )
    ax.add_collection(drawn, autolim=False)
    return drawn, np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))


def _colors(limbs: Limbs, known: Any) -> dict[str, Any]:
    shades = np.ones((int(known.sum()), 4))
    shades[:, :3] = limbs.color_of(np.flatnonzero(known))
    return {
        "facecolors": shades * [1, 1, 1, _FACE],
        "edgecolors": shades * [1, 1, 1, _EDGE],
        "linewidths": _LINE,
    }


class Ellipsoids(PathCollection):
    """Ellipsoids in three-dimensional axes, by their outlines, which follow the view.

    Parameters
    ----------
    ax : Axes3D
        What to draw into.
    limbs : Limbs
        Colours.
    pose : array, shape (J, 3)
        Their middles.
    reach : array, shape (J, 3)
        Half axes, along those of the space.
    """

    def __init__(self, ax: Axes3D, limbs: Limbs, pose: FloatArray, reach: FloatArray) -> None:
        known = np.isfinite(pose).all(axis=1) & np.isfinite(reach).all(axis=1)
        super().__init__([], clip_on=False, in_layout=False, **_colors(limbs, known))
        # In homogeneous coordinates, the planes that touch an ellipsoid.
        planes = np.empty((int(known.sum()), 4, 4))
        middle = pose[known]
        planes[:, :3, :3] = -middle[:, :, None] * middle[:, None]
        planes[:, range(3), range(3)] += np.square(reach[known])
        planes[:, :3, 3] = planes[:, 3, :3] = -middle
        planes[:, 3, 3] = -1.0
        self._planes, self._middle = planes, middle
        ax.add_collection(self, autolim=False)

    def do_3d_projection(self) -> float:
        """Take the outlines that are seen now; Matplotlib asks for them before it draws.

        Returns
        -------
        float
            The depth by which Matplotlib sorts collections.

        References
        ----------
        Hartley and Zisserman, "Multiple View Geometry", 2nd ed., eq. 8.5: the outline of a
        quadric Q under a projection P is the conic C with C* = P Q* P'.
        """
        whole = np.asarray(self.axes.M)  # type: ignore[union-attr]
        view = whole[[0, 1, 3]]
        lines = view @ self._planes @ view.T
        scale = lines[:, 2, 2][:, None]
        centres = lines[:, :2, 2] / scale
        covariances = centres[:, :, None] * centres[:, None] - lines[:, :2, :2] / scale[..., None]
        self.set_paths(ellipse_paths(centres, covariances))
        if not len(self._middle):
            return 0.0
        seen = np.pad(self._middle, ((0, 0), (0, 1)), constant_values=1.0) @ whole.T
        return float((seen[:, 2] / seen[:, 3]).min())
