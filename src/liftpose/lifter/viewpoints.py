"""Where an augmentation sees poses from: cameras as users write them, and the look through them.

A camera turns and moves the 3D into its frame (``x_c = R x + t``) and projects it from there, with
a matrix of intrinsics in perspective and without one orthographically. What users give is checked
and kept as nested tuples, which a frozen dataclass can compare and hash. NaN means not seen (2D)
or not known (3D).
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from liftpose.lifter.batch import Batch

Range = tuple[float, float]
Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]
Checked = TypeVar("Checked")

_NOWHERE: Vector = (0.0, 0.0, 0.0)
_IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

# Share of the largest spread of a batch below which its 3D has no extent in a direction, and no
# relation to the 2D can be fitted along it. Squared, since the fit sees squares.
_FLAT = 1e-6


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
    ValueError
        If the shape is another, or a number is not finite.

    Examples
    --------
    >>> as_vector([[0], [0], [5]], "tvec")
    (0.0, 0.0, 5.0)
    """
    array = np.asarray(value, dtype=np.float64)
    # OpenCV gives translations as columns.
    if array.shape not in ((3,), (3, 1), (1, 3)) or not np.isfinite(array).all():
        raise ValueError(f"{name} must be three finite numbers; got {value!r}.")
    return tuple(float(entry) for entry in array.ravel())


def as_intrinsics(value: Any, name: str) -> Matrix:
    """Read a matrix of intrinsics.

    Parameters
    ----------
    value : array, shape (3, 3), pixels
    name : str
        What the caller calls it.

    Returns
    -------
    tuple of 3 tuples of 3 float

    Raises
    ------
    ValueError
        If the shape is another, a number is not finite, or the last row is not 0 0 1.

    Examples
    --------
    >>> as_intrinsics([[900, 0, 320], [0, 900, 240], [0, 0, 1]], "intr")[0]
    (900.0, 0.0, 320.0)
    """
    array = _as_matrix(value, name)
    if not np.array_equal(array[2], (0.0, 0.0, 1.0)):
        raise ValueError(
            f"{name} must have the last row 0 0 1; got {array[2].tolist()}. A matrix in MATLAB's "
            f"convention has to be transposed."
        )
    return tuple(tuple(float(entry) for entry in row) for row in array)


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
    ValueError
        If the shape is another, or the matrix is not orthonormal with determinant 1.

    Examples
    --------
    >>> as_rotation([[0, -1, 0], [1, 0, 0], [0, 0, 1]], "R")[1]
    (1.0, 0.0, 0.0)
    """
    array = _as_matrix(value, name)
    # Loose enough for matrices that were written down with four digits.
    if not np.allclose(array @ array.T, np.eye(3), atol=1e-3) or np.linalg.det(array) < 0:
        raise ValueError(
            f"{name} must be a rotation: orthonormal, determinant 1; got {array.tolist()}."
        )
    return tuple(tuple(float(entry) for entry in row) for row in array)


def _as_matrix(value: Any, name: str) -> npt.NDArray[np.float64]:
    array = np.asarray(value, dtype=np.float64)
    if array.shape != (3, 3) or not np.isfinite(array).all():
        raise ValueError(f"{name} must be a finite matrix of shape (3, 3); got {value!r}.")
    return array


def seen_from(
    batch: Batch,
    camera: Tensor,
    *,
    rotation: Tensor | None,
    translations: Sequence[Vector | None],
    intrinsics: Sequence[Matrix | None],
    visible_joints: Sequence[tuple[bool, ...] | None],
) -> Batch:
    """Bring the 3D into each pose's camera and remake the 2D there.

    Parameters
    ----------
    batch : Batch
        With three coordinates in 3D.
    camera : Tensor, shape (B,) or (1,), int64
        Each pose's index into the C cameras.
    rotation : Tensor, shape (B, 3, 3) or (1, 3, 3), float64, or None
        From the frame of the 3D to that of each pose's camera; None leaves the 3D unturned.
    translations : sequence of C vectors (3,), the unit of the 3D
        None for no translation.
    intrinsics : sequence of C matrices (3, 3), pixels
        None for an orthographic projection. In perspective, points with z <= 0 are not seen.
    visible_joints : sequence of C tuples of J bool
        Joints marked False are not seen; None marks none.

    Returns
    -------
    Batch
        A joint that was turned counts only where all its coordinates counted and were finite.

    Examples
    --------
    >>> batch = Batch(
    ...     pose_2d=torch.zeros(1, 1, 2, dtype=torch.float64),
    ...     pose_3d=torch.tensor([[[1.0, 2.0, 0.0]]], dtype=torch.float64),
    ...     counts=torch.ones(1, 1, 3, dtype=torch.bool),
    ...     experiment=torch.zeros(1, dtype=torch.int64),
    ...     keys=("fly1",),
    ...     roots=(0,),
    ...     target_sets=((),),
    ... )
    >>> wide = ((100.0, 0.0, 50.0), (0.0, 100.0, 50.0), (0.0, 0.0, 1.0))
    >>> seen_from(
    ...     batch, torch.tensor([0]), rotation=None, translations=[(0.0, 0.0, 4.0)],
    ...     intrinsics=[wide], visible_joints=[None],
    ... ).pose_2d.tolist()
    [[[75.0, 100.0]]]
    """
    pose, counts = batch.pose_3d, batch.counts
    place = pose.device
    if rotation is not None:
        known = torch.isfinite(pose)
        whole = known.all(dim=-1, keepdim=True)
        counts = (counts & known).all(dim=-1, keepdim=True).expand_as(counts).clone()
        pose = torch.where(whole, pose @ rotation.mT, torch.nan)
    pose = pose + _floats(translations, _NOWHERE, place)[camera, None]
    depth = pose[..., 2:]
    matrix = _floats(intrinsics, _IDENTITY, place)[camera]
    in_pixels = (pose @ matrix.mT)[..., :2] / torch.where(depth > 0, depth, torch.nan)
    perspective = _bools([entry is not None for entry in intrinsics], place)[camera]
    image = torch.where(perspective[:, None, None], in_pixels, pose[..., :2])
    all_joints = (True,) * pose.shape[1]
    rows = [all_joints if row is None else row for row in visible_joints]
    seen = torch.isfinite(image).all(dim=-1) & _bools(rows, place)[camera]
    return replace(
        batch,
        pose_2d=torch.where(seen[..., None], image, torch.nan),
        pose_3d=pose,
        counts=counts,
    )


def _floats(entries: Sequence[Any], otherwise: Any, place: torch.device) -> Tensor:
    given = [otherwise if entry is None else entry for entry in entries]
    return torch.tensor(given, dtype=torch.float64).to(place)


def _bools(entries: Sequence[Any], place: torch.device) -> Tensor:
    return torch.tensor(entries, dtype=torch.bool).to(place)


def affine_cameras(batch: Batch) -> Tensor:
    """Fit a weak-perspective camera to each experiment's root-relative 3D and 2D.

    Parameters
    ----------
    batch : Batch
        With three coordinates in 3D, of E experiments.

    Returns
    -------
    Tensor, shape (E, 2, 3), float64, pixels per unit of the 3D
        Least squares over all joints seen in both. Zero for an experiment of which no joint has
        both, and in directions in which it has no extent.

    Examples
    --------
    >>> pose_3d = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]]).double()
    >>> batch = Batch(
    ...     pose_2d=10 * pose_3d[..., :2],
    ...     pose_3d=pose_3d,
    ...     counts=torch.isfinite(pose_3d),
    ...     experiment=torch.zeros(1, dtype=torch.int64),
    ...     keys=("fly1",),
    ...     roots=(0,),
    ...     target_sets=((1, 2, 3),),
    ... )
    >>> affine_cameras(batch).round(decimals=6).abs().tolist()
    [[[10.0, 0.0, 0.0], [0.0, 10.0, 0.0]]]
    """
    root = torch.arange(batch.pose_3d.shape[1])
    for own_root, targets in zip(batch.roots, batch.target_sets, strict=True):
        root[list(targets)] = own_root
    root = root.to(batch.pose_3d.device)
    space = batch.pose_3d - batch.pose_3d[:, root]
    image = batch.pose_2d - batch.pose_2d[:, root]
    seen = torch.isfinite(space).all(dim=-1) & torch.isfinite(image).all(dim=-1)
    space = torch.where(seen[..., None], space, 0.0)
    image = torch.where(seen[..., None], image, 0.0)
    # A product rather than a scatter: its sums have one order on every device.
    member = torch.nn.functional.one_hot(batch.experiment, len(batch.keys)).to(space.dtype)
    square = torch.einsum("be,bji,bjk->eik", member, space, space)
    product = torch.einsum("be,bji,bjk->eik", member, image, space)
    inverse: Tensor = torch.linalg.pinv(square, rtol=_FLAT**2, hermitian=True)
    return product @ inverse
