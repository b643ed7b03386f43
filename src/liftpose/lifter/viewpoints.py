"""Where an augmentation sees poses from: angles and cameras as users write them.

What users give is checked and kept as tuples and `Camera`, which a frozen dataclass can compare and
hash. `liftpose.lifter.projection` looks through them.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from liftpose.geometry import calibration
from liftpose.geometry.camera import Camera

Range = tuple[float, float]
Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]
Checked = TypeVar("Checked")


def angle_ranges(eangles: Any, axis_count: int) -> dict[Hashable, tuple[Range, ...]]:
    """Read the ranges of the Euler angles of every camera.

    Parameters
    ----------
    eangles : dict of camera -> ranges, or sequence of ranges; degrees
        For each camera one ``[low, high]`` for each axis. The ranges of a single camera may stand
        alone.
    axis_count : int
        Number of axes A.

    Returns
    -------
    dict of camera -> tuple of A pairs of float
        Cameras that are the numbers from 0 stand in that order, others in the order given.

    Raises
    ------
    ValueError
        If there is no camera, or ranges are not finite, not A pairs or the wrong way round.

    Examples
    --------
    >>> angle_ranges([[-10, 10], [0, 5]], axis_count=2)
    {0: ((-10.0, 10.0), (0.0, 5.0))}
    """
    return {
        camera: _as_ranges(ranges, camera, axis_count)
        for camera, ranges in _by_camera(eangles).items()
    }


def _by_camera(eangles: Any) -> dict[Hashable, Any]:
    if isinstance(eangles, Mapping):
        by_camera = dict(eangles)
        if set(by_camera) == set(range(len(by_camera))):
            by_camera = {camera: by_camera[camera] for camera in range(len(by_camera))}
    else:
        entries = list(eangles)
        alone = bool(entries) and np.ndim(entries[0]) == 1
        by_camera = {0: entries} if alone else dict(enumerate(entries))
    if not by_camera:
        raise ValueError("eangles names no camera; it needs the angle ranges of one at least.")
    return by_camera


def _as_ranges(ranges: Any, camera: Hashable, count: int) -> tuple[Range, ...]:
    array = np.asarray(ranges, dtype=np.float64)
    if array.shape != (count, 2):
        raise ValueError(
            f"eangles of camera {camera!r} must be {count} ranges [low, high], one for each axis; "
            f"got shape {array.shape}."
        )
    if not np.isfinite(array).all() or (array[:, 0] > array[:, 1]).any():
        raise ValueError(
            f"eangles of camera {camera!r} must be finite, each low not above its high; got "
            f"{array.tolist()}."
        )
    return tuple((float(low), float(high)) for low, high in array)


def per_camera(
    value: Any,
    name: str,
    cameras: Sequence[Hashable],
    dimensions: int,
    check: Callable[[Any, str], Checked],
) -> tuple[Checked | None, ...]:
    """Read an argument that is given per camera, or once for all of them.

    Parameters
    ----------
    value : dict by camera, sequence of one entry for each camera, a single entry, or None
    name : str
        What the caller calls the argument.
    cameras : sequence of C cameras
    dimensions : int
        Dimensions of one entry, by which a single one is told from a sequence of them.
    check : callable
        Reads an entry that is not None; it is given the entry and its name for errors.

    Returns
    -------
    tuple of length C
        What `check` made of each camera's entry; None for a camera without one.

    Raises
    ------
    ValueError
        If a camera has no entry, or whatever `check` raises.

    Examples
    --------
    >>> per_camera({"left": [1, 2, 3], "right": None}, "tvec", ["left", "right"], 1, as_vector)
    ((1.0, 2.0, 3.0), None)
    """
    return tuple(
        None if entry is None else check(entry, f"{name} of camera {camera!r}")
        for camera, entry in zip(cameras, _entries(value, name, cameras, dimensions), strict=True)
    )


def _entries(value: Any, name: str, cameras: Sequence[Hashable], dimensions: int) -> list[Any]:
    if value is None:
        return [None] * len(cameras)
    if isinstance(value, Mapping):
        missing = [camera for camera in cameras if camera not in value]
        if missing:
            raise ValueError(
                f"{name} has no entry for camera {missing[0]!r}, which eangles has; give one for "
                f"every camera, None for those without."
            )
        return [value[camera] for camera in cameras]
    entries = list(value)
    first = next((entry for entry in entries if entry is not None), None)
    if first is not None and np.ndim(first) == dimensions - 1:
        return [value] * len(cameras)
    if len(entries) != len(cameras):
        raise ValueError(
            f"{name} has {len(entries)} entries and eangles {len(cameras)} cameras "
            f"({', '.join(map(repr, cameras))}); give one for each camera, or a dict by camera."
        )
    return entries


def as_visibility(value: Any, name: str) -> tuple[bool, ...]:
    """Read which joints a camera sees.

    Parameters
    ----------
    value : sequence of J booleans, or of 0 and 1
    name : str
        What the caller calls it.

    Returns
    -------
    tuple of J bool

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> as_visibility([1, 0], "vis of camera 0")
    (True, False)
    """
    array = np.asarray(value)
    if array.ndim != 1 or not np.isin(array, (0, 1)).all():
        raise ValueError(f"{name} must be one boolean for each joint; got {value!r}.")
    return tuple(bool(entry) for entry in array)


def as_vector(value: Any, name: str) -> Vector:
    """Read a translation.

    Parameters
    ----------
    value : array, shape (3,), (3, 1) or (1, 3), any unit
    name : str
        What the caller calls it.

    Returns
    -------
    tuple of 3 float

    Raises
    ------
    ValueError, TypeError
        If it is anything else, or a number is not finite.

    Examples
    --------
    >>> as_vector([[0], [0], [5]], "tvec")
    (0.0, 0.0, 5.0)
    """
    return tuple(calibration.translation(value, name).tolist())


def as_rotation(value: Any, name: str) -> Matrix:
    """Read a rotation.

    Parameters
    ----------
    value : array, shape (3, 3)
    name : str
        What the caller calls it.

    Returns
    -------
    tuple of 3 tuples of 3 float

    Raises
    ------
    ValueError, TypeError
        If it is anything else, or the matrix is not orthonormal with determinant 1.

    Examples
    --------
    >>> as_rotation([[0, -1, 0], [1, 0, 0], [0, 0, 1]], "R")[1]
    (1.0, 0.0, 0.0)
    """
    return tuple(tuple(row) for row in calibration.rotation(value, name).tolist())


def as_lens(value: Any, name: str) -> Camera:
    """Read a matrix of intrinsics, or take those of a camera with its distortion.

    Parameters
    ----------
    value : array, shape (3, 3), pixels, or Camera
        Where a camera stands plays no part.
    name : str
        What the caller calls it.

    Returns
    -------
    Camera
        At the origin, looking along z.

    Raises
    ------
    ValueError, TypeError
        If it is no matrix of intrinsics.

    Examples
    --------
    >>> as_lens([[900, 0, 320], [0, 900, 240], [0, 0, 1]], "intr").K[0].tolist()
    [900.0, 0.0, 320.0]
    """
    if isinstance(value, Camera):
        return Camera(K=value.K, dist=value.dist)
    return Camera(K=calibration.intrinsics(value, name))


def with_distortion(lens: Camera | None, dist: Any, name: str) -> Camera | None:
    """Give a lens its distortion.

    Parameters
    ----------
    lens : Camera or None
        As `as_lens` gives it; None is an orthographic projection.
    dist : array, shape (4,), (5,) or (8,), or None
        Coefficients as of `Camera`; None leaves the lens as it is.
    name : str
        What the caller calls the coefficients.

    Returns
    -------
    Camera or None

    Raises
    ------
    ValueError, TypeError
        If the coefficients are others, or there is no lens to distort.

    Examples
    --------
    >>> lens = as_lens([[900, 0, 320], [0, 900, 240], [0, 0, 1]], "intr")
    >>> with_distortion(lens, [-0.2, 0, 0, 0], "dist").dist.tolist()
    [-0.2, 0.0, 0.0, 0.0, 0.0]
    """
    if dist is None:
        return lens
    if lens is None:
        raise ValueError(
            f"{name} is given without intr: distortion is of a perspective camera, and without "
            f"a matrix of intrinsics the projection is orthographic."
        )
    return Camera(K=lens.K, dist=calibration.coefficients(dist, name))
