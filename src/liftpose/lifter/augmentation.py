"""Training augmentation: changes of whole batches that keep 2D, 3D, counts and frame consistent.

An augmentation is called with a `Batch` and a CPU generator and gives a new batch; it never writes
into the tensors it was given. The trainer calls the listed augmentations one after the other on
all poses, a thousand at a time and anew in every epoch, before poses are made root-relative and
normalized. NaN means not seen (2D) or not known (3D). All draws are made on the CPU and moved, so
that every device sees the same ones.
"""

import math
import operator
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from liftpose.geometry.bones import bone_order
from liftpose.geometry.camera import Camera, as_camera
from liftpose.geometry.rotation import check_axes_order, from_euler
from liftpose.lifter.batch import Augmentation, Batch
from liftpose.lifter.elsewhere import elsewhere
from liftpose.lifter.physical import (
    SHORTEST,
    BoneTree,
    body_of,
    check_body,
    check_bones,
    check_share,
    moved,
    physical,
    relative_growth,
    tree_of,
)
from liftpose.lifter.projection import seen_from
from liftpose.lifter.viewpoints import (
    Matrix,
    Range,
    Vector,
    angle_ranges,
    as_lens,
    as_rotation,
    as_vector,
    as_visibility,
    per_camera,
    with_distortion,
)
from liftpose.poses import Key
from liftpose.skeleton import Skeleton

__all__ = [
    "Augmentation",
    "Batch",
    "add_noise",
    "elsewhere",
    "perturb_pose",
    "physical",
    "project_to_cam",
    "random_project",
]


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
    dist: Any = None,
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
    dist : dict or sequence, optional
        For each camera that has `intr` its distortion, 4, 5 or 8 coefficients as of
        `liftpose.Camera`; None for none. One list of numbers holds for all cameras. Points beyond
        the reach of the lens get NaN in the 2D.

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

    The statistics that poses are standardised with are taken by `Lifter.fit` and
    `liftpose.main.train` themselves, from at least 20,000 poses that were turned and projected at
    random (`liftpose.preprocess.obtain_projected_stats` is not needed before training).

    Examples
    --------
    >>> ranges = {0: [[-10, 10], [-10, 10], [-10, 10]]}
    >>> augmentation = random_project(eangles=ranges, axsorder="zyx")
    >>> augmentation.makes_2d
    True
    """
    check_axes_order(axsorder)
    ranges = angle_ranges(eangles, len(axsorder))
    cameras = tuple(ranges)
    lenses = per_camera(intr, "intr", cameras, 2, as_lens)
    bent = per_camera(dist, "dist", cameras, 1, lambda given, _: given)
    return _RandomProject(
        cameras=cameras,
        axes_order=axsorder,
        ranges=tuple(ranges.values()),
        visible_joints=per_camera(vis, "vis", cameras, 1, as_visibility),
        translations=per_camera(tvec, "tvec", cameras, 1, as_vector),
        lenses=tuple(
            with_distortion(lens, given, f"dist of camera {camera!r}")
            for camera, lens, given in zip(cameras, lenses, bent, strict=True)
        ),
        norm_2d=None if norm_2d is None else bool(norm_2d),
    )


def perturb_pose(
    perturb: float = 1.0,
    child: Sequence[Iterable[int]] | None = None,
    bones: Iterable[Sequence[int]] | None = None,
    avg_bone_len: Any = None,
    std_bone_len: Any = None,
    *,
    skeleton: Skeleton | None = None,
    spread: float | None = None,
    camera: Any = None,
) -> "_PerturbPose | _PerturbBones":
    """Give every pose bones of other lengths: for animals that differ in size and build.

    The new length of each bone is drawn for each pose from a normal distribution: with the average
    and `perturb` times the standard deviation that are given for it, or, with `spread` alone,
    with the length that it has in the pose and `perturb` times that share of it. Draws that are
    not clearly positive become one hundredth of the average. Bones keep their directions, however
    short they are, and what hangs on a bone moves along with it.

    The 2D moves as the camera shows it, where that is known. Where it is not, one affine (weak
    perspective) camera is fitted for each experiment of the batch from root-relative 3D to
    root-relative 2D over all joints seen in both, and every joint's shift in 3D is carried to the
    image by it.

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
    skeleton : Skeleton, optional
        With `spread`: its bones are the tree, each hanging on the side of its nearest root. Left
        out: the skeleton that is trained with.
    spread : float, optional
        Standard deviation of a bone's length as a share of it, instead of the four arguments from
        `child` on.
    camera : Camera, optional
        What filmed the poses. A lifter that is fitted with cameras gives its own.

    Returns
    -------
    Augmentation
        Needs 3D poses with three coordinates. Where a bone has no direction (an end is not known,
        or it has no length), what hangs on it moves with its near end. Where no joint of an
        experiment has both 2D and 3D, its 2D stays as it is.

    Raises
    ------
    ValueError
        If the tree, bones and lengths do not fit each other or lie outside these ranges, or a
        skeleton has no bones; when checked or called, if they do not fit the joints, or the 3D
        has one coordinate only.
    TypeError
        If neither `spread` nor all of tree, bones and lengths are given, or both.

    Examples
    --------
    >>> augmentation = perturb_pose(
    ...     1.0, child=[[1], [2], []], bones=[(0, 1), (1, 2)],
    ...     avg_bone_len=[1.0, 2.0], std_bone_len=[0.1, 0.2],
    ... )
    >>> augmentation.makes_2d
    False
    >>> leg = Skeleton(["hip", "knee", "toe"], bones=[(0, 1), (1, 2)])
    >>> perturb_pose(skeleton=leg, spread=0.1).makes_2d
    False
    """
    perturb = check_share(perturb, "perturb")
    filmed = None if camera is None else as_camera(camera, "camera")
    measured = (child, bones, avg_bone_len, std_bone_len)
    if spread is not None:
        if any(entry is not None for entry in measured):
            raise TypeError(
                "spread is given beside child, bones, avg_bone_len or std_bone_len; it stands "
                "for all four. Give one or the other."
            )
        check_bones(skeleton, "perturb_pose")
        return _PerturbBones(perturb * check_share(spread, "spread"), skeleton, filmed)
    if child is None or bones is None or avg_bone_len is None or std_bone_len is None:
        raise TypeError(
            "perturb_pose needs child, bones, avg_bone_len and std_bone_len, or spread: the share "
            "by which bones differ, such as perturb_pose(skeleton=skeleton, spread=0.1)."
        )
    if skeleton is not None:
        raise TypeError("skeleton is given beside child and bones; give it with spread alone.")
    tree = BoneTree.of_children(child)
    listed = [tuple(bone) for bone in bones]
    order = bone_order(child, listed)
    pairs = tuple((operator.index(a), operator.index(b)) for a, b in listed)
    average, deviation = _lengths(pairs, avg_bone_len, std_bone_len)
    return _PerturbPose(perturb, tree, order, average, deviation, filmed)


def _lengths(pairs: Sequence[tuple[int, int]], avg_bone_len: Any, std_bone_len: Any) -> Any:
    """Average and standard deviation of every bone, as tuples."""
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
    return _tuples(average.tolist()), _tuples(spread.tolist())


def project_to_cam(
    intr: Any = None,
    R: Any = None,
    tvec: Any = None,
    norm_2d: bool | None = None,
    dist: Any = None,
    *,
    camera: Any = None,
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
    dist : array, shape (4,), (5,) or (8,), optional
        Distortion of the camera, beside `intr`; see `liftpose.Camera`. Points beyond the reach of
        the lens get NaN in the 2D.
    camera : Camera, optional
        All of these at once.

    Returns
    -------
    Augmentation
        Needs 3D poses with three coordinates. With `R` or `camera`, a joint of which not all three
        coordinates count and are finite does not count afterwards, since a rotation mixes them.

    Raises
    ------
    ValueError
        If an argument does not have the shape above, or `R` is no rotation; when called, if the
        3D has one coordinate only.
    TypeError
        If `camera` is given beside a part of one, or is none.

    Examples
    --------
    >>> project_to_cam().makes_2d
    True
    >>> camera = Camera(K=[[900, 0, 320], [0, 900, 240], [0, 0, 1]], t=[0, 0, 10])
    >>> project_to_cam(camera=camera) == project_to_cam(camera.K, camera.R, camera.t)
    True
    """
    if camera is not None:
        given = {"intr": intr, "R": R, "tvec": tvec, "dist": dist}
        beside = [name for name, value in given.items() if value is not None]
        if beside:
            raise TypeError(f"camera is given beside {', '.join(beside)}, which it has itself.")
        whole = as_camera(camera, "camera")
        intr, R, tvec, dist = whole.K, whole.R, whole.t, whole.dist
    lens = None if intr is None else as_lens(intr, "intr")
    return _ProjectToCam(
        lens=with_distortion(lens, dist, "dist"),
        rotation=None if R is None else as_rotation(R, "R"),
        translation=None if tvec is None else as_vector(tvec, "tvec"),
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
    ranges: tuple[tuple[Range, ...], ...]
    visible_joints: tuple[tuple[bool, ...] | None, ...]
    translations: tuple[Vector | None, ...]
    lenses: tuple[Camera | None, ...]
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
        self.check(batch.keys, batch.pose_3d.shape[1])
        _check_three_coordinates(batch, "random_project")
        place = batch.pose_3d.device
        camera = self._draw_cameras(batch, generator)
        low, high = torch.tensor(self.ranges, dtype=torch.float64).to(place)[camera].unbind(-1)
        shape = (len(batch.pose_3d), len(self.axes_order))
        share = torch.rand(shape, generator=generator, dtype=torch.float64).to(place)
        return seen_from(
            batch,
            camera,
            rotation=from_euler(self.axes_order, low + (high - low) * share),
            translations=self.translations,
            lenses=self.lenses,
            visible_joints=self.visible_joints,
        )

    def _draw_cameras(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """Index of each pose's camera: the one its experiment's key names, or a random one.

        One index for all poses where there is one camera.
        """
        if len(self.cameras) == 1:
            return torch.zeros_like(batch.experiment[:1])
        place = batch.experiment.device
        index: dict[Any, int] = {camera: i for i, camera in enumerate(self.cameras)}
        named = [index.get(key[-1], -1) if isinstance(key, tuple) else -1 for key in batch.keys]
        camera = torch.tensor(named, dtype=torch.int64).to(place)[batch.experiment]
        drawn = torch.randint(len(self.cameras), camera.shape, generator=generator).to(place)
        return torch.where(camera < 0, drawn, camera)


@dataclass(frozen=True)
class _PerturbPose:
    """Bones of measured lengths."""

    perturb: float
    tree: BoneTree
    order: tuple[int | None, ...]
    average: tuple[float, ...]
    spread: tuple[float, ...]
    camera: Camera | None
    norm_2d: ClassVar[bool | None] = None
    makes_2d: ClassVar[bool] = False
    moves: ClassVar[bool] = True

    def check(self, keys: Sequence[Key], joint_count: int) -> None:
        if self.tree.joint_count != joint_count:
            raise ValueError(
                f"the list of children has {self.tree.joint_count} entries and the poses have "
                f"{joint_count} joints; it needs one entry for each joint."
            )

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        self.check(batch.keys, batch.pose_3d.shape[1])
        _check_three_coordinates(batch, "perturb_pose")
        average = torch.tensor(self.average, dtype=torch.float64)
        spread = torch.tensor(self.spread, dtype=torch.float64)
        shape = (batch.pose_3d.shape[0], len(self.average))
        normal = torch.randn(shape, generator=generator, dtype=torch.float64)
        wanted = torch.maximum(average + self.perturb * spread * normal, SHORTEST * average)
        growth = self._growth(batch.pose_3d, wanted.to(batch.pose_3d.device))
        return moved(batch, self.tree.shifts(growth), self.camera)

    def _growth(self, pose: Tensor, wanted: Tensor) -> Tensor:
        vectors, lengths = self.tree.vectors(pose)
        growth = torch.zeros_like(vectors)
        # A bone that is not listed has no wanted length, and one without length no direction.
        edges = [edge for edge, position in enumerate(self.order) if position is not None]
        positions = [position for position in self.order if position is not None]
        length = lengths[:, edges]
        share = wanted[:, positions] / torch.where(length > 0, length, torch.inf)
        gained = vectors[:, edges] * (share - 1.0)[..., None]
        growth[:, edges] = torch.where((length > 0)[..., None], gained, 0.0)
        return growth


@dataclass(frozen=True)
class _PerturbBones:
    """Bones of other lengths than they have, by a share."""

    spread: float
    skeleton: Skeleton | None
    camera: Camera | None
    norm_2d: ClassVar[bool | None] = None
    makes_2d: ClassVar[bool] = False
    moves: ClassVar[bool] = True

    def check(self, keys: Sequence[Key], joint_count: int) -> None:
        check_body(self.skeleton, joint_count, "perturb_pose")

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        self.check(batch.keys, batch.pose_3d.shape[1])
        _check_three_coordinates(batch, "perturb_pose")
        skeleton = body_of(self.skeleton, batch, "perturb_pose")
        check_bones(skeleton, "perturb_pose")
        tree = tree_of(skeleton)
        growth = relative_growth(tree, batch.pose_3d, self.spread, generator)
        return moved(batch, tree.shifts(growth), self.camera)


@dataclass(frozen=True)
class _ProjectToCam:
    lens: Camera | None
    rotation: Matrix | None
    translation: Vector | None
    norm_2d: bool | None
    makes_2d: ClassVar[bool] = True

    def check(self, keys: Sequence[Key], joint_count: int) -> None:
        """Fit any experiments and joints."""

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        _check_three_coordinates(batch, "project_to_cam")
        place = batch.pose_3d.device
        turn = None
        if self.rotation is not None:
            turn = torch.tensor(self.rotation, dtype=torch.float64).to(place)[None]
        return seen_from(
            batch,
            torch.zeros(1, dtype=torch.int64, device=place),
            rotation=turn,
            translations=(self.translation,),
            lenses=(self.lens,),
            visible_joints=(None,),
        )


def _check_three_coordinates(batch: Batch, name: str) -> None:
    if batch.pose_3d.shape[-1] != 3:
        raise ValueError(
            f"{name} needs 3D poses with three coordinates; got shape "
            f"{tuple(batch.pose_3d.shape)}. Leave it out where only one coordinate is lifted."
        )


def _tuples(value: Any) -> Any:
    """Nested lists as nested tuples, which a frozen dataclass can compare and hash."""
    return tuple(_tuples(entry) for entry in value) if isinstance(value, list) else value
