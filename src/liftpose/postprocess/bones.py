"""Lifted poses whose bones keep their lengths.

The lengths are those of each animal, found in its own lifted poses. A pose is moved no further than
it has to be, and where it is least sure first; see `liftpose.postprocess.rigid`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera
from liftpose.lifter.opt import Options
from liftpose.lifter.terms import as_poses_2d
from liftpose.lifter.views import Views
from liftpose.names import closest
from liftpose.poses import Lifted, Poses
from liftpose.postprocess.moving import STILL, apart, checked, extent, moved, size
from liftpose.postprocess.placing import PIXEL_NOISE, beside, place, weights
from liftpose.postprocess.rigid import Fitted, Seen, fitted
from liftpose.skeleton import Skeleton

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Pairs = npt.NDArray[np.intp]

_NORMAL = 0.6745  # median of the size of a normal deviate


def fit_bones(
    lifted: Lifted,
    skeleton: Skeleton,
    camera: Any = None,
    poses_2d: Any = None,
    *,
    lengths: Mapping[tuple[str | int, str | int], float] | None = None,
    pixel_noise: float = PIXEL_NOISE,
    confidence: Any = None,
    min_confidence: float = Options.min_confidence,
) -> Lifted:
    """Find the nearest poses that keep the lengths of their bones and explain their 2D.

    Parameters
    ----------
    lifted : Lifted
        N frames. What is near is measured in its `spread`; without one, all coordinates count
        alike.
    skeleton : Skeleton
        Its `rigid` distances are constant or, where it does not say which are, its bones.
    camera : Camera, dict of Camera, or sequence of Camera, optional
        What filmed the 2D: one, or one an experiment.
    poses_2d : Poses, array of shape (N, J, 2), dict of such arrays, or dataset, optional
        Pixels that the poses should project to; NaN = not seen. With a camera only.
    lengths : mapping of pair of joints to float, optional
        Lengths that are known, in the unit of the poses; the others are found in each animal.
    pixel_noise : float
        Standard deviation of the 2D, in pixels.
    confidence : array, shape (N, J), or dict of such arrays, optional
        Weight of each joint's 2D; by default that of the 2D.
    min_confidence : float
        A joint below it counts as not seen.

    Returns
    -------
    Lifted
        With less spread, where `lifted` has one. Joints that are missing stay so.

    Raises
    ------
    TypeError
        Something that is no Lifted, no skeleton, no poses or no camera.
    ValueError
        Fewer than three frames, depth only, joints that differ, a skeleton without bones, a
        length that makes no sense, or a camera without 2D or the other way round.

    Notes
    -----
    The length of a bone is the median over the frames of an individual, or of an experiment where
    individuals have no names. With a spread, a frame counts by how sure the bone's length is in
    it. A lifter that shrinks its poses shrinks them here, too; give `lengths` where they are known.
    The spread that is given back takes lengths for exact, and 2D and pose for independent.

    Examples
    --------
    >>> from liftpose.geometry.bones import bone_lengths
    >>> rng = np.random.default_rng(0)
    >>> leg = Skeleton(["hip", "knee", "foot"], bones=[("hip", "knee"), ("knee", "foot")])
    >>> still = np.array([[0.0, 0, 0], [10, 0, 0], [10, 8, 0]]) + rng.normal(0, 0.5, (50, 3, 3))
    >>> fitted = fit_bones(Lifted(still, still, ("",), (50,), leg.joints), leg)
    >>> bool(bone_lengths(fitted.position, leg.bones).std(axis=0).max() < 0.01)
    True
    """
    lifted = checked(lifted, "fitting bones")
    if lifted.dims != 3:
        raise ValueError("lifted holds depth only; bones need poses with x, y and z.")
    pairs = constant_pairs(lifted, skeleton)
    given = _known_lengths(lengths, pairs, skeleton, lifted)
    if (camera is None) != (poses_2d is None):
        there, lacking = ("camera", "poses_2d") if poses_2d is None else ("poses_2d", "camera")
        raise ValueError(f"{there} is given without {lacking}; give both, or neither.")
    if not 0 < pixel_noise < np.inf:
        raise ValueError(f"pixel_noise is {pixel_noise}; expected pixels, more than 0.")
    pose, way = apart(lifted)
    variance, still = _variance(lifted, pose, pairs)
    found = _lengths(lifted, pose, variance, pairs)
    found = np.where(np.isnan(given), found, given)
    filmed: list[tuple[Camera, Seen]] | None = None
    if camera is not None:
        flat = beside(as_poses_2d(poses_2d, confidence, copy=False), lifted)
        placed = place(replace(lifted, position=pose), flat, camera, min_confidence=min_confidence)
        roots = placed.root if way is None else way[:, 0]
        filmed = _filmed(lifted, roots, flat, camera, min_confidence, pixel_noise)
    starts = np.cumsum([0, *lifted.lengths])
    parts = [
        fitted(pose[a:b], variance[a:b], pairs, found[n], None if filmed is None else filmed[n][1])
        for n, (a, b) in enumerate(pairwise(starts))
    ]
    position = np.where(still, pose, np.concatenate([part.pose for part in parts]))
    if way is not None:
        position = position + _way(lifted, way, parts, filmed)
    spread = None
    if lifted.spread is not None:
        left = np.sqrt(np.concatenate([part.variance for part in parts]))
        spread = np.where(still, lifted.spread, left)
    step = {
        "step": "fit_bones",
        "pairs": [[_named(lifted, joint) for joint in pair] for pair in pairs.tolist()],
        "lengths": [[None if np.isnan(one) else float(one) for one in row] for row in found],
        "reprojected": filmed is not None,
        "not_settled": int(sum((~part.settled).sum() for part in parts)),
    }
    return moved(lifted, position, spread, step)


def constant_pairs(lifted: Lifted, skeleton: Any) -> Pairs:
    """Give the pairs of joints whose distance is constant, as numbers among the lifted joints.

    Parameters
    ----------
    lifted : Lifted
        With all of these joints.
    skeleton : Skeleton
        Its rigid distances, or its bones where it does not say which are rigid.

    Returns
    -------
    array of int, shape (B, 2)

    Raises
    ------
    TypeError
        No skeleton.
    ValueError
        A skeleton without bones, or with joints that were not lifted.
    """
    if not isinstance(skeleton, Skeleton):
        raise TypeError(f"skeleton is a {type(skeleton).__name__}; expected a Skeleton.")
    known = skeleton.bones if skeleton.rigid is None else skeleton.rigid
    if not known:
        lacks = "no bones" if skeleton.rigid is None else "an empty list of rigid distances"
        raise ValueError(
            f"the skeleton has {lacks}; name the bones whose length is constant, such as "
            "Skeleton(joints, bones=[('hip', 'knee')])."
        )
    place = joint_places(lifted, skeleton)
    return np.array([[place[one], place[other]] for one, other in known], np.intp)


def joint_places(lifted: Lifted, skeleton: Skeleton) -> list[int]:
    """Find each joint of a skeleton among those that were lifted.

    Parameters
    ----------
    lifted : Lifted
    skeleton : Skeleton

    Returns
    -------
    list of int
        By name, or one after another where the lifted joints have no names.

    Raises
    ------
    ValueError
        A joint that was not lifted, or another number of joints without names.

    Examples
    --------
    >>> still = np.zeros((3, 2, 3))
    >>> lifted = Lifted(still, still, ("",), (3,), joints=("knee", "hip"))
    >>> joint_places(lifted, Skeleton(["hip", "knee"]))
    [1, 0]
    """
    if lifted.joints is None:
        if skeleton.joint_count != lifted.joint_count:
            raise ValueError(
                f"the skeleton has {skeleton.joint_count} joints and lifted has "
                f"{lifted.joint_count} without names; give the skeleton of the lifter."
            )
        return list(range(lifted.joint_count))
    for joint in skeleton.joints:
        if joint not in lifted.joints:
            raise ValueError(
                f"the skeleton has a joint {joint!r} that was not lifted."
                f"{closest(joint, lifted.joints)}"
            )
    return [lifted.joints.index(joint) for joint in skeleton.joints]


def _named(lifted: Lifted, joint: int) -> str:
    return str(joint) if lifted.joints is None else lifted.joints[joint]


def _known_lengths(lengths: Any, pairs: Pairs, skeleton: Skeleton, lifted: Lifted) -> Array:
    """Lengths that were given, NaN for the others."""
    found = np.full(len(pairs), np.nan)
    if lengths is None:
        return found
    if not isinstance(lengths, Mapping):
        raise TypeError(
            f"lengths is a {type(lengths).__name__}; expected such as {{('hip', 'knee'): 12.5}}."
        )
    places, known = joint_places(lifted, skeleton), [frozenset(pair) for pair in pairs.tolist()]
    for pair, value in lengths.items():
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ValueError(f"lengths: {pair!r} is no pair of joints.")
        ends = frozenset(places[skeleton.index(joint)] for joint in pair)
        if ends not in known:
            raise ValueError(
                f"lengths: {pair[0]!r} and {pair[1]!r} have no constant distance in the skeleton; "
                "add it to its bones or its rigid distances."
            )
        if not 0 < value < np.inf:
            raise ValueError(f"lengths: {pair} is {value}; expected a length above 0.")
        found[known.index(ends)] = value
    return found


def _variance(lifted: Lifted, pose: Array, pairs: Pairs) -> tuple[Array, Bools]:
    """How far each coordinate may move, and which are the origin and may not, (J, 3)."""
    about = size(pose)
    least = (STILL * about) ** 2 or 1.0
    columns = extent(pose.reshape(len(pose), -1)).reshape(pose.shape[1:])
    still: Bools = np.asarray(columns <= STILL * about)
    variance = np.zeros(pose.shape)
    if lifted.spread is not None:
        given = lifted.spread.astype(np.float64)
        usual = np.where(np.isfinite(given).any(0), _medians(given, np.ones_like(given)), np.nan)
        usual = np.where(np.isnan(usual), np.nanmedian([*usual.flat, 0.0]), usual)
        variance = np.where(np.isnan(given), usual, given) ** 2
    variance = np.where(still, 0.0, variance)
    long, told = _told(pose, variance, pairs)
    off = np.abs(long - _medians(long, np.ones_like(long)))
    if np.isfinite(off).any():
        # What bones vary by beyond what the spread tells of, every coordinate has a share in.
        beyond = (np.nanmedian(off) / _NORMAL) ** 2 - np.nanmedian(told[np.isfinite(off)])
        variance = variance + max(float(beyond), 0.0) / 2
    return np.maximum(np.where(still, 0.0, variance), least), still


def _told(pose: Array, variance: Array, pairs: Pairs) -> tuple[Array, Array]:
    """Length of every pair in every frame, and the variance of it."""
    near, far = pairs.T
    vector = pose[:, far] - pose[:, near]
    long = np.linalg.norm(vector, axis=2)
    direction = vector / np.where(long > 0, long, 1.0)[..., None]
    return long, (direction**2 * (variance[:, near] + variance[:, far])).sum(2)


def _lengths(lifted: Lifted, pose: Array, variance: Array, pairs: Pairs) -> Array:
    """Length of every pair in each experiment, (E, B): that of its animal."""
    long, told = _told(pose, variance, pairs)
    # Two joints in one place have no distance to be constant.
    weight = np.where(told > 0, 1 / np.where(told > 0, told, 1.0), 0.0)
    long = np.where(long > 0, long, np.nan)
    animals = lifted.keys if lifted.individuals is None else lifted.individuals
    owner = np.repeat(np.arange(len(animals)), lifted.lengths)
    first = [animals.index(animal) for animal in animals]
    of = {n: np.isin(owner, np.flatnonzero(np.equal(first, n))) for n in set(first)}
    medians = {n: _medians(long[rows], weight[rows]) for n, rows in of.items()}
    return np.array([medians[n] for n in first])


def _medians(values: Array, weight: Array) -> Array:
    """Median over the rows, each counting by its weight; NaN of nothing."""
    if not len(values):
        return np.full(values.shape[1:], np.nan)
    known: Bools = np.asarray(np.isfinite(values))
    order = np.argsort(np.where(known, values, np.inf), axis=0)
    share = np.cumsum(np.take_along_axis(np.where(known, weight, 0.0), order, 0), axis=0)
    row = (share < share[-1] / 2).sum(0)
    middle = np.take_along_axis(np.take_along_axis(values, order, 0), row[None], 0)[0]
    return np.where(known.any(0), middle, np.nan)


def _filmed(
    lifted: Lifted,
    roots: Array,
    poses_2d: Poses,
    camera: Any,
    least: float,
    pixel_noise: float,
) -> list[tuple[Camera, Seen]]:
    """What the camera of each experiment saw."""
    to_world = lifted.frame == "world"
    cameras = Views.resolve(camera, lifted.keys, turns=to_world).of(lifted.keys)
    weight = weights(poses_2d, lifted, least)
    found, start = [], 0
    for one, count in zip(cameras, lifted.lengths, strict=True):
        rows = slice(start, start + count)
        start += count
        rays = one.rays(poses_2d.points[rows].astype(np.float64))
        there = one.world_to_camera(roots[rows]) if to_world else roots[rows]
        placed: Bools = np.asarray(np.isfinite(there).all(1))
        seen: Bools = np.isfinite(rays).all(2) & placed[:, None]
        focal = np.array([one.K[0, 0], one.K[1, 1]])
        sure = np.where(seen, weight[rows], 0.0)[..., None] * (focal / pixel_noise) ** 2
        turn = one.R if to_world else np.eye(3)
        there = np.where(placed[:, None], there, 0.0)
        found.append((one, Seen(turn, np.where(seen[..., None], rays, 0.0), sure, there)))
    return found


def _way(
    lifted: Lifted,
    way: Array,
    parts: Sequence[Fitted],
    filmed: list[tuple[Camera, Seen]] | None,
) -> Array:
    """The way of the root after the fit, (N, 1, 3)."""
    if filmed is None:
        return way
    found = []
    for part, (camera, _) in zip(parts, filmed, strict=True):
        assert part.place is not None
        there = part.place
        found.append(camera.camera_to_world(there) if lifted.frame == "world" else there)
    moved_way = np.concatenate(found)[:, None]
    return np.where(np.isnan(way), way, moved_way)
