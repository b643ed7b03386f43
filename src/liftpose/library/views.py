"""How a library is seen: through calibrated cameras, or from far away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from liftpose.geometry.camera import Camera
from liftpose.geometry.rotation import from_euler
from liftpose.library.distance import LEAST_JOINTS
from liftpose.lifter.augmentation import random_project
from liftpose.lifter.views import warn_of_unreached
from liftpose.poses import Floats, Poses

Range = tuple[float, float]

UP = {"x": (1, 2, 0), "y": (2, 0, 1), "z": (0, 1, 2)}
"""Axes of a world with such an axis up, in the order that brings that one to `z`."""
_IN_IMAGE = (0.1, 0.9)  # shares of the image where animals are placed that nobody tracked
_TILT = 15.0  # degrees, standard deviation: animals rear and lean, and ground is not always level
_FARTHEST = 3.0  # times as far away as the nearest ground
_NEAR_AND_FAR = (0.8, 1.25)  # times as far away as the median size says


def far_away(azimuth: Range, elevation: Range, roll: Range) -> Any:
    """Make the augmentation that sees poses, of which `z` points up, from far away."""
    # About the vertical, then the vertical into the image, upside down, and about the line of
    # sight. At no elevation the camera's x, y and z are the world's x, -z and y.
    low, high = elevation
    return random_project(
        [list(azimuth), [90.0 + low, 90.0 + high], list(roll)], "zxz", norm_2d=True
    )


def from_far(points: Floats, views: tuple[Range, Range, Range], rng: np.random.Generator) -> Floats:
    """What the library looks like from random directions (N, J, 2)."""
    angles = np.stack([rng.uniform(low, high, len(points)) for low, high in views], axis=1)
    turn = from_euler("zxz", angles + np.array([0.0, 90.0, 0.0]))
    return np.asarray((points @ np.swapaxes(turn, 1, 2))[..., :2])


@dataclass(frozen=True, eq=False)
class Floor:
    """Where poses are put that are nowhere, and which axis of the world points up.

    Parameters
    ----------
    axis : int
        That points up.
    height : float
        Of the ground on it.
    seen : Poses or None
        2D of the animal. With it, poses are put where it was seen, as far away as their size in
        the image says; without, on the ground.
    """

    axis: int
    height: float
    seen: Poses | None

    def placed(self, points: Floats, key: Any, camera: Camera, rng: np.random.Generator) -> Floats:
        """Turn poses (N, J, 3), of which z points up, about it, and put them before a camera."""
        points = points - points.mean(axis=1, keepdims=True) * [1.0, 1.0, 0.0]
        heading = rng.uniform(-180.0, 180.0, (len(points), 1))
        tilt = rng.normal(0.0, _TILT, (len(points), 2))
        turn = from_euler("xyz", np.concatenate([tilt, heading], axis=1))
        standing = np.empty_like(points)
        standing[..., list(UP["xyz"[self.axis]])] = points @ np.swapaxes(turn, 1, 2)
        if self.seen is None:
            return np.asarray(standing + self._on_the_ground(key, camera, len(points), rng))
        mine = _of(self.seen, key)
        return np.asarray(_where_seen(standing, mine.points, camera, rng))

    def _on_the_ground(
        self, key: Any, camera: Camera, count: int, rng: np.random.Generator
    ) -> Floats:
        """Places (N, 1, 3) where the camera sees the ground."""
        if camera.size is None:
            raise ValueError(
                f"camera {key!r} has no image size, and no tracker's poses say where in the image "
                "the animal is: give tracker=, or a camera with size."
            )
        low, high = _IN_IMAGE
        pixels = rng.uniform(low, high, (count, 2)) * np.array(camera.size, np.float64)
        ways = _ways(camera, pixels)
        with np.errstate(divide="ignore", invalid="ignore"):
            far = (self.height - camera.position[self.axis]) / ways[:, self.axis]
        far = np.where(far > 0, far, np.nan)
        if not np.isfinite(far).any():
            raise ValueError(
                f"camera {key!r} does not see the ground at {'xyz'[self.axis]} = {self.height:g}: "
                "say where it is with up= and ground=, or give tracker=."
            )
        # A camera near the ground sees it to the horizon, where animals would be specks.
        hits = np.flatnonzero(far <= _FARTHEST * np.nanmin(far))
        chosen = hits[rng.integers(len(hits), size=count)]
        return np.asarray((camera.position + far[chosen, None] * ways[chosen])[:, None])


def _ways(camera: Camera, pixels: Floats) -> Floats:
    """Directions of pixels in the world (N, 3), of depth 1."""
    rays = np.asarray(camera.rays(pixels))
    return np.asarray(np.concatenate([rays, np.ones_like(rays[:, :1])], axis=1) @ camera.R)


def _where_seen(poses: Floats, pixels: Floats, camera: Camera, rng: np.random.Generator) -> Floats:
    """Put poses (N, J, 3) in places where others were seen, as far away as their size says."""
    rays = np.asarray(camera.rays(pixels))
    rays = rays[np.isfinite(rays).all(axis=2).sum(axis=1) >= LEAST_JOINTS]
    if not len(rays):
        raise ValueError("the tracker's poses have no frame with three joints in it.")
    middle = np.nanmean(rays, axis=1)
    spread = np.sqrt(np.nanmean(((rays - middle[:, None]) ** 2).sum(axis=2), axis=1))
    turned = (poses - poses.mean(axis=1, keepdims=True)) @ camera.R.T
    size = np.sqrt((turned[..., :2] ** 2).sum(axis=2).mean(axis=1))
    # Medians, since an animal that is seen from its end is small and not far away.
    far = np.median(size) / np.median(spread) * rng.uniform(*_NEAR_AND_FAR, len(poses))
    chosen = rng.integers(len(rays), size=len(poses))
    ways = np.concatenate([middle, np.ones_like(middle[:, :1])], axis=1)[chosen] @ camera.R
    place = camera.position + far[:, None] * ways
    return np.asarray(poses - poses.mean(axis=1, keepdims=True) + place[:, None])


def as_cameras(camera: Camera | Mapping[Any, Camera]) -> dict[Any, Camera]:
    """Check cameras, and give each a name."""
    if isinstance(camera, Camera):
        return {camera.name or "camera": camera}
    if not isinstance(camera, Mapping) or not camera:
        raise TypeError(f"camera is {type(camera).__name__}; expected a Camera, or a dict of them.")
    for key, value in camera.items():
        if not isinstance(value, Camera):
            raise TypeError(f"camera {key!r} is {type(value).__name__}; expected a Camera.")
    return dict(camera)


def _of(seen: Poses, key: Any) -> Poses:
    """What one camera saw: poses of its name, or all where none are."""
    return seen.only(key) if key in seen.keys else seen


def check_seen(cameras: Mapping[Any, Camera], seen: Poses, where: str) -> None:
    """Hold the tracker's 2D against the images of the cameras.

    Parameters
    ----------
    cameras : mapping of name to Camera
    seen : Poses
        2D. What is called as one of several cameras is of that one; else it may be of any.
    where : str
        What the 2D is called.

    Raises
    ------
    ValueError
        Joints far outside of the image; see `Camera.check_fits`.

    Warns
    -----
    UserWarning
        Pixels at which a camera's distortion cannot be inverted, with their number.
    """
    wrong: list[ValueError] = []
    for key, camera in cameras.items():
        mine = _of(seen, key)
        try:
            camera.check_fits(mine.points, f"the joints of {where}")
        except ValueError as error:
            if mine is not seen:
                raise
            wrong.append(error)
        else:
            lost = int(np.sum(camera.unreached(mine.points)))
            warn_of_unreached({camera: lost} if lost else {}, where)
    if len(wrong) == len(cameras):
        raise wrong[0]


def through(
    cameras: dict[Any, Camera], poses: Poses, floor: Floor | None, rng: np.random.Generator
) -> tuple[Poses, Poses, dict[Any, int]]:
    """Show each camera its share of a library.

    Parameters
    ----------
    cameras : dict of name to Camera
    poses : Poses
        The library.
    floor : Floor or None
        Where its poses are put; None leaves them where they are.
    rng : Generator

    Returns
    -------
    flat, deep : Poses
        2D and 3D, an experiment a camera.
    behind : dict of name to int
        How many joints of its share lie behind each camera, where any do. They are not seen.

    Raises
    ------
    ValueError
        A camera that sees nothing.
    """
    shares = np.array_split(np.asarray(poses.points, np.float64), len(cameras))
    deep: dict[Any, Floats] = {}
    flat: dict[Any, Floats] = {}
    behind: dict[Any, int] = {}
    for (key, camera), share in zip(cameras.items(), shares, strict=True):
        deep[key] = share if floor is None else floor.placed(share, key, camera, rng)
        flat[key] = np.asarray(camera.project(deep[key]))
        if hidden := int(np.sum(camera.behind(deep[key]))):
            behind[key] = hidden
        inside = np.isfinite(flat[key]).all(axis=2)
        if camera.size is not None:
            with np.errstate(invalid="ignore"):
                inside &= np.all((flat[key] >= 0) & (flat[key] < np.array(camera.size)), axis=2)
        if not inside.any():
            raise ValueError(
                f"camera {key!r} sees nothing of the library: are its poses in the world and the "
                f"unit of the calibration ({poses.unit or 'they name no unit'})?"
            )
    return (
        Poses.from_experiments(flat, joints=poses.joints),
        Poses.from_experiments(
            deep, dims=(3,), joints=poses.joints, unit=poses.unit, frame="world"
        ),
        behind,
    )
