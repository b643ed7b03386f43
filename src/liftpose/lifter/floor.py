"""The floor that animals stand on, found from their feet.

One camera cannot tell a large animal from a near one, and an animal that stands on a known floor is
neither: scaled about the camera, by which its 2D stays what it is, it has its feet on the floor at
one size alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera
from liftpose.lifter.terms import as_poses_3d
from liftpose.names import closest
from liftpose.poses import Poses

Array = npt.NDArray[np.float64]

AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}

FLAT = 0.1
"""Greatest spread of standing feet about their plane, as a share of their lesser spread within it.

It is below 0.05 where mice walk, and above 0.2 where a wrong start made the fit end in a plane
through one side of the animal.
"""

LEVEL = 0.5
"""Height of a camera above the floor, in extents of a body, at which the floor and the lifted size
have equal say. A camera at the level of the floor sees all places on it on one line."""

MOST = 2.0
"""Greatest factor between the lifted size and the one that stands on the floor: a pose that is
further off is of an animal that does not stand there."""

_TURNS, _REWEIGHTINGS = 50, 10
_SETTLED = 1e-6
# Of feet without any noise, so that rounding has no weight; as a share of the body.
_LEAST_SPREAD = 1e-6
# Share of places left out at each end: a pose that was triangulated wrongly is anywhere.
_STRAY = 0.005


@dataclass(frozen=True, eq=False)
class Floor:
    """A plane that animals stand on, and where on it they were.

    A point ``x`` is ``normal @ x - offset`` above it.

    Parameters
    ----------
    normal : array, shape (3,), float64
        Unit vector that points up, in the world.
    offset : float, unit of the world
        Of the plane along `normal`.
    feet : tuple of int
        Joints that stand on it.
    standing : int
        How many of the feet, the lowest, stand on it in every frame.
    size : float, unit of the world
        Median extent of a pose (root mean square distance of its joints from their middle).
    axes : array, shape (2, 3), float64
        Unit vectors within the plane, along which places are counted.
    places : array, shape (2, 2), float64, unit of the world
        For each axis the least and the greatest coordinate of the middles of the poses.
    names : tuple of str, optional
        What the feet are called.
    unit : str, optional
        Of length.
    """

    normal: Array
    offset: float
    feet: tuple[int, ...]
    standing: int
    size: float
    axes: Array
    places: Array
    names: tuple[str, ...] | None = None
    unit: str | None = None

    def __repr__(self) -> str:
        wide, deep = self.places[:, 1] - self.places[:, 0]
        normal = ", ".join(f"{value:.3f}" for value in self.normal)
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"<Floor: normal ({normal}), animals seen on {wide:.4g} x {deep:.4g}{unit}, "
            f"{self.standing} of {len(self.feet)} feet down>"
        )

    def height(self, points: Any) -> Array:
        """Tell how high points lie above the floor.

        Parameters
        ----------
        points : array, shape (..., 3), unit of the world

        Returns
        -------
        array, shape (...), unit of the world

        Examples
        --------
        >>> feet = np.random.default_rng(0).uniform(-50, 50, (40, 2, 3)) * [1, 1, 0]
        >>> poses = np.concatenate([feet, feet.mean(1, keepdims=True) + [0, 0, 20]], axis=1)
        >>> find_floor(poses, feet=[0, 1]).height([[3.0, 4.0, 12.0]]).round(6).tolist()
        [12.0]
        """
        heights: Array = np.asarray(points, np.float64) @ self.normal - self.offset
        return heights

    def scale(self, feet: Any, camera: Camera) -> Array:
        """Tell how many times larger poses have to be, seen as they are, to stand on the floor.

        With the camera at the height ``H`` and the mean of the lowest feet ``d`` below it, that is
        ``H / d``, which is weighed against 1 where the camera is about level with the floor:
        ``(H d + l²) / (d² + l²)``, with ``l`` half an extent of the body.

        Parameters
        ----------
        feet : array, shape (N, F, 3), unit of the world
            The feet, as they were placed, in the frame of the camera.
        camera : Camera
            What saw them, with its place in the world.

        Returns
        -------
        array, shape (N,), float64
            NaN where no foot is known, or where it would be less than half or more than twice.
        """
        down = -np.asarray(feet, np.float64) @ (camera.R @ self.normal)
        known = np.isfinite(down)
        drop = np.sort(np.where(known, down, -np.inf), axis=1)[:, ::-1][:, : self.standing]
        used = np.isfinite(drop)
        number = used.sum(1)
        mean = np.where(used, drop, 0.0).sum(1) / np.maximum(number, 1)
        level = (LEVEL * self.size) ** 2
        scale = (mean * float(self.height(camera.position)) + level) / (mean**2 + level)
        stands = (number > 0) & (scale >= 1 / MOST) & (scale <= MOST)
        return np.where(stands, scale, np.nan)


def find_floor(poses_3d: Any, feet: Sequence[int | str], up: Any = None) -> Floor:
    """Find the floor that animals walk on from where their feet were.

    In every frame the lower half of the feet stand; the plane is fitted to these, robustly, and
    which ones are the lower half is told anew from that plane, until nothing changes.

    Parameters
    ----------
    poses_3d : Poses, array of shape (N, J, 3), dict of such arrays, or dataset
        Poses in one world, such as those a lifter is trained on. NaN = not known.
    feet : sequence of int or str
        Joints that touch the floor when the animal stands or walks.
    up : {"x", "-x", "y", "-y", "z", "-z"} or array of shape (3,), optional
        Roughly where up is: an axis of the world, or any vector. By default from the feet to the
        middle of the other joints, which is wrong for an animal that mostly rears.

    Returns
    -------
    Floor

    Raises
    ------
    ValueError
        Joints that do not exist, poses of the camera's frame, too few poses, feet that lie in no
        plane, or an `up` that is no direction.
    TypeError
        Something that is no poses.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> feet = rng.uniform(-50, 50, (40, 2, 3)) * [1, 1, 0] + [0, 0, 7]
    >>> poses = np.concatenate([feet, feet.mean(1, keepdims=True) + [0, 0, 20]], axis=1)
    >>> floor = find_floor(poses, feet=[0, 1])
    >>> floor.normal.round(6).tolist(), round(floor.offset, 6)
    ([0.0, 0.0, 1.0], 7.0)
    """
    poses = as_poses_3d(poses_3d, None, dims=(3,))
    if poses.frame == "camera":
        raise ValueError("poses_3d are in the camera's frame; a floor is found in the world.")
    numbers = _joints(poses, feet)
    points = poses.points.astype(np.float64)
    first = _upwards(points, numbers) if up is None else _direction(up)
    extents = np.sqrt(np.nanmean(_centred(points) ** 2, axis=(1, 2)) * 3)
    size = float(np.nanmedian(extents))
    standing = max(1, len(numbers) // 2)
    normal, offset = _plane(points[:, numbers], first, standing, size)
    axes, places = _places(points, normal)
    names = None if poses.joints is None else tuple(poses.joints[number] for number in numbers)
    return Floor(normal, offset, numbers, standing, size, axes, places, names, poses.unit)


def _joints(poses: Poses, feet: Sequence[int | str]) -> tuple[int, ...]:
    if isinstance(feet, str) or not len(feet):
        raise ValueError(f"feet is {feet!r}; expected the joints that stand on the floor.")
    known = list(poses.joints or ())
    numbers = []
    for foot in feet:
        if isinstance(foot, str):
            if poses.joints is None:
                raise ValueError(
                    f"feet: {foot!r} is a name, and the poses have none; give numbers."
                )
            if foot not in known:
                raise ValueError(f"feet: there is no joint {foot!r}.{closest(foot, known)}")
            numbers.append(known.index(foot))
        elif not 0 <= foot < poses.joint_count:
            raise ValueError(f"feet: there is no joint {foot}; there are {poses.joint_count}.")
        else:
            numbers.append(int(foot))
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"feet holds a joint twice: {list(feet)}.")
    return tuple(numbers)


def _direction(up: Any) -> Array:
    if isinstance(up, str):
        if up.removeprefix("-") not in AXES:
            raise ValueError(f"up is {up!r}; expected x, y or z, or -x, -y or -z, or a vector.")
        return np.array(AXES[up.removeprefix("-")]) * (-1 if up.startswith("-") else 1)
    vector = np.asarray(up, np.float64)
    if vector.shape != (3,) or not np.isfinite(vector).all() or not vector.any():
        raise ValueError(f"up is {up!r}; expected three numbers that are not all zero.")
    direction: Array = vector / np.linalg.norm(vector)
    return direction


def _upwards(points: Array, feet: tuple[int, ...]) -> Array:
    rest = [joint for joint in range(points.shape[1]) if joint not in feet]
    whole = np.isfinite(points).all((1, 2))
    if not rest or not whole.any():
        raise ValueError(
            "no frame has all joints, or all joints are feet: say roughly where up is, such as "
            "up='z'."
        )
    return _direction(np.median(points[whole][:, rest].mean(1) - points[whole][:, feet].mean(1), 0))


def _centred(points: Array) -> Array:
    """Joints about their middle, of frames in which any is known."""
    points = points[np.isfinite(points).any((1, 2))]
    if not len(points):
        raise ValueError("poses_3d are NaN everywhere; expected poses of which the feet are known.")
    centred: Array = points - np.nanmean(points, axis=1, keepdims=True)
    return centred


def _plane(feet: Array, normal: Array, standing: int, size: float) -> tuple[Array, float]:
    """Normal and offset of the plane that the lowest feet lie in."""
    for _ in range(_TURNS):
        before = normal
        lowest = np.argsort(feet @ normal, axis=1)[:, :standing, None]  # NaN comes last
        points = np.take_along_axis(feet, lowest, axis=1).reshape(-1, 3)
        points = points[np.isfinite(points).all(1)]
        if len(points) < 3:
            raise ValueError(
                f"the feet are known {len(points)} times; expected at least three to find a floor."
            )
        normal, spreads = _robust_plane(points, normal, size)
        if np.linalg.norm(normal - before) < _SETTLED:
            break
    if not spreads[0] <= FLAT * spreads[1]:
        raise ValueError(
            f"the lowest feet lie in no plane: they spread by {spreads[0]:.3g} across it and "
            f"{spreads[1]:.3g} along it. Give poses of an animal that walks about, the joints "
            "that touch the floor as feet, and roughly where up is (up='z')."
        )
    return normal, float(np.median(points @ normal))


def _robust_plane(points: Array, normal: Array, size: float) -> tuple[Array, Array]:
    """Least squares with Cauchy's weights; the normal, and spreads across and along the plane."""
    weight = np.ones(len(points))
    for _ in range(_REWEIGHTINGS):
        middle = weight @ points / weight.sum()
        off = points - middle
        square, vectors = np.linalg.eigh((weight[:, None] * off).T @ off / weight.sum())
        normal = vectors[:, 0] * np.copysign(1.0, vectors[:, 0] @ normal)
        across = off @ normal
        across -= np.median(across)
        spread = max(1.4826 * float(np.median(np.abs(across))), _LEAST_SPREAD * size)
        weight = 1 / (1 + (across / (2 * spread)) ** 2)
    return normal, np.sqrt(np.maximum(square, 0.0))


def _places(points: Array, normal: Array) -> tuple[Array, Array]:
    """Directions in the plane in which places differ most and least, and how far places go."""
    known = np.isfinite(points).any((1, 2))
    middles = np.nanmean(points[known], axis=1)
    middles = middles[np.isfinite(middles).all(1)]
    flat = middles - np.outer(middles @ normal, normal)
    axes = np.linalg.eigh(np.cov(flat.T))[1].T[:0:-1]
    ends = np.quantile(middles @ axes.T, [_STRAY, 1 - _STRAY], axis=0)
    return axes, ends.T
