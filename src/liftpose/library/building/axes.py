"""Axes and scale of a library: a floor, an axis that points up, or three points at rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera
from liftpose.lifter.floor import AXES, find_floor
from liftpose.names import closest
from liftpose.poses import Lifted, Poses
from liftpose.postprocess.length import MILLIMETRES, as_length, size_factor

Array = npt.NDArray[np.float64]

_STILL = 0.05
"""Spread of a point that stands still, as a share of its distance from the origin."""
_LIKELY = 2.0
"""Factor up to which a measured length may contradict the unit of a calibration."""


@dataclass(frozen=True)
class Axes:
    """What the world of a library is to be.

    Without anything it is that of the calibration: of a board that lay on the floor, or of the
    first camera.

    Parameters
    ----------
    up : {"x", "-x", "y", "-y", "z", "-z"}, optional
        Axis of the calibration that points up; it becomes `z`, and the origin stays. With
        `floor_from`, roughly.
    floor_from : tuple of str
        Joints that stand on the floor: `z` points up from the plane that they stand on, which is
        ``z = 0``, the origin lies in the middle of the places where animals were, and `x` is as
        near as can be to what it was.
    origin, x, y : str, optional
        Three joints, or marks that were tracked, that stand still: the first is the origin, `x`
        points to the second, and the third lies in the plane of `x` and `y`, at positive `y`.

    Raises
    ------
    ValueError
        Points without the others, or points and a floor.

    Examples
    --------
    >>> Axes(floor_from=("paw_left", "paw_right")).up is None
    True
    """

    up: str | None = None
    floor_from: tuple[str, ...] = ()
    origin: str | None = None
    x: str | None = None
    y: str | None = None

    def __post_init__(self) -> None:
        points = (self.origin, self.x, self.y)
        if any(points) and not all(points):
            raise ValueError("axes by points need three: origin, x and y.")
        if any(points) and (self.floor_from or self.up):
            raise ValueError("axes are given by three points and by a floor or up; give one.")
        if self.up is not None and self.up.removeprefix("-") not in AXES:
            raise ValueError(f"up is {self.up!r}; expected x, y or z, or -x, -y or -z.")

    def __str__(self) -> str:
        if self.origin:
            return f"origin at {self.origin}, x to {self.x}, y on the side of {self.y}"
        if self.floor_from:
            return f"floor from {', '.join(self.floor_from)}"
        return f"{self.up} of the calibration is up" if self.up else "those of the calibration"


@dataclass(frozen=True, eq=False)
class World:
    """Another world: ``x' = scale turn (x - origin)``.

    Parameters
    ----------
    turn : array, shape (3, 3)
        Its rows are the new axes.
    origin : array, shape (3,)
    scale : float
    """

    turn: Array
    origin: Array
    scale: float = 1.0

    def points(self, points: Any) -> Array:
        """Bring points (..., 3) to it."""
        moved = self.scale * (np.asarray(points, np.float64) - self.origin) @ self.turn.T
        return np.asarray(moved)

    def camera(self, camera: Camera) -> Camera:
        """Bring a camera to it, which shows the same points at the same pixels.

        Examples
        --------
        >>> camera = Camera(K=[[900, 0, 0], [0, 900, 0], [0, 0, 1]], t=[1, 2, 30])
        >>> world = World(np.eye(3)[[1, 2, 0]], np.ones(3), 10.0)
        >>> point = np.array([0.3, 0.2, 0.1])
        >>> np.allclose(world.camera(camera).project(world.points(point)), camera.project(point))
        True
        """
        t = self.scale * (camera.R @ self.origin + camera.t)
        return replace(camera, R=camera.R @ self.turn.T, t=t)


def world_of(poses: Poses, axes: Axes) -> World:
    """Find the world that axes describe.

    Parameters
    ----------
    poses : Poses
        3D, with names.
    axes : Axes

    Returns
    -------
    World

    Raises
    ------
    ValueError
        Joints that do not exist, feet that stand on no plane, or points that do not stand still
        or lie on one line.
    """
    if axes.origin and axes.x and axes.y:
        return _by_points(poses, axes.origin, axes.x, axes.y)
    if axes.floor_from:
        try:
            floor = find_floor(poses, axes.floor_from, axes.up)
        except ValueError as error:
            raise ValueError(f"the floor from {', '.join(axes.floor_from)}: {error}") from None
        middle = floor.places.mean(axis=1) @ floor.axes + floor.offset * floor.normal
        return World(_upright(floor.normal), np.asarray(middle))
    sign = -1.0 if (axes.up or "").startswith("-") else 1.0
    up = sign * np.array(AXES[(axes.up or "z").removeprefix("-")])
    return World(_upright(up), np.zeros(3))


def _upright(up: Array) -> Array:
    """Axes with `z` up, and `x` as near as can be to the former one."""
    former = np.eye(3)[0] if abs(up[0]) < 0.9 else np.eye(3)[1]
    x = former - (former @ up) * up
    x = x / np.linalg.norm(x)
    return np.stack([x, np.cross(up, x), up])


def _by_points(poses: Poses, *names: str) -> World:
    joints = list(poses.joints or ())
    places = []
    for name in names:
        if name not in joints:
            raise ValueError(f"axes: there is no joint {name!r}.{closest(name, joints)}")
        track = np.asarray(poses.points[:, joints.index(name)], np.float64)
        track = track[np.isfinite(track).all(axis=1)]
        if not len(track):
            raise ValueError(f"axes: {name!r} never has 3D; name a point that is seen.")
        places.append((np.median(track, axis=0), track))
    origin, x, y = (place for place, _ in places)
    reach = min(np.linalg.norm(x - origin), np.linalg.norm(y - origin))
    for name, (place, track) in zip(names, places, strict=True):
        spread = float(np.median(np.linalg.norm(track - place, axis=1)))
        if spread > _STILL * reach:
            raise ValueError(
                f"axes: {name!r} does not stand still: it is {spread:.3g} from its place (the "
                f"median), and the points are {reach:.3g} apart. Name points that do, such as "
                "corners of the arena, or take floor_from (--floor-from)."
            )
    ahead = (x - origin) / np.linalg.norm(x - origin)
    up = np.cross(ahead, y - origin)
    if np.linalg.norm(up) < _STILL * reach:
        raise ValueError(f"axes: {', '.join(names)} lie on one line; name another third point.")
    up = up / np.linalg.norm(up)
    return World(np.stack([ahead, np.cross(up, ahead), up]), np.asarray(origin))


def scale_of(poses: Poses, length: Any, unit: str | None) -> tuple[float, str | None, str]:
    """Find how many times larger a world is to be for a known length to come out right.

    Parameters
    ----------
    poses : Poses
        3D, with names.
    length : str or tuple, or None
        See `liftpose.postprocess.length.as_length`.
    unit : str or None
        Of the calibration, where somebody says it.

    Returns
    -------
    factor : float
    unit : str or None
    text : str
        What was done, for people.

    Raises
    ------
    ValueError
        A length that contradicts the unit by more than a factor of 2: it is another unit then.
    """
    if length is None:
        return 1.0, unit, "that of the calibration"
    known = as_length(length, poses.joints or ())
    factor, found = size_factor(replace(Lifted.from_poses(poses), unit=unit), known)
    stated = unit in MILLIMETRES
    if stated and not 1 / _LIKELY <= factor <= _LIKELY:
        near = min(MILLIMETRES, key=lambda name: abs(np.log(_ratio(name, unit) / factor)))
        raise ValueError(
            f"length {known} makes the world {factor:.3g} times larger than the calibration in "
            f"{unit} says: is the calibration in {near}? Say so, or leave the unit out."
        )
    return factor, found, f"{known} ({factor:.4g} times the calibration)"


def _ratio(one: str, other: str | None) -> float:
    return MILLIMETRES[one] / MILLIMETRES[other or one]
