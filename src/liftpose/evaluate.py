"""How far a lifter's poses are from the truth, joint by joint, beside two simple guesses."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from liftpose.lifter.lifter import Lifter
from liftpose.lifter.terms import check_frame
from liftpose.poses import Poses, check_pair
from liftpose.postprocess.evaluation import Evaluation, read_evaluation
from liftpose.postprocess.measures import measure
from liftpose.postprocess.results import Truth, body_length, guesses
from liftpose.skeleton import Skeleton

__all__ = ["Evaluation", "evaluate", "read_evaluation"]

log = logging.getLogger("liftpose")


def evaluate(lifter: Lifter, poses_2d: Poses, poses_3d: Poses, camera: Any = None) -> Evaluation:
    """Lift poses and score them against the truth.

    Parameters
    ----------
    lifter : Lifter
        A fitted one.
    poses_2d, poses_3d : Poses
        Of the same frames. Joints that have names are matched to the lifter's by name.
    camera : as in `Lifter.lift`, optional
        What filmed the 2D.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        Other joints, other frames, or another unit or frame of reference than the lifter's.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> deep = rng.normal(size=(200, 4, 3))
    >>> lifter = Lifter(roots=[0], target_sets=[1, 2, 3], network="ridge")
    >>> lifter = lifter.fit(deep[..., :2], deep)
    >>> given = Poses.from_experiments(deep[..., :2]), Poses.from_experiments(deep)
    >>> sorted(evaluate(lifter, *given).mpjpe)
    ['liftpose', 'mean_pose', 'ridge']
    """
    skeleton = lifter.skeleton_known
    poses_2d, poses_3d = _matched(poses_2d, skeleton), _matched(poses_3d, skeleton)
    if poses_3d.dims != lifter.dims:
        raise ValueError(
            f"the truth has {poses_3d.dims} coordinates a joint; this lifter predicts "
            f"{lifter.dims}. (The 2D comes first, then the truth.)"
        )
    check_frame(poses_3d, lifter.frame, "the truth")
    if None not in (poses_3d.unit, lifter.unit) and poses_3d.unit != lifter.unit:
        raise ValueError(f"the truth is in {poses_3d.unit}, and the lifter gives {lifter.unit}.")
    poses_2d = check_pair(poses_2d, poses_3d, ("the 2D", "the truth"))
    truth = Truth(lifter.sets, poses_2d.sure(lifter.options.min_confidence), poses_3d)
    found = guesses(lifter, poses_2d, camera)
    scores = {name: truth.score(guess) for name, guess in found.items()}
    names = [skeleton.joints[joint] for joint in lifter.sets.targets]
    rotated = truth.one_rotation_away(found["liftpose"])
    if rotated is not None:
        log.warning(
            "the truth differs from the predictions mostly by one rotation of %.1f degrees over "
            "all frames: it stands in another frame.",
            rotated,
        )
    return Evaluation(
        {name: score.mpjpe for name, score in scores.items()},
        {name: score.pa_mpjpe for name, score in scores.items()},
        {
            joint: {name: float(score.per_joint[place]) for name, score in scores.items()}
            for place, joint in enumerate(names)
        },
        lifter.unit or poses_3d.unit,
        body_length(poses_3d.points),
        poses_3d.frames,
        rotated,
        measure(lifter, truth, found, camera),
    )


def run_folder(model: str | os.PathLike[str]) -> Path:
    """Check that a model has test data of its own to be scored on.

    Parameters
    ----------
    model : path-like
        Must be a folder: a lifter alone has none.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        It is a file.
    FileNotFoundError
        It is not there.
    """
    path = Path(model)
    if path.is_file():
        raise ValueError(
            f"{path} is a lifter alone, without test data; name a file of 2D poses and one of the "
            "true 3D poses too."
        )
    if not path.is_dir():
        raise FileNotFoundError(f"there is no folder {path}.")
    return path


def _matched(poses: Poses, skeleton: Skeleton) -> Poses:
    return poses if poses.joints is None else poses.matched(skeleton.joints)
