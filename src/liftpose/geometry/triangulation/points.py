"""The call that triangulates."""

import math
from dataclasses import replace
from typing import Any

from liftpose.geometry.triangulation.found import Triangulated, warn_of_doubts
from liftpose.geometry.triangulation.gathering import gathered
from liftpose.geometry.triangulation.solver import Solver


def triangulate(
    points_2d: Any,
    cameras: Any,
    confidence: Any = None,
    *,
    robust: bool = True,
) -> Triangulated:
    """Find points in the world from their pixels in two or more cameras.

    The point of least squared pixel distances, weighted by confidence, through lens and all. It
    begins at the linear solution (DLT) of the undistorted rays, and goes on with the Gauss-Newton
    method. Where three or more cameras saw a joint, the solutions of all of them, of all but one
    and of each pair are compared by how many pixels they agree with, and pixels far from the best
    of them, measured by the noise of the recording itself, are left out.

    Parameters
    ----------
    points_2d : array, shape (C, N, J, 2), pixels; or mapping of camera name to (N, J, 2) or Poses
        As the cameras show them, with distortion. NaN where a joint was not seen. The confidence
        of `Poses` is taken too.
    cameras : sequence of Camera, or mapping of name to Camera
        In the order of the first axis; or by the names of `points_2d`.
    confidence : array, shape (C, N, J), or mapping of camera name to (N, J), optional
        Weight of every squared distance, such as the tracker's likelihood. Zero is not seen; NaN,
        where a tracker says nothing, is 1.
    robust : bool, default True
        Leave out pixels that do not agree with the others. False uses all.

    Returns
    -------
    Triangulated

    Raises
    ------
    ValueError
        Fewer than two cameras, shapes or names that do not fit, or a negative confidence.
    TypeError
        Something that is no camera.

    Warns
    -----
    UserWarning
        Where most joints were seen by two cameras only, so that nothing shows which one is wrong;
        where the rays of most points meet at less than 5 degrees, so that depth is unsure; where
        points would lie behind cameras, with their number; where a camera sees most joints further
        from where they are put than 5 % of the animal's size in its image; and where a camera's
        lens model does not reach some of its pixels, which count as not seen.

    References
    ----------
    R. Hartley and A. Zisserman, "Multiple View Geometry in Computer Vision", 2nd edition, 2004,
    section 12.2 (linear triangulation); appendix 6 (Gauss-Newton).
    P. Torr and A. Zisserman, "MLESAC", Computer Vision and Image Understanding 78, 2000: the cost
    by which solutions are compared.
    P. Rousseeuw, "Least median of squares regression", JASA 79, 1984: the noise to begin with.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from liftpose import Camera
    >>> K = [[900, 0, 320], [0, 900, 240], [0, 0, 1]]
    >>> left = Camera(K, t=[0, 0, 10])
    >>> right = Camera(K, [[0, 0, -1], [0, 1, 0], [1, 0, 0]], [0, 0, 10])
    >>> truth = np.asarray([[[0.5, -0.25, 1.0]]])
    >>> seen = np.stack([camera.project(truth) for camera in (left, right)])
    >>> with warnings.catch_warnings(action="ignore"):
    ...     found = triangulate(seen, [left, right])
    >>> found.points.round(6).tolist()
    [[[0.5, -0.25, 1.0]]]
    """
    views, pixels, weights = gathered(points_2d, cameras, confidence)
    shape = pixels.shape[1:3]
    solver = Solver(views, pixels.reshape(len(views), -1, 2), weights.reshape(len(views), -1))
    noise = solver.noise() if robust else math.nan
    found = solver.solve(noise)
    found = replace(
        found,
        points=found.points.reshape(*shape, 3),
        errors=found.errors.reshape(len(views), *shape),
        used=found.used.reshape(len(views), *shape),
        angles=found.angles.reshape(shape),
    )
    warn_of_doubts(found, pixels)
    return found
