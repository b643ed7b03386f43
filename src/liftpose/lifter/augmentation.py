"""Training augmentation: changes of whole batches that keep 2D, 3D, counts and frame consistent.

An augmentation is called with a `Batch` and a CPU generator and gives a new batch; it never writes
into the tensors it was given. The trainer calls the listed augmentations one after the other on
every batch, before poses are made root-relative and normalized. NaN means not seen (2D) or not
known (3D). All draws are made on the CPU and moved, so that every device sees the same ones.
"""

import math
import operator
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from liftpose.geometry.bones import bone_length_shifts, bone_order
from liftpose.geometry.rotation import check_axes_order, from_euler
from liftpose.poses import Key

# A Gaussian draw of a bone length can fall to zero or below; the bone then gets this share of its
# average length, so that it keeps a direction.
_SHORTEST_SHARE = 0.01

# Share of the largest spread of a batch below which its 3D has no extent in a direction, and no
# relation to the 2D can be fitted along it. Squared, since the fit sees squares.
_FLAT = 1e-6


@dataclass(frozen=True)
class Batch:
    """Poses of a training batch, before they are made root-relative and normalized.

    Parameters
    ----------
    pose_2d : Tensor, shape (B, J, 2), float64, pixels
        NaN = not seen.
    pose_3d : Tensor, shape (B, J, D), float64, the caller's unit and frame
        D is 3 or 1. NaN = not known.
    counts : Tensor, shape (B, J, D), bool
        Values that count in the loss and in statistics.
    experiment : Tensor, shape (B,), int64
        Index into `keys` for each pose.
    keys : tuple of Key
        The experiments' names: a string, a number, or a tuple of those. The last entry of a tuple
        may name the experiment's camera.
    roots : tuple of int
        Root joint of each target set.
    target_sets : tuple of tuple of int
        Joints that are predicted relative to each root.

    Examples
    --------
    >>> batch = Batch(
    ...     pose_2d=torch.zeros(4, 2, 2, dtype=torch.float64),
    ...     pose_3d=torch.zeros(4, 2, 3, dtype=torch.float64),
    ...     counts=torch.ones(4, 2, 3, dtype=torch.bool),
    ...     experiment=torch.zeros(4, dtype=torch.int64),
    ...     keys=("fly1",),
    ...     roots=(0,),
    ...     target_sets=((1,),),
    ... )
    >>> batch.pose_3d.shape
    torch.Size([4, 2, 3])
    """

    pose_2d: Tensor
    pose_3d: Tensor
    counts: Tensor
    experiment: Tensor
    keys: tuple[Key, ...]
    roots: tuple[int, ...]
    target_sets: tuple[tuple[int, ...], ...]


class Augmentation(Protocol):
    """Anything that can be called with a batch and a CPU generator and gives a new batch.

    The trainer also reads three attributes where they are there, as they are on every
    augmentation of this module: ``makes_2d`` (bool; the 2D comes from the 3D, so that training
    needs no 2D; taken as False), ``norm_2d`` (bool or None; whether poses in 2D are to be scaled
    to unit norm, None for no opinion; taken as None), ``norm_2d_default`` (bool; what is done
    where nobody has an opinion) and ``check(keys, joint_count)``, which
    raises ValueError before training starts when the augmentation does not fit the data.

    Examples
    --------
    >>> def mirror(batch: Batch, generator: torch.Generator) -> Batch:
    ...     flip = torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)
    ...     return replace(batch, pose_2d=batch.pose_2d * flip[:2], pose_3d=batch.pose_3d * flip)
    >>> augmentation: Augmentation = mirror
    """

    def __call__(self, batch: Batch, generator: torch.Generator, /) -> Batch:
        """Give a changed batch, drawing from the generator alone."""


def add_noise(noise_amplitude: Any) -> "_AddNoise":
    """Add Gaussian noise to the 2D poses, as a tracker would.

    Parameters
    ----------
    noise_amplitude : float, or array broadcastable to (J, 2), pixels
        Standard deviation of the noise on every 2D coordinate, not negative.

    Returns
    -------
    Augmentation
        Adds independent noise to every 2D coordinate; NaN stays NaN, the 3D stays as it is.

    Raises
    ------
    ValueError
        If an amplitude is negative or not finite, or has more than two dimensions; when it is
        checked or called, if it does not fit the joints.

    Examples
    --------
    >>> augmentation = add_noise(2.0)
    >>> augmentation.check(keys=("fly1",), joint_count=5)
    """
    amplitude = np.asarray(noise_amplitude, dtype=np.float64)
    if amplitude.ndim > 2 or not (np.isfinite(amplitude) & (amplitude >= 0)).all():
        raise ValueError(
            "noise_amplitude must be a number of pixels, or an array broadcastable to (J, 2), "
            f"finite and not negative; got {noise_amplitude!r}."
        )
    return _AddNoise(_tuples(amplitude.tolist()))


def random_project(
    eangles: Any,
    axsorder: str,
    vis: Any = None,
    tvec: Any = None,
    intr: Any = None,
    norm_2d: bool | None = None,
) -> "_RandomProject":
    """Turn every 3D pose at random and project it: for a camera whose direction is not known.

    Each pose is turned by Euler angles drawn uniformly from the ranges of its camera and moved by
    the camera's translation. The result, in the camera frame, is the new 3D; its projection is the
    new 2D. With one camera that camera is used for all poses. With several, the camera of an
    experiment is the last element of its key where the key is a tuple, such as ``("fly1", 2)``;
    poses of experiments whose key names no camera get one at random.

    Parameters
    ----------
    eangles : dict of camera -> ranges, or sequence of ranges; degrees
        For each camera one ``[low, high]`` for each letter of `axsorder`. The ranges of a single
        camera may stand alone.
    axsorder : str
        Order of the axes, as for `liftpose.geometry.rotation.from_euler`, such as ``"zyx"``.
    vis : dict or sequence, optional
        For each camera J booleans; joints marked False get NaN in the 2D. One list of J booleans
        holds for all cameras.
    tvec : dict or sequence, optional
        For each camera its translation (3,) in the unit of the 3D, None for none. One vector holds
        for all cameras.
    intr : dict or sequence, optional
        For each camera its matrix of intrinsics (3, 3) in pixels, for a perspective projection;
        None for an orthographic one (the first two coordinates in the camera frame). One matrix
        holds for all cameras. Points at or behind the camera (z <= 0) get NaN in the 2D.
    norm_2d : bool, optional
        Whether 2D poses are scaled to unit norm, in training and in use. Left out: yes, unless
        `liftpose.main.train` is told otherwise.

    Returns
    -------
    Augmentation
        Needs 3D poses with three coordinates. A joint of which not all three coordinates count
        and are finite does not count afterwards, since a rotation mixes them; finite ones are
        still turned and projected.

    Raises
    ------
    ValueError
        If an argument does not have the shape above or lacks a camera; when checked or called, if
        `vis` does not fit the joints, or the 3D has one coordinate only.

    Notes
    -----
    A sequence gives entry ``i`` to camera ``i`` where the cameras of `eangles` are the numbers
    from 0, and to the ``i``-th camera of `eangles` otherwise.

    Examples
    --------
    >>> ranges = {0: [[-10, 10], [-10, 10], [-10, 10]]}
    >>> augmentation = random_project(eangles=ranges, axsorder="zyx")
    >>> augmentation.makes_2d
    True
    """
    check_axes_order(axsorder)
    ranges = _by_camera(eangles)
    cameras = tuple(ranges)
    return _RandomProject(
        cameras=cameras,
        axes_order=axsorder,
        ranges=tuple(_angle_ranges(ranges[camera], camera, len(axsorder)) for camera in cameras),
        visible_joints=tuple(
            None if row is None else _visibility(row, camera)
            for camera, row in zip(cameras, _entries(vis, "vis", cameras, 1), strict=True)
        ),
        translations=tuple(
            None if vector is None else _vector(vector, f"tvec of camera {camera!r}")
            for camera, vector in zip(cameras, _entries(tvec, "tvec", cameras, 1), strict=True)
        ),
        intrinsics=tuple(
            None if matrix is None else _camera_matrix(matrix, f"intr of camera {camera!r}")
            for camera, matrix in zip(cameras, _entries(intr, "intr", cameras, 2), strict=True)
        ),
        norm_2d=None if norm_2d is None else bool(norm_2d),
    )


def perturb_pose(
    perturb: float,
    child: Sequence[Iterable[int]],
    bones: Iterable[Sequence[int]],
    avg_bone_len: Any,
    std_bone_len: Any,
) -> "_PerturbPose":
    """Give every pose bones of other lengths: for animals that differ in size and build.

    The new length of each bone is drawn for each pose from a normal distribution with the given
    average and `perturb` times the given standard deviation; draws that are not clearly positive
    become one hundredth of the average. Bones keep their directions, and what hangs on a bone
    moves along with it. The 2D moves as well: for each experiment of the batch one affine (weak
    perspective) camera is fitted from root-relative 3D to root-relative 2D over all joints seen in
    both, and every joint's shift in 3D is carried to the image by it.

    Parameters
    ----------
    perturb : float
        Share of the standard deviations to use, not negative; 0 gives every pose the average.
    child : sequence of J sequences of int
        The tree: for every joint the joints that hang on it; empty for a tip.
    bones : sequence of pairs of int
        Bones of the tree, their ends in either order. Bones that are not listed keep their length.
    avg_bone_len, std_bone_len : array, shape (B,)
        Average (positive) and standard deviation (not negative) of each bone's length in the unit
        of the 3D.

    Returns
    -------
    Augmentation
        Needs 3D poses with three coordinates. Where a bone has no direction (an end is not known,
        or it has no length), what hangs on it moves with its near end. Where no joint of an
        experiment has both 2D and 3D, its 2D stays as it is.

    Raises
    ------
    ValueError
        If the tree, bones and lengths do not fit each other or lie outside these ranges; when
        checked or called, if they do not fit the joints, or the 3D has one coordinate only.

    Examples
    --------
    >>> augmentation = perturb_pose(
    ...     1.0, child=[[1], [2], []], bones=[(0, 1), (1, 2)],
    ...     avg_bone_len=[1.0, 2.0], std_bone_len=[0.1, 0.2],
    ... )
    >>> augmentation.makes_2d
    False
    """
    if not (math.isfinite(perturb) and perturb >= 0):
        raise ValueError(f"perturb must be finite and not negative; got {perturb}.")
    listed = [tuple(bone) for bone in bones]
    bone_order(child, listed)
    tree = tuple(tuple(operator.index(joint) for joint in joints) for joints in child)
    pairs = tuple((operator.index(a), operator.index(b)) for a, b in listed)
    average = np.asarray(avg_bone_len, dtype=np.float64)
    spread = np.asarray(std_bone_len, dtype=np.float64)
    for name, lengths in (("avg_bone_len", average), ("std_bone_len", spread)):
        if lengths.shape != (len(pairs),):
            raise ValueError(
                f"{name} must have shape ({len(pairs)},), one length for each bone; got "
                f"{lengths.shape}."
            )
    for position, (mean, deviation) in enumerate(zip(average, spread, strict=True)):
        if not (0 < mean < math.inf and 0 <= deviation < math.inf):
            raise ValueError(
                f"bone {position} {pairs[position]}: expected a positive average length and a "
                f"standard deviation that is not negative; got {mean} and {deviation}."
            )
    return _PerturbPose(
        float(perturb), tree, pairs, _tuples(average.tolist()), _tuples(spread.tolist())
    )


def project_to_cam(
    intr: Any = None, R: Any = None, tvec: Any = None, norm_2d: bool | None = None
) -> "_ProjectToCam":
    """Project every 3D pose into one known camera, instead of the 2D that was given.

    Without arguments the projection is orthographic: the 2D is the first two coordinates of the
    3D. With `R` and `tvec` the 3D goes into the camera frame (``x_c = R x + t``) first, and stays
    there.

    Parameters
    ----------
    intr : array, shape (3, 3), pixels, optional
        Matrix of intrinsics, for a perspective projection. Points at or behind the camera
        (z <= 0) get NaN in the 2D.
    R : array, shape (3, 3), optional
        Rotation from the frame of the 3D to that of the camera.
    tvec : array, shape (3,), optional
        Translation of the camera in the unit of the 3D.
    norm_2d : bool, optional
        Whether 2D poses are scaled to unit norm, in training and in use; off unless said otherwise.

    Returns
    -------
    Augmentation
        Needs 3D poses with three coordinates. With `R`, a joint of which not all three coordinates
        count and are finite does not count afterwards, since a rotation mixes them.

    Raises
    ------
    ValueError
        If an argument does not have the shape above, or `R` is no rotation; when called, if the
        3D has one coordinate only.

    Examples
    --------
    >>> project_to_cam().makes_2d
    True
    """
    return _ProjectToCam(
        intrinsics=None if intr is None else _camera_matrix(intr, "intr"),
        rotation=None if R is None else _rotation(R),
        translation=None if tvec is None else _vector(tvec, "tvec"),
        norm_2d=None if norm_2d is None else bool(norm_2d),
    )


@dataclass(frozen=True)
class _AddNoise:
    noise_amplitude: Any
    norm_2d: ClassVar[bool | None] = None
    makes_2d: ClassVar[bool] = False

    def check(self, keys: Sequence[Key], joint_count: int) -> None:
        shape = np.shape(self.noise_amplitude)
        if any(size not in (1, n) for size, n in zip(shape[::-1], (2, joint_count), strict=False)):
            raise ValueError(
                f"noise_amplitude has shape {shape}, which does not broadcast to the {joint_count} "
                f"joints' ({joint_count}, 2)."
            )

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        self.check(batch.keys, batch.pose_2d.shape[1])
        amplitude = torch.tensor(self.noise_amplitude, dtype=torch.float64)
        noise = torch.randn(batch.pose_2d.shape, generator=generator, dtype=torch.float64)
        return replace(batch, pose_2d=batch.pose_2d + (amplitude * noise).to(batch.pose_2d.device))


@dataclass(frozen=True)
class _RandomProject:
    cameras: tuple[Hashable, ...]
    axes_order: str
    ranges: tuple[tuple[tuple[float, float], ...], ...]
    visible_joints: tuple[tuple[bool, ...] | None, ...]
    translations: tuple[tuple[float, ...] | None, ...]
    intrinsics: tuple[tuple[tuple[float, ...], ...] | None, ...]
    norm_2d: bool | None
    norm_2d_default: ClassVar[bool] = True
    makes_2d: ClassVar[bool] = True

    def check(self, keys: Sequence[Key], joint_count: int) -> None:
        for camera, row in zip(self.cameras, self.visible_joints, strict=True):
            if row is not None and len(row) != joint_count:
                raise ValueError(
                    f"vis of camera {camera!r} has {len(row)} entries and the poses have "
                    f"{joint_count} joints; it needs one entry for each joint."
                )

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        joint_count = batch.pose_3d.shape[1]
        self.check(batch.keys, joint_count)
        _check_three_coordinates(batch, "random_project")
        place = batch.pose_3d.device
        camera = self._draw_cameras(batch, generator)
        low, high = torch.tensor(self.ranges, dtype=torch.float64).to(place)[camera].unbind(-1)
        share = torch.rand(low.shape, generator=generator, dtype=torch.float64).to(place)
        visible = [(True,) * joint_count if row is None else row for row in self.visible_joints]
        return _seen_from(
            batch,
            rotation=from_euler(self.axes_order, low + (high - low) * share),
            translation=_vectors(self.translations, place)[camera],
            intrinsics=_matrices(self.intrinsics, place)[camera],
            perspective=_given(self.intrinsics, place)[camera],
            visible=torch.tensor(visible, dtype=torch.bool).to(place)[camera],
        )

    def _draw_cameras(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """Index of each pose's camera: the one its experiment's key names, or a random one."""
        place = batch.experiment.device
        index: dict[Any, int] = {camera: i for i, camera in enumerate(self.cameras)}
        named = [index.get(key[-1], -1) if isinstance(key, tuple) else -1 for key in batch.keys]
        camera = torch.tensor(named, dtype=torch.int64).to(place)[batch.experiment]
        drawn = torch.randint(len(self.cameras), camera.shape, generator=generator).to(place)
        return torch.where(camera < 0, drawn, camera)


@dataclass(frozen=True)
class _PerturbPose:
    perturb: float
    child: tuple[tuple[int, ...], ...]
    bones: tuple[tuple[int, int], ...]
    average: tuple[float, ...]
    spread: tuple[float, ...]
    norm_2d: ClassVar[bool | None] = None
    makes_2d: ClassVar[bool] = False

    def check(self, keys: Sequence[Key], joint_count: int) -> None:
        if len(self.child) != joint_count:
            raise ValueError(
                f"the list of children has {len(self.child)} entries and the poses have "
                f"{joint_count} joints; it needs one entry for each joint."
            )

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        self.check(batch.keys, batch.pose_3d.shape[1])
        _check_three_coordinates(batch, "perturb_pose")
        average = torch.tensor(self.average, dtype=torch.float64)
        spread = torch.tensor(self.spread, dtype=torch.float64)
        shape = (batch.pose_3d.shape[0], len(self.bones))
        normal = torch.randn(shape, generator=generator, dtype=torch.float64)
        lengths = torch.maximum(average + self.perturb * spread * normal, _SHORTEST_SHARE * average)
        shifts = bone_length_shifts(
            batch.pose_3d, self.child, self.bones, lengths.to(batch.pose_3d.device)
        )
        camera = _affine_cameras(batch)[batch.experiment]
        moved = torch.einsum("bik,bjk->bji", camera, shifts)
        return replace(batch, pose_2d=batch.pose_2d + moved, pose_3d=batch.pose_3d + shifts)


@dataclass(frozen=True)
class _ProjectToCam:
    intrinsics: tuple[tuple[float, ...], ...] | None
    rotation: tuple[tuple[float, ...], ...] | None
    translation: tuple[float, ...] | None
    norm_2d: bool | None
    makes_2d: ClassVar[bool] = True

    def check(self, keys: Sequence[Key], joint_count: int) -> None:
        """Fit any experiments and joints."""

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        _check_three_coordinates(batch, "project_to_cam")
        place = batch.pose_3d.device
        return _seen_from(
            batch,
            rotation=None if self.rotation is None else _matrices((self.rotation,), place),
            translation=_vectors((self.translation,), place),
            intrinsics=_matrices((self.intrinsics,), place),
            perspective=_given((self.intrinsics,), place),
            visible=torch.ones((1, 1), dtype=torch.bool, device=place),
        )


def _seen_from(
    batch: Batch,
    rotation: Tensor | None,
    translation: Tensor,
    intrinsics: Tensor,
    perspective: Tensor,
    visible: Tensor,
) -> Batch:
    """Bring the 3D into each pose's camera and remake the 2D there.

    Rotation (B or 1, 3, 3), translation (B or 1, 3), intrinsics (B or 1, 3, 3), perspective
    (B or 1,) bool, visible (B or 1, J or 1) bool.
    """
    pose, counts = batch.pose_3d, batch.counts
    if rotation is not None:
        known = torch.isfinite(pose)
        whole = known.all(dim=-1, keepdim=True)
        counts = (counts & known).all(dim=-1, keepdim=True).expand_as(counts).clone()
        pose = torch.where(whole, pose @ rotation.mT, torch.nan)
    pose = pose + translation[:, None, :]
    depth = pose[..., 2:]
    in_pixels = (pose @ intrinsics.mT)[..., :2] / torch.where(depth > 0, depth, torch.nan)
    image = torch.where(perspective[:, None, None], in_pixels, pose[..., :2])
    seen = torch.isfinite(image).all(dim=-1) & visible
    return replace(
        batch,
        pose_2d=torch.where(seen[..., None], image, torch.nan),
        pose_3d=pose,
        counts=counts,
    )


def _affine_cameras(batch: Batch) -> Tensor:
    """Fit a weak-perspective camera (E, 2, 3) to each experiment's root-relative 3D and 2D.

    Zero for an experiment of which no joint has both, or in directions in which it has no extent.
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


def _check_three_coordinates(batch: Batch, name: str) -> None:
    if batch.pose_3d.shape[-1] != 3:
        raise ValueError(
            f"{name} needs 3D poses with three coordinates; got shape "
            f"{tuple(batch.pose_3d.shape)}. Leave it out where only one coordinate is lifted."
        )


def _by_camera(eangles: Any) -> dict[Hashable, Any]:
    """Angle ranges by camera; cameras that are the numbers from 0 stand in that order."""
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


def _entries(value: Any, name: str, cameras: tuple[Hashable, ...], dimensions: int) -> list[Any]:
    """The entry of each camera; an entry has that many dimensions."""
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


def _angle_ranges(ranges: Any, camera: Hashable, count: int) -> tuple[tuple[float, float], ...]:
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


def _visibility(row: Any, camera: Hashable) -> tuple[bool, ...]:
    array = np.asarray(row)
    if array.ndim != 1 or not np.isin(array, (0, 1)).all():
        raise ValueError(
            f"vis of camera {camera!r} must be one boolean for each joint; got {row!r}."
        )
    return tuple(bool(entry) for entry in array)


def _vector(value: Any, name: str) -> tuple[float, ...]:
    array = np.asarray(value, dtype=np.float64)
    # OpenCV gives translations as columns.
    if array.shape not in ((3,), (3, 1), (1, 3)) or not np.isfinite(array).all():
        raise ValueError(f"{name} must be three finite numbers; got {value!r}.")
    return tuple(float(entry) for entry in array.ravel())


def _matrix(value: Any, name: str) -> Any:
    array = np.asarray(value, dtype=np.float64)
    if array.shape != (3, 3) or not np.isfinite(array).all():
        raise ValueError(f"{name} must be a finite matrix of shape (3, 3); got {value!r}.")
    return array


def _camera_matrix(value: Any, name: str) -> tuple[tuple[float, ...], ...]:
    array = _matrix(value, name)
    if not np.array_equal(array[2], (0.0, 0.0, 1.0)):
        raise ValueError(
            f"{name} must have the last row 0 0 1; got {array[2].tolist()}. A matrix in MATLAB's "
            f"convention has to be transposed."
        )
    return tuple(tuple(float(entry) for entry in row) for row in array)


def _rotation(value: Any) -> tuple[tuple[float, ...], ...]:
    array = _matrix(value, "R")
    # Loose enough for matrices that were written down with four digits.
    if not np.allclose(array @ array.T, np.eye(3), atol=1e-3) or np.linalg.det(array) < 0:
        raise ValueError(f"R must be a rotation: orthonormal, determinant 1; got {array.tolist()}.")
    return tuple(tuple(float(entry) for entry in row) for row in array)


def _tuples(value: Any) -> Any:
    """Nested lists as nested tuples, which a frozen dataclass can compare and hash."""
    return tuple(_tuples(entry) for entry in value) if isinstance(value, list) else value


def _vectors(vectors: Sequence[tuple[float, ...] | None], place: torch.device) -> Tensor:
    given = [(0.0, 0.0, 0.0) if vector is None else vector for vector in vectors]
    return torch.tensor(given, dtype=torch.float64).to(place)


def _matrices(
    matrices: Sequence[tuple[tuple[float, ...], ...] | None], place: torch.device
) -> Tensor:
    identity = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    given = [identity if matrix is None else matrix for matrix in matrices]
    return torch.tensor(given, dtype=torch.float64).to(place)


def _given(entries: Sequence[object], place: torch.device) -> Tensor:
    return torch.tensor([entry is not None for entry in entries], dtype=torch.bool).to(place)
