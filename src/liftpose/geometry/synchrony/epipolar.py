"""How well two cameras agree on a joint, without its 3D: the distance from the epipolar line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sight:
    """What a camera saw, as rays.

    Parameters
    ----------
    camera : Camera
    rays : array, shape (T, J, 3), float64
        Directions in the camera's frame, of depth 1; NaN where a joint was not seen.
    """

    camera: Camera
    rays: Floats

    @classmethod
    def of(cls, camera: Camera, pixels: Any) -> Sight:
        """Take the lens out of pixels (T, J, 2)."""
        flat = np.asarray(camera.rays(np.asarray(pixels, np.float64)))
        ones = np.where(np.isfinite(flat[..., :1]), 1.0, np.nan)
        return cls(camera, np.concatenate([flat, ones], axis=-1))

    @property
    def frames(self) -> int:
        """Number of frames T."""
        return len(self.rays)

    def at(self, frames: Integers) -> Sight:
        """Give the frames of some numbers; NaN for those that do not exist."""
        there = (frames >= 0) & (frames < self.frames)
        taken = self.rays[np.where(there, frames, 0)]
        return replace(self, rays=np.where(there[:, None, None], taken, np.nan))


class Pair:
    """Two cameras whose frames may be shifted against each other.

    With the essential matrix ``E``, rays ``a`` and ``b`` of one point have ``b E a = 0``. What is
    measured is Sampson's distance, ``|b E a| / |gradient|`` in pixels of both images: by how much
    the two pixels have to move together until their rays meet.

    Parameters
    ----------
    one, other : Sight
        Of the same joints.

    References
    ----------
    R. Hartley and A. Zisserman, "Multiple View Geometry in Computer Vision", 2nd edition, 2004,
    sections 9.6 (essential matrix) and 11.4.3 (Sampson's distance).

    Examples
    --------
    >>> K = [[900, 0, 320], [0, 900, 240], [0, 0, 1]]
    >>> left = Camera(K, t=[0, 0, 10])
    >>> right = Camera(K, [[0, 0, -1], [0, 1, 0], [1, 0, 0]], [0, 0, 10])
    >>> points = np.linspace(-1, 1, 30).reshape(5, 2, 3)
    >>> pair = Pair(*(Sight.of(camera, camera.project(points)) for camera in (left, right)))
    >>> frames = np.arange(4)
    >>> same, next = pair.distance(frames, frames), pair.distance(frames, frames + 1)
    >>> bool(same.max() < 1e-9 and next.min() > 10)
    True
    """

    def __init__(self, one: Sight, other: Sight):
        turn = other.camera.R @ one.camera.R.T
        x, y, z = np.asarray(other.camera.t - turn @ one.camera.t, np.float64).reshape(3)
        essential = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]]) @ turn
        # Only ratios count, and telephoto cameras stand far away.
        essential = essential / (np.linalg.norm(essential) or 1.0)
        self._lines = one.rays @ essential.T
        self._rays = other.rays
        self._here = _steepness(other.rays @ essential, one.camera)
        self._there = _steepness(self._lines, other.camera)

    def distance(self, frames: Integers, others: Integers) -> Floats:
        """Tell how far frames of the two disagree.

        Parameters
        ----------
        frames, others : array of int, shape (S,)
            Frames of the one, and of the other, that are held against each other; NaN comes of
            those that do not exist.

        Returns
        -------
        array, shape (S, J), pixels
            NaN where either did not see the joint.
        """
        there = (frames >= 0) & (frames < len(self._lines))
        there &= (others >= 0) & (others < len(self._rays))
        i, k = np.where(there, frames, 0), np.where(there, others, 0)
        off = np.abs(np.einsum("sjk,sjk->sj", self._lines[i], self._rays[k]))
        with np.errstate(invalid="ignore", divide="ignore"):
            found = off / np.sqrt(self._there[i] + self._here[k])
        return np.where(there[:, None], found, np.nan)


def _steepness(lines: Floats, camera: Camera) -> Floats:
    """Squared gradient along the pixels of a camera of what is zero on lines (..., 3)."""
    return np.asarray(((lines[..., :2] / np.diag(camera.K)[:2]) ** 2).sum(axis=-1))


def apart(one: Sight, other: Sight) -> float:
    """Tell how far two cameras disagree.

    Parameters
    ----------
    one, other : Sight
        Of the same frames and joints.

    Returns
    -------
    float, pixels
        Median of Sampson's distance; NaN where they never saw the same joint.

    Examples
    --------
    >>> cameras = [Camera([[900, 0, 0], [0, 900, 0], [0, 0, 1]], t=[x, 0, 10]) for x in (0, 1)]
    >>> points = np.random.default_rng(0).normal(size=(9, 4, 3))
    >>> one, other = (Sight.of(camera, camera.project(points)) for camera in cameras)
    >>> bool(apart(one, other) < 1e-9)
    True
    """
    frames = np.arange(min(one.frames, other.frames))
    found = Pair(one, other).distance(frames, frames)
    found = found[np.isfinite(found)]
    return float(np.median(found)) if len(found) else float("nan")
