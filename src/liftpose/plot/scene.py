"""Where a pose that stands on the ground lies in a picture of it, seen from any side.

Everything is projected without perspective here: a unit is as long everywhere in the picture, and
a scale bar holds for all of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera
from liftpose.plot.limbs import FloatArray

TRUTH_COLOR = "0.74"
_GRID_ALPHA = 0.55
_CELLS, _PIECES = 9, 18


def from_side(points: npt.ArrayLike, azimuth: float, elevation: float) -> FloatArray:
    """Turn points of an upright world to what is seen from a side.

    Parameters
    ----------
    points : array, shape (..., 3)
        `z` up.
    azimuth, elevation : float, degrees
        Where one looks from: the direction from `x` towards `y`, and above the ground.

    Returns
    -------
    array, shape (..., 3)
        To the right, up, and towards who looks, in the same unit.

    Examples
    --------
    >>> from_side([0, 1, 2], azimuth=0, elevation=0).tolist()
    [1.0, 2.0, 0.0]
    """
    turned: FloatArray = np.asarray(points, dtype=float) @ axes_of_view(azimuth, elevation).T
    return turned


def axes_of_view(azimuth: npt.ArrayLike, elevation: npt.ArrayLike) -> FloatArray:
    """Give the directions to the right, up, and towards who looks.

    Parameters
    ----------
    azimuth, elevation : float or array, shape (F,), degrees
        See `from_side`.

    Returns
    -------
    array, shape (3, 3) or (F, 3, 3)
        One a row.

    Examples
    --------
    >>> (axes_of_view(0, 0) @ [0, 1, 2]).tolist()
    [1.0, 2.0, 0.0]
    """
    around, above = np.broadcast_arrays(np.radians(azimuth), np.radians(elevation))
    x, y, level, up = np.cos(around), np.sin(around), np.cos(above), np.sin(above)
    rows = [[-y, x, 0 * x], [-up * x, -up * y, level], [level * x, level * y, up]]
    # The lists come first, so that the pictures do.
    axes: FloatArray = np.moveaxis(np.array(rows), (0, 1), (-2, -1))
    return axes


def nice_length(about: float) -> float:
    """Give 1, 2 or 5 times a power of ten, the largest that is not above a length.

    Parameters
    ----------
    about : float
        Above 0, any unit.

    Returns
    -------
    float

    Examples
    --------
    >>> nice_length(0.73), nice_length(48)
    (0.5, 20.0)
    """
    power = 10.0 ** np.floor(np.log10(about))
    return float(power * max(step for step in (1, 2, 5) if step * power <= about * (1 + 1e-9)))


def with_shadow(poses: npt.ArrayLike, ground: float = 0.0) -> FloatArray:
    """Add to every joint the point on the ground below it.

    Parameters
    ----------
    poses : array, shape (..., J, 3)
        `z` up.
    ground : float
        Its height.

    Returns
    -------
    array, shape (..., 2 * J, 3)

    Examples
    --------
    >>> with_shadow([[1.0, 2.0, 3.0]]).tolist()
    [[1.0, 2.0, 3.0], [1.0, 2.0, 0.0]]
    """
    joints = np.asarray(poses, dtype=float)
    below = joints * [1.0, 1.0, 0.0] + [0.0, 0.0, ground]
    return np.concatenate([joints, below], axis=-2)


def ground_lines(
    centre: FloatArray, cell: float, ground: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Give a grid on the ground that fades away from the middle.

    Parameters
    ----------
    centre : array, shape (3,)
        The middle.
    cell : float
        From line to line.
    ground : float
        Its height.

    Returns
    -------
    pieces : array, shape (G, 2, 3)
        Of the lines, their ends.
    alpha : array, shape (G,)
        How strong they are.

    Examples
    --------
    >>> pieces, alpha = ground_lines(np.zeros(3), cell=10.0)
    >>> float(np.abs(pieces).max()), bool(alpha.max() <= 1)
    (40.0, True)
    """
    middle = np.round(centre[:2] / cell) * cell
    reach = _CELLS // 2 * cell
    across = np.arange(-(_CELLS // 2), _CELLS // 2 + 1) * cell
    along = np.linspace(-reach, reach, _PIECES + 1)
    ends = np.stack([along[:-1], along[1:]], axis=1)
    pieces = np.empty((len(across), _PIECES, 2, 2))
    pieces[..., 0], pieces[..., 1] = across[:, None, None], ends
    both = np.concatenate([pieces.reshape(-1, 2, 2), pieces[..., ::-1].reshape(-1, 2, 2)])
    both += middle
    far = np.linalg.norm(both.mean(axis=1) - centre[:2], axis=1) / (0.92 * reach)
    alpha = _GRID_ALPHA * np.clip(1 - far, 0, 1)
    return np.pad(both, ((0, 0), (0, 0), (0, 1)), constant_values=ground), alpha


def looks_from(camera: Camera) -> tuple[float, float]:
    """Azimuth and elevation of where a camera stands, seen from what it looks at, in degrees.

    Parameters
    ----------
    camera : Camera
        Its image upright: `x` of the image is level.

    Returns
    -------
    tuple of float
        The azimuth from `x` towards `y`, and the elevation above the ground.

    Examples
    --------
    >>> above = Camera(K=np.eye(3), R=[[1, 0, 0], [0, -1, 0], [0, 0, -1]], t=[0, 0, 5])
    >>> looks_from(above)
    (-90.0, 90.0)
    """
    right, _, forward = np.asarray(camera.R)
    azimuth = np.degrees(np.arctan2(-right[0], right[1]))
    return float(azimuth), float(np.degrees(np.arcsin(np.clip(-forward[2], -1, 1))))
