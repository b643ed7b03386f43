"""What belongs to lifted poses, row for row and joint for joint: 2D, truth, place and camera."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera
from liftpose.names import closest, listed
from liftpose.poses import Lifted, Poses
from liftpose.poses.given import Key
from liftpose.poses.matching import places_of
from liftpose.poses.pair import FIRST_FRAME

Floats = npt.NDArray[Any]

_ROWS = 256


def one_recording(lifted: Lifted, individual: str | None, name: str) -> Lifted:
    """Choose what is filmed of several individuals or recordings.

    Parameters
    ----------
    lifted : Lifted
    individual : str or None
        Its name; None is the first.
    name : str
        What errors call the file.

    Returns
    -------
    Lifted
        Of one recording.

    Raises
    ------
    ValueError
        There is no such individual.

    Examples
    --------
    >>> still = np.zeros((4, 2, 3), np.float32)
    >>> two = Lifted(still, still, ("a", "b"), (1, 3), individuals=("ann", "bob"))
    >>> one_recording(two, "bob", "lifted.nc").frames
    3
    """
    if individual is None:
        return lifted.only(lifted.keys[0])
    names = lifted.individuals or tuple(map(str, lifted.keys))
    if individual not in names:
        raise ValueError(
            f"{name} has no individual {individual!r}; it has {listed(names)}."
            f"{closest(individual, names)}"
        )
    return lifted.only(lifted.keys[names.index(individual)])


def with_joints(lifted: Lifted, joints: Sequence[str], name: str) -> Lifted:
    """Give lifted poses the joints of a skeleton, in its order.

    Parameters
    ----------
    lifted : Lifted
    joints : sequence of str
    name : str
        What errors call the file.

    Returns
    -------
    Lifted

    Raises
    ------
    ValueError
        A joint that is not there, or names that are missing altogether and another number.

    Examples
    --------
    >>> still = np.zeros((3, 2, 3), np.float32)
    >>> lifted = Lifted(still, still, ("",), (3,), joints=("hip", "knee"))
    >>> with_joints(lifted, ["knee"], "lifted.nc").position.shape
    (3, 1, 3)
    """
    if lifted.joints is None:
        if len(joints) != lifted.joint_count:
            raise ValueError(
                f"{name} has {lifted.joint_count} joints without names, and the skeleton has "
                f"{len(joints)}."
            )
        return replace(lifted, joints=tuple(joints))
    order = places_of(joints, lifted.joints, f"{name} has")

    def taken(table: Floats | None) -> Floats | None:
        return None if table is None else table[:, order]

    return replace(
        lifted,
        position=lifted.position[:, order],
        root_relative=lifted.root_relative[:, order],
        spread=taken(lifted.spread),
        confidence=taken(lifted.confidence),
        hypotheses=None if lifted.hypotheses is None else lifted.hypotheses[:, :, order],
        joints=tuple(joints),
    )


def beside_lifted(poses: Poses, lifted: Lifted, name: str, source: str) -> Poses:
    """Give poses the recording and the joints of what was lifted.

    Parameters
    ----------
    poses : Poses
        2D, or true 3D; of one recording or of several.
    lifted : Lifted
        Of one recording.
    name, source : str
        What errors call the two.

    Returns
    -------
    Poses
        Joints that are not among those of `poses` are NaN.

    Raises
    ------
    ValueError
        Other frames, no recording in common, or no joint.

    Examples
    --------
    >>> still = np.zeros((3, 2, 3), np.float32)
    >>> lifted = Lifted(still, still, ("",), (3,), joints=("hip", "knee"))
    >>> seen = Poses.from_experiments(np.ones((3, 1, 2)), joints=["knee"])
    >>> beside_lifted(seen, lifted, "walk.h5", "lifted.nc").points[0].tolist()
    [[nan, nan], [1.0, 1.0]]
    """
    poses = poses.only(_same_recording(poses, lifted, name, source))
    if poses.frames != lifted.frames:
        raise ValueError(
            f"{name} has {poses.frames:,} frames and {source} {lifted.frames:,}; expected the same "
            "frames in both."
        )
    if poses.joints is None or lifted.joints is None:
        if poses.joint_count != lifted.joint_count:
            raise ValueError(
                f"{name} has {poses.joint_count} joints and {source} {lifted.joint_count}, and not "
                "both name them."
            )
        return poses
    known = [joint for joint in lifted.joints if joint in poses.joints]
    if not known:
        raise ValueError(
            f"{name} and {source} have no joint in common: {listed(poses.joints)}; "
            f"{listed(lifted.joints)}."
        )
    some = poses.matched(known)
    places = [lifted.joints.index(joint) for joint in known]

    def spaced(table: Floats) -> Floats:
        whole = np.full((len(table), lifted.joint_count, *table.shape[2:]), np.nan, table.dtype)
        whole[:, places] = table
        return whole

    return replace(
        some,
        points=spaced(some.points),
        given=spaced(some.given),
        joints=lifted.joints,
        confidence=None if some.confidence is None else spaced(some.confidence),
        extra={},
    )


def _same_recording(poses: Poses, lifted: Lifted, name: str, source: str) -> Key:
    (key,) = lifted.keys
    if len(poses.keys) == 1:
        return poses.keys[0]
    if key in poses.keys:
        return key
    if lifted.individuals and poses.individuals and lifted.individuals[0] in poses.individuals:
        return poses.keys[poses.individuals.index(lifted.individuals[0])]
    raise ValueError(
        f"{name} has the recordings {listed([str(each) for each in poses.keys])}, and none is "
        f"called {str(key)!r} as in {source}."
    )


def is_relative(lifted: Lifted) -> bool:
    """Whether poses stand at their root, and not where the animal was.

    Examples
    --------
    >>> pose = np.array([[[0.0, 0, 0], [1, 2, 3]]] * 4)
    >>> is_relative(Lifted(pose, pose, ("",), (4,)))
    True
    >>> is_relative(Lifted(pose + 1, pose, ("",), (4,)))
    False
    """
    position = lifted.position
    # Few rows show of nearly all joints that they leave the origin; the others are looked at whole.
    maybe, _ = _at_origin(position[:: max(1, len(position) // _ROWS)])
    still, known = _at_origin(position[:, maybe])
    return bool((still & known).any())


def _at_origin(position: Floats) -> tuple[Floats, Floats]:
    """Whether each joint is at the origin wherever it is known, and whether it is known at all."""
    known: Any = np.isfinite(position).all(axis=2)
    still: Any = (position == 0).all(axis=2) | ~known
    return still.all(axis=0), known.any(axis=0)


def beside_truth(lifted: Lifted, truth: Floats, roots: Sequence[int]) -> Lifted:
    """Put poses that stand at their root to where the true ones are.

    Parameters
    ----------
    lifted : Lifted
    truth : array, shape (N, J, 3)
    roots : sequence of int
        Joints whose middle is to be that of the truth; none means all.

    Returns
    -------
    Lifted

    Examples
    --------
    >>> pose = np.array([[[0.0, 0, 0], [2, 0, 0]]])
    >>> moved = beside_truth(Lifted(pose, pose, ("",), (1,)), pose + 5, roots=[0])
    >>> moved.position.tolist()
    [[[5.0, 5.0, 5.0], [7.0, 5.0, 5.0]]]
    """
    away = np.asarray(truth, dtype=float) - lifted.position
    of_roots = away[:, list(roots)] if len(roots) else away
    # Where no root is known, the other joints have to say where the animal is.
    shift = np.where(np.isfinite(of_roots).any(1), _mean(of_roots), _mean(away))
    position = (lifted.position + shift[:, None]).astype(lifted.position.dtype)
    return replace(lifted, position=np.where(np.isnan(shift)[:, None], np.nan, position))


def _mean(values: Floats) -> Floats:
    known = np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(count, np.where(known, values, 0).sum(axis=1), np.nan)
    mean: Floats = total / np.maximum(count, 1)
    return mean


def placed_by(lifted: Lifted) -> Camera | None:
    """Give the camera that poses were placed with, where they say so.

    Examples
    --------
    >>> still = np.zeros((1, 2, 3), np.float32)
    >>> placed_by(Lifted(still, still, ("",), (1,))) is None
    True
    """
    said = lifted.provenance.get("placed_by")
    cameras = [] if said is None else json.loads(said)
    # One an experiment, of which there may have been more than there are here.
    return Camera.from_dict(cameras[0]) if len({str(each) for each in cameras}) == 1 else None


def first_frame_of(lifted: Lifted) -> int | None:
    """Give the picture of the video that row 0 is, where the 2D's file said so.

    Examples
    --------
    >>> still = np.zeros((1, 2, 3), np.float32)
    >>> about = {"poses_2d": json.dumps({"first_frame": "30"})}
    >>> first_frame_of(Lifted(still, still, ("",), (1,), provenance=about))
    30
    """
    inherited = json.loads(lifted.provenance.get("poses_2d", "{}"))
    said = lifted.provenance.get(FIRST_FRAME, inherited.get(FIRST_FRAME))
    return int(said) if said is not None and str(said).isdigit() else None
