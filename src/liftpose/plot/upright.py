"""Poses of a camera's frame, turned so that up is where figures have it."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

Floats = npt.NDArray[Any]


def upright(points: Floats, frame: str | None) -> Floats:
    """Give poses with up where figures have it.

    Parameters
    ----------
    points : array, shape (N, J, 3)
    frame : str or None
        Of a camera's frame, whose y points down and z away from the camera, depth comes second
        and up third; others are left as they are.

    Returns
    -------
    array, shape (N, J, 3)

    Examples
    --------
    >>> import numpy as np
    >>> upright(np.array([[[1.0, 2.0, 3.0]]]), "camera").tolist()
    [[[1.0, 3.0, -2.0]]]
    """
    return points[..., [0, 2, 1]] * [1, 1, -1] if frame == "camera" else points
