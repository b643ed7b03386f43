"""From another rig to the one that a lifter learned on, learned from poses that are not paired.

Another magnification, another angle or another animal shows the same movements as other 2D. What
lies between is taken to be linear, limb by limb: with ``y`` the joints of a target set relative to
their root, flat, ``y_source = y_target M + c``. Which pose of the one rig belongs to which of the
other nobody knows. So each pose is paired with its nearest neighbour in the other rig, in both
directions; the map is fitted to these pairs; and that is repeated with the poses as mapped, until
the pairs stay. It begins with the similarity between the two mean poses (Procrustes).

NaN means not seen, and stays NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.alignment import similarity
from liftpose.geometry.camera import Camera, as_camera
from liftpose.lifter.neighbours import filled, least_squares, moments, nearest
from liftpose.lifter.opt import Options
from liftpose.lifter.terms import as_poses_2d, of_skeleton
from liftpose.poses import Lifted, Poses
from liftpose.skeleton import Skeleton, TargetSets

Array = npt.NDArray[np.float64]

MOST = 1500
"""Poses of each rig that are compared with each other."""

ROUNDS = 60
"""Times that neighbours are looked up at most."""

STIFFNESS = 1.0
"""Pull towards the similarity, as a share of the mean variance of a coordinate.

Measured between two flies of which one walks and the other grooms: less takes the difference in
movement for one of rigs, more hardly changes anything. Where both rigs hold the same poses, 1e-3
finds the map to a percent.
"""


@dataclass(frozen=True, eq=False)
class LimbMap:
    """What takes one limb of the new rig to the source rig.

    Parameters
    ----------
    root : int
        Joint that the others are relative to.
    joints : tuple of int, length K
        They.
    matrix : array, shape (2 K, 2 K)
        Multiplied from the right with flat rows ``x, y, x, y, ...``.
    offset : array, shape (2 K,), pixels
        Added afterwards.
    back, back_offset : array, shape (2 K, 2 K) and (2 K,)
        The other way round, fitted to the same pairs: an inverse would blow up what the pairs do
        not show.
    mean, covariance : array, shape (2 K,) and (2 K, 2 K), pixels
        Of the limb in the new rig: what stands in for joints that are not seen.
    before, after : float, pixels
        Root mean square distance of a coordinate from the nearest neighbour, with the similarity
        of the mean poses alone and with this map.
    """

    root: int
    joints: tuple[int, ...]
    matrix: Array
    offset: Array
    back: Array
    back_offset: Array
    mean: Array
    covariance: Array
    before: float
    after: float

    def apply(self, relative: Array) -> Array:
        """Map rows of shape (N, 2 K), pixels; what is NaN stays NaN."""
        mapped = filled(relative, self.mean, self.covariance) @ self.matrix + self.offset
        return np.where(np.isnan(relative), np.nan, mapped)


@dataclass(frozen=True, eq=False)
class Adaptation:
    """Takes the 2D of a new rig to that of the rig of the source, and lifted poses back.

    Parameters
    ----------
    skeleton : Skeleton
        Of both.
    limbs : tuple of LimbMap
        The target sets, and last, where there are several roots, the roots.
    turn : array, shape (2, 2)
        The similarity of the mean poses, for joints of no target set; multiplied from the right.
    scale : float
        How many times larger the animal is in the source rig's images.
    origin, source_origin : array, shape (2,), pixels
        Mean place of the first root in the new rig (mirrored, if it is) and in the source rig.
    mirror : bool
        Whether the new rig's images are mirrored.
    """

    skeleton: Skeleton
    limbs: tuple[LimbMap, ...]
    turn: Array
    scale: float
    origin: Array
    source_origin: Array
    mirror: bool

    def to_source(self, poses_2d: Any, confidence: Any = None) -> Poses:
        """Show poses of the new rig as the source rig would have.

        Parameters
        ----------
        poses_2d : Poses, array of shape (N, J, 2), dict of such arrays, or dataset
            Pixels of the new rig; NaN = not seen.
        confidence : array, shape (N, J), or dict of such arrays, optional
            Of the 2D.

        Returns
        -------
        Poses
            Pixels of the source rig, which its lifter lifts. Row i is frame i; what is NaN stays
            NaN.

        Raises
        ------
        ValueError, TypeError
            Other joints, or something that is no 2D poses.
        """
        poses = _poses(poses_2d, self.skeleton, confidence)
        points = _mirrored(poses.points.astype(np.float64), self.mirror)
        mapped: Array = (points - self.origin) @ self.turn + self.source_origin
        for limb in self._roots_first():
            relative = limb.apply(_relative(points, limb.root, limb.joints))
            joints = list(limb.joints)
            placed = mapped[:, [limb.root]] + relative.reshape(len(points), -1, 2)
            mapped[:, joints] = np.where(np.isnan(placed), mapped[:, joints], placed)
        return replace(poses, points=mapped, given=mapped)

    def from_source(self, lifted: Lifted, poses_2d: Any, camera: Camera | None = None) -> Lifted:
        """Give lifted poses the proportions and the view of the new rig.

        In the image, each limb goes back by the inverse of the map that brought its 2D; its depth
        is scaled by the mean of that inverse's factors. The animal as a whole keeps its lifted
        size, since 2D says nothing about it.

        Parameters
        ----------
        lifted : Lifted
            What the source rig's lifter made of ``to_source(poses_2d)``.
        poses_2d : as in `to_source`
            The same frames, of the new rig.
        camera : Camera, optional
            Of the source rig, where `lifted` is in the world's frame.

        Returns
        -------
        Lifted
            In the frame of the new rig's camera (turned as it, the root at the origin). Without
            the spread of `lifted`, which holds for the source rig.

        Raises
        ------
        ValueError
            Poses of other frames or joints, depth only, or a camera that is missing.
        TypeError
            Something that is no poses or no camera.
        """
        mapped = np.asarray(self.to_source(poses_2d).points, np.float64)
        position = _towards_camera(lifted, camera, mapped.shape[:2])
        scale = _pixels_per_unit(position, mapped, self.limbs)
        result = np.full_like(position, np.nan)
        first = self.skeleton.sets.roots[0]
        result[:, first] = position[:, first] * 0
        relative_to_root = np.full_like(position, np.nan)
        targets = len(self.skeleton.sets.sets)
        for number, limb in self._numbered_roots_first():
            back = self._limb_back(_relative(position, limb.root, limb.joints), limb, scale)
            result[:, list(limb.joints)] = result[:, [limb.root]] + back
            if number < targets:
                relative_to_root[:, list(limb.joints)] = back
        kind = lifted.position.dtype
        return replace(
            lifted,
            position=_mirrored(result, self.mirror).astype(kind),
            root_relative=_mirrored(relative_to_root, self.mirror).astype(kind),
            frame="camera",
            spread=None,
            hypotheses=None,
        )

    def _limb_back(self, relative: Array, limb: LimbMap, scale: float) -> Array:
        joints = relative.reshape(len(relative), -1, 3)
        image = joints[..., :2].reshape(len(relative), -1)
        image = self.scale * (image @ limb.back + limb.back_offset / scale)
        factor = self.scale * np.abs(np.linalg.det(limb.back)) ** (1 / len(limb.back))
        flat: Array = image.reshape(*joints.shape[:2], 2)
        return np.concatenate([flat, factor * joints[..., 2:]], axis=2)

    def _numbered_roots_first(self) -> Iterator[tuple[int, LimbMap]]:
        """The roots' own map is the last, and places what the others hang on."""
        numbered = list(enumerate(self.limbs))
        yield from numbered[len(self.skeleton.sets.sets) :]
        yield from numbered[: len(self.skeleton.sets.sets)]

    def _roots_first(self) -> Iterator[LimbMap]:
        return (limb for _, limb in self._numbered_roots_first())

    def __repr__(self) -> str:
        names = self.skeleton.joints
        limbs = ", ".join(
            f"{names[limb.root]} {limb.before:.1f} to {limb.after:.1f}" for limb in self.limbs
        )
        mirrored = "mirrored, " if self.mirror else ""
        return (
            f"<Adaptation: {mirrored}scale {self.scale:.3g}; distance from the nearest neighbour, "
            f"px: {limbs}>"
        )


def adapt(
    source_2d: Any,
    target_2d: Any,
    skeleton: Skeleton,
    *,
    mirror: bool = False,
    stiffness: float = STIFFNESS,
    seed: int = 0,
) -> Adaptation:
    """Learn the map from a new rig's 2D to the 2D that a lifter learned on, from unpaired poses.

    Parameters
    ----------
    source_2d : Poses, array of shape (N, J, 2), dict of such arrays, or dataset
        What the lifter learned on, pixels; NaN = not seen.
    target_2d : as `source_2d`, of other frames
        Of the new rig: the same kinds of movement, the animal roughly turned in the image as in
        the source (it may be turned by a constant angle).
    skeleton : Skeleton
        Of the lifter; its roots and target sets are the limbs.
    mirror : bool, default False
        Whether the new rig sees the animal as in a mirror, such as the camera on the other side.
        The joints of the one side must then stand in the places of those of the other.
    stiffness : float, default `STIFFNESS`
        Pull of each map towards the similarity of the mean poses, as a share of the limb's mean
        variance: larger is safer, smaller follows the neighbours further.
    seed : int, default 0
        Of the choice of poses, where there are more than `MOST`.

    Returns
    -------
    Adaptation

    Raises
    ------
    ValueError
        Joints that do not fit the skeleton, a limb seen in fewer than ten poses of one rig, or a
        stiffness that is negative.
    TypeError
        Something that is no poses or no skeleton.

    Notes
    -----
    Neighbours make sense where both rigs hold the same movements. Where the one animal walks and
    the other grooms, the map also takes some of the difference in movement for a difference of
    rigs; `Adaptation` shows the distances before and after, but only 3D shows the gain.

    References
    ----------
    A. Gosztolai et al., "LiftPose3D, a deep learning-based approach for transforming 2D to 3D
    poses in laboratory animals", Nature Methods 18, 2021 (adaptation to another domain).
    P. Besl and N. McKay, "A method for registration of 3-D shapes", IEEE TPAMI 14(2), 1992.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> here = rng.normal(size=(300, 3, 2)) * 10 + [[0, 0], [80, 0], [120, 60]]
    >>> there = 0.5 * here[rng.permutation(300)] + 7
    >>> leg = Skeleton(["hip", "knee", "ankle"], roots=["hip"])
    >>> adapted = adapt(here, there, leg).to_source(0.5 * here + 7)
    >>> bool(np.abs(adapted.points - here).max() < 1)
    True
    """
    if not isinstance(skeleton, Skeleton):
        raise TypeError(f"skeleton is a {type(skeleton).__name__}; expected a liftpose.Skeleton.")
    if not skeleton.sets.roots:
        raise ValueError("the skeleton has no root; give it roots, or bones to find one from.")
    if not stiffness >= 0:
        raise ValueError(f"stiffness is {stiffness}; expected 0 or more.")
    source = np.asarray(_poses(source_2d, skeleton, None, "source_2d").points, np.float64)
    target = np.asarray(_poses(target_2d, skeleton, None, "target_2d").points, np.float64)
    target = _mirrored(target, mirror)
    limbs = _limbs(skeleton.sets)
    for name, points in (("source_2d", source), ("target_2d", target)):
        _check_seen(points, limbs, skeleton, name)
    start = similarity(_mean_pose(target, skeleton.sets), _mean_pose(source, skeleton.sets))
    scale, turn = float(start.scale), np.asarray(start.scale * start.rotation.T, np.float64)
    rng = np.random.default_rng(seed)
    source_some, target_some = _some(source, rng), _some(target, rng)
    maps = tuple(
        _limb_map(
            _relative(target_some, root, joints),
            _relative(source_some, root, joints),
            root,
            joints,
            turn,
            stiffness,
        )
        for root, joints in limbs
    )
    first = skeleton.sets.roots[0]
    return Adaptation(
        skeleton,
        maps,
        turn,
        scale,
        _mean_place(target, first),
        _mean_place(source, first),
        mirror,
    )


def _poses(value: Any, skeleton: Skeleton, confidence: Any, name: str = "poses_2d") -> Poses:
    poses = of_skeleton(as_poses_2d(value, confidence, copy=False, name=name), skeleton, name)
    return poses.sure(Options.min_confidence)


def _mirrored(points: Array, mirror: bool) -> Array:
    if not mirror:
        return points
    sign = np.ones(points.shape[-1])
    sign[0] = -1.0
    return points * sign


def _limbs(sets: TargetSets) -> list[tuple[int, tuple[int, ...]]]:
    """Root and joints of each target set, and of the roots among themselves."""
    limbs = list(zip(sets.roots, sets.sets, strict=True))
    return limbs + ([(sets.roots[0], sets.further_roots)] if sets.further_roots else [])


def _relative(points: Array, root: int, joints: tuple[int, ...]) -> Array:
    return (points[:, list(joints)] - points[:, [root]]).reshape(len(points), -1)


def _check_seen(points: Array, limbs: Any, skeleton: Skeleton, name: str) -> None:
    for root, joints in limbs:
        seen = np.isfinite(points[:, list(joints)] - points[:, [root]]).all(-1).sum(0)
        rarest = int(seen.argmin())
        if seen[rarest] < 10:
            raise ValueError(
                f"{name}: joint {skeleton.joints[joints[rarest]]!r} is seen together with its root "
                f"{skeleton.joints[root]!r} in {seen[rarest]} frames; expected at least 10."
            )


def _mean_pose(points: Array, sets: TargetSets) -> Array:
    """Mean of every joint relative to its root, put together into one pose (J, 2)."""
    pose = np.full((sets.joint_count, 2), np.nan)
    pose[sets.roots[0]] = 0.0
    limbs = _limbs(sets)
    order = limbs[len(sets.sets) :] + limbs[: len(sets.sets)]
    for root, joints in order:
        mean = np.nanmean(_relative(points, root, joints), axis=0)
        pose[list(joints)] = pose[root] + mean.reshape(-1, 2)
    return pose


def _mean_place(points: Array, joint: int) -> Array:
    return np.asarray(np.nanmean(points[:, joint], axis=0), np.float64)


def _some(points: Array, rng: np.random.Generator) -> Array:
    if len(points) <= MOST:
        return points
    return points[np.sort(rng.choice(len(points), MOST, replace=False))]


def _limb_map(
    target: Array,
    source: Array,
    root: int,
    joints: tuple[int, ...],
    turn: Array,
    stiffness: float,
) -> LimbMap:
    """Pair, fit, pair again."""
    target, source = (rows[~np.isnan(rows).all(1)] for rows in (target, source))
    mean, covariance = moments(target)
    whole = filled(target, mean, covariance)
    whole_source = filled(source, *moments(source))
    first: Array = np.kron(np.eye(len(joints)), turn).astype(np.float64)
    matrix, offset = first, np.zeros(len(first))
    pairs, before, after = None, np.nan, np.nan
    for number in range(ROUNDS):
        mapped = np.where(np.isnan(target), np.nan, whole @ matrix + offset)
        (there, near), (back, near_back) = nearest(mapped, source), nearest(source, mapped)
        after = float(np.sqrt(np.concatenate([near, near_back]).mean()))
        before = before if number else after
        found = np.concatenate([there, back])
        if pairs is not None and np.array_equal(found, pairs):
            break
        pairs = found
        rows = np.concatenate([whole, whole[back]])
        goals = np.concatenate([whole_source[there], whole_source])
        matrix, offset = least_squares(rows, goals, first, stiffness)
    back_first = np.kron(np.eye(len(joints)), np.linalg.inv(turn)).astype(np.float64)
    inverse = least_squares(goals, rows, back_first, stiffness)
    return LimbMap(root, joints, matrix, offset, *inverse, mean, covariance, before, after)


def _towards_camera(lifted: Any, camera: Camera | None, expected: tuple[int, ...]) -> Array:
    if not isinstance(lifted, Lifted):
        raise TypeError(f"lifted is a {type(lifted).__name__}; expected what Lifter.lift gives.")
    if lifted.dims != 3:
        raise ValueError("lifted holds depth only; expected poses with x, y and z.")
    if lifted.position.shape[:2] != expected:
        raise ValueError(
            f"lifted has {lifted.frames} frames of {lifted.joint_count} joints and poses_2d has "
            f"{expected[0]} of {expected[1]}; expected the same."
        )
    position = lifted.position.astype(np.float64)
    if lifted.frame == "camera":
        return position
    if camera is None:
        raise ValueError(
            f"lifted is in the frame {lifted.frame!r}; give the source rig's camera=, to turn it "
            "into the direction of the image."
        )
    return position @ as_camera(camera).R.T


def _pixels_per_unit(position: Array, pixels: Array, limbs: tuple[LimbMap, ...]) -> float:
    """How many pixels of the source rig the lifted unit is long, across the image."""
    across = np.concatenate([_relative(position, x.root, x.joints).ravel() for x in limbs])
    shown = np.concatenate([_relative(pixels, x.root, x.joints).ravel() for x in limbs])
    across = across.reshape(-1, 3)[:, :2].ravel()
    both = np.isfinite(across) & np.isfinite(shown)
    norm = float((across[both] ** 2).sum())
    scale = float((across[both] * shown[both]).sum()) / norm if norm > 0 else np.nan
    if not scale > 0:
        raise ValueError(
            "the lifted poses do not look like their 2D in any frame; expected what the source "
            "rig's lifter made of to_source(poses_2d), in the frame of its camera."
        )
    return scale
