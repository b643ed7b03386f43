"""2D and 3D of the same frames and joints."""

from __future__ import annotations

from liftpose.poses.given import called
from liftpose.poses.poses import Poses

FIRST_FRAME = "first_frame"
"""Entry of the provenance: the number that a file gives its first frame, where that is not 0."""

_NUMBERING = ("DeepLabCut", "LightningPose", "Anipose")
"""Software whose files number every frame, so that those that say nothing begin with 0."""


def check_start(poses: Poses, other: Poses, names: tuple[str, str]) -> None:
    """Check that two files do not begin with different frames of the recording.

    Parameters
    ----------
    poses, other : Poses
        As they were read; where one does not say which its first frame is, nothing is known.
    names : tuple of str
        What errors call the two.

    Raises
    ------
    ValueError
        They begin with different frames, so that their rows are not the same frames.

    Examples
    --------
    >>> import numpy as np
    >>> late = Poses.from_experiments(np.zeros((4, 5, 2)), provenance={"first_frame": "3"})
    >>> check_start(late, late, ("a.csv", "b.csv"))
    """
    starts = [_first_frame(each) for each in (poses, other)]
    if None not in starts and starts[0] != starts[1]:
        raise ValueError(
            f"{names[0]} begins with frame {starts[0]} of its recording and {names[1]} with frame "
            f"{starts[1]}: their rows are not the same frames. Fill in the frames that are missing "
            "in front (pandas: table.reindex(range(n))), or cut the other."
        )


def _first_frame(poses: Poses) -> str | None:
    numbered = "0" if poses.source_software in _NUMBERING else None
    return poses.provenance.get(FIRST_FRAME, numbered)


def check_pair(poses_2d: Poses, poses_3d: Poses, names: tuple[str, str]) -> Poses:
    """Check that 2D and 3D are of the same frames and joints.

    Parameters
    ----------
    poses_2d, poses_3d : Poses
        The two, in any order of their experiments.
    names : tuple of str
        What errors call the two.

    Returns
    -------
    Poses
        The 2D, with its experiments in the order of the 3D.

    Raises
    ------
    ValueError
        An experiment in one only, or other numbers of frames or joints.
    """
    for ours, theirs, name, other in (
        (poses_2d, poses_3d, names[0], names[1]),
        (poses_3d, poses_2d, names[1], names[0]),
    ):
        alone = [key for key in ours.keys if key not in theirs.keys]
        if alone:
            raise ValueError(
                f"{called(alone[0])} is in {name} but not in {other}. "
                "Each experiment needs both 2D and 3D."
            )
    if poses_2d.joints and poses_3d.joints:
        poses_2d = poses_2d.matched(poses_3d.joints)
    if poses_2d.joint_count != poses_3d.joint_count:
        raise ValueError(
            f"{names[0]} has {poses_2d.joint_count} joints and {names[1]} has "
            f"{poses_3d.joint_count}. Both need the same joints in the same order; fill joints "
            "one of them lacks with NaN."
        )
    for key, length in zip(poses_2d.keys, poses_2d.lengths, strict=True):
        other_length = poses_3d.lengths[poses_3d.keys.index(key)]
        if length != other_length:
            raise ValueError(
                f"{called(key)}: {names[0]} has {length} frames and {names[1]} has "
                f"{other_length}. Each experiment needs the same frames in both; trim one, or pass "
                "NaN rows for the frames without 3D."
            )
    return poses_2d.in_order_of(poses_3d)
