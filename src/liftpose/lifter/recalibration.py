"""Error bars of a lifter measured anew, on labelled frames of the animals that it is to lift.

A lifter's own error bars are of frames that it held out of its training data. Of another animal or
rig they may be too narrow or too wide; some frames of which the truth is known tell by how much.
Widths are the quantiles of the errors in spreads there, at a level that is a little higher for
their small number: split conformal prediction with blocks in place of frames (Vovk, Gammerman and
Shafer 2005, "Algorithmic learning in a random world", section 4.2).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from liftpose.lifter.lifter import Lifter
from liftpose.lifter.preparation import as_pair
from liftpose.lifter.terms import check_frame
from liftpose.poses import Bars, Floats, Poses
from liftpose.poses.bars import LEVELS, blocks_for


def recalibrate(
    lifter: Lifter,
    poses_2d: Any,
    poses_3d: Any,
    camera: Any = None,
    confidence: Any = None,
    *,
    mask: Any = None,
    block: int = 1,
    level: float = 0.9,
) -> Lifter:
    """Measure the error bars of a lifter anew, on frames of which the truth is known.

    What it lifts and its spread stay as they are; how many spreads wide its error bars are
    changes.

    Parameters
    ----------
    lifter : Lifter
        Fitted. It is not changed.
    poses_2d : Poses, array of shape (N, J, 2), dict of such arrays, or dataset
        Pixels, of frames that the lifter did not learn from.
    poses_3d : Poses, array of shape (N, J, D), dict of such arrays, or dataset
        The truth, in the lifter's frame and unit; NaN = not known.
    camera, confidence
        As `Lifter.lift` takes them.
    mask : bool array or dict like `poses_3d`, optional
        False where a value does not count.
    block : int
        Frames of an experiment that are counted as one. 1 for frames that were picked to be
        labelled, far from each other; 25 or more for stretches of film.
    level : float
        The highest level that is needed; it says how many blocks have to be given.

    Returns
    -------
    Lifter

    Raises
    ------
    ValueError
        A lifter without error bars, poses that do not fit it or each other or are in another
        frame or unit, or too few blocks for the level.
    TypeError
        Something that is no poses, or no camera.

    References
    ----------
    V. Vovk, A. Gammerman and G. Shafer, *Algorithmic learning in a random world*, Springer 2005.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> pose_3d = rng.normal(size=(400, 5, 3))
    >>> lifter = Lifter(roots=[0], target_sets=[1, 2, 3, 4], network="ridge")
    >>> _ = lifter.fit(pose_3d[:300, :, :2], pose_3d[:300])
    >>> again = recalibrate(lifter, pose_3d[300:, :, :2], pose_3d[300:])
    >>> again.lift(pose_3d[:1, :, :2]).bars.blocks
    100
    """
    known = lifter.skeleton_known
    if lifter.uncertainty is None:
        raise ValueError(
            "this lifter has no error bars to calibrate: it was saved by an earlier version, or "
            "had too few frames to hold any out. Fit it again, on more frames."
        )
    if block < 1:
        raise ValueError(f"block is {block}; expected one frame or more.")
    poses_2d, poses_3d = as_pair(poses_2d, poses_3d, mask, confidence, None, known)
    check_frame(poses_3d, lifter.frame, "poses_3d")
    if None not in (poses_3d.unit, lifter.unit) and poses_3d.unit != lifter.unit:
        raise ValueError(f"poses_3d is in {poses_3d.unit}, and the lifter gives {lifter.unit}.")
    balls, intervals = _scores(lifter, poses_2d, poses_3d, camera)
    labelled = np.isfinite(balls).any(1)
    blocks = _blocks(poses_3d, labelled, block)
    if blocks < blocks_for(level):
        raise ValueError(
            f"error bars of level {level} need {blocks_for(level)} blocks of {block} frame(s) to "
            f"be measured on, and there are {blocks}, of {int(labelled.sum())} frames in which a "
            "target and its root are known and were lifted: label more, or ask for a lower level."
        )
    bars = Bars(_widths(intervals, blocks), _widths(balls, blocks), blocks)
    return lifter.with_members(
        lifter.members,
        lifter.weights,
        lifter.bone_fit,
        replace(lifter.uncertainty, bars=bars),
    )


def _scores(lifter: Lifter, poses_2d: Poses, poses_3d: Poses, camera: Any) -> tuple[Floats, Floats]:
    """Errors in spreads: of joints (N, T), and of coordinates (N, T, D)."""
    lifted = lifter.lift(poses_2d, camera)
    targets, anchors = list(lifter.sets.targets), list(lifter.sets.anchors)
    truth = poses_3d.points[:, targets] - poses_3d.points[:, anchors]
    errors = np.asarray(lifted.root_relative[:, targets] - truth, np.float64)
    # A lifter that was fitted with error bars gives a spread of all that it lifts.
    spread = np.asarray(lifted.spread, np.float64)[:, targets]
    whole = np.isfinite(errors).all(2)
    sizes = np.sqrt(np.square(spread).sum(2))
    balls = np.where(whole, np.linalg.norm(errors, axis=2) / sizes, np.nan)
    return balls, np.abs(errors) / spread


def _blocks(poses: Poses, labelled: Any, block: int) -> int:
    counts = np.bincount(poses.experiment[labelled], minlength=len(poses.keys))
    return int(np.ceil(counts / block).sum())


def _widths(scores: Floats, blocks: int) -> tuple[float, ...]:
    """Quantiles at `LEVELS` of the scores of one block more."""
    levels = np.minimum(np.array(LEVELS) * (1 + 1 / blocks), 1.0)
    known = scores[np.isfinite(scores)]
    return tuple(np.quantile(known, levels, method="higher").tolist())
