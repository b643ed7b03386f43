"""What is triangulated, as a user gives it: checked, and in the order of the cameras."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from liftpose.geometry.camera import Camera, as_camera
from liftpose.geometry.triangulation.found import Floats
from liftpose.names import closest, listed


def gathered(
    points_2d: Any, cameras: Any, confidence: Any
) -> tuple[tuple[Camera, ...], Floats, Floats]:
    """Check pixels, cameras and confidence.

    Parameters
    ----------
    points_2d, cameras, confidence
        See `liftpose.triangulate`.

    Returns
    -------
    views : tuple of Camera, length C
    pixels : array, shape (C, N, J, 2), pixels
    weights : array, shape (C, N, J)

    Raises
    ------
    ValueError, TypeError
        See `liftpose.triangulate`.

    Examples
    --------
    >>> rig = {name: Camera(np.eye(3), name=name) for name in ("left", "top")}
    >>> seen = {"top": np.zeros((5, 3, 2)), "left": np.zeros((5, 3, 2))}
    >>> views, pixels, weights = gathered(seen, rig, None)
    >>> [camera.name for camera in views], pixels.shape, weights.shape
    (['top', 'left'], (2, 5, 3, 2), (2, 5, 3))
    """
    if isinstance(points_2d, Mapping):
        views, points_2d, confidence = _by_name(points_2d, cameras, confidence)
    else:
        given = cameras.values() if isinstance(cameras, Mapping) else cameras
        views = list(given)
    views = [as_camera(camera, f"camera {number}") for number, camera in enumerate(views)]
    if len(views) < 2:
        raise ValueError(f"triangulation needs two cameras or more; got {len(views)}.")
    pixels = np.asarray(points_2d, dtype=np.float64)
    if pixels.ndim != 4 or pixels.shape[0] != len(views) or pixels.shape[3] != 2:
        raise ValueError(
            f"points_2d must have shape ({len(views)}, N, J, 2), one for each of "
            f"{len(views)} cameras; got {pixels.shape}."
        )
    weights = np.ones(pixels.shape[:3])
    if confidence is not None:
        weights = np.nan_to_num(np.asarray(confidence, dtype=np.float64), nan=1.0)
        if weights.shape != pixels.shape[:3]:
            raise ValueError(
                f"confidence must have shape {pixels.shape[:3]}, one value for each pixel; got "
                f"{weights.shape}."
            )
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise ValueError("confidence must be finite and not negative.")
    return tuple(views), pixels, weights


def _by_name(points_2d: Mapping[Any, Any], cameras: Any, confidence: Any) -> tuple[Any, Any, Any]:
    if not isinstance(cameras, Mapping):
        cameras = {camera.name: camera for camera in cameras if isinstance(camera, Camera)}
    for name in points_2d:
        if name not in cameras:
            raise ValueError(
                f"there are points of a camera {name!r}, which is not calibrated."
                f"{closest(str(name), map(str, cameras))}"
            )
    given = dict.fromkeys(points_2d) if confidence is None else confidence
    if not isinstance(given, Mapping) or set(given) != set(points_2d):
        raise ValueError("confidence must be a mapping with the camera names of points_2d.")
    points, weights = [], []
    joints = None
    for name, entry in points_2d.items():
        own = getattr(entry, "joints", None)
        if joints is not None and own is not None and tuple(own) != tuple(joints):
            raise ValueError(
                f"camera {name!r} has the joints {listed(own)}; the first one has "
                f"{listed(joints)}, and all must have them in one order."
            )
        joints = joints or own
        points.append(np.asarray(getattr(entry, "points", entry), dtype=np.float64))
        sure = getattr(entry, "confidence", None) if given[name] is None else given[name]
        weights.append(np.ones(points[-1].shape[:2]) if sure is None else np.asarray(sure))
    shapes = {str(name): part.shape for name, part in zip(points_2d, points, strict=True)}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"all cameras must have the same frames and joints; got {shapes}.")
    return [cameras[name] for name in points_2d], np.stack(points), np.stack(weights)
