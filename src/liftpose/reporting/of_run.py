"""What the folder of a run tells: its test, and what its lifter says of the test data."""

from __future__ import annotations

import logging
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.lifter.checkpoint import BEST, EVALUATION, RESULTS, RunFolder, read_lifter
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.normalization import Anchoring
from liftpose.lifter.published import is_published, read_published
from liftpose.plot import read_log_train
from liftpose.poses import Floats, Key, Lifted, Poses
from liftpose.postprocess import load_test_results
from liftpose.postprocess.evaluation import read_evaluation
from liftpose.postprocess.results import Truth, guesses
from liftpose.reporting.gathered import Gathered, called
from liftpose.skeleton import Skeleton

log = logging.getLogger("liftpose")

_SAME = 1e-4  # of the largest coordinate: what a float32 file may lose


def gather_run(folder: Path) -> Gathered:
    """Gather what is known of a run that was tested.

    Parameters
    ----------
    folder : pathlib.Path
        That `liftpose.main.train` wrote, or liftpose 0.22.

    Returns
    -------
    Gathered

    Raises
    ------
    ValueError
        Nothing was tested there; the message says what to type.
    """
    if not (folder / RESULTS).is_file() or not (folder / EVALUATION).is_file():
        raise ValueError(
            f"{folder} was not tested, so that there is nothing to report: `liftpose evaluate "
            f"{folder}` tests on the data that the training set aside, and on others "
            "liftpose.test(folder, test_2d, test_3d) does."
        )
    gt, pred, good = load_test_results(folder)
    evaluation = read_evaluation(folder)
    try:
        training = _log(folder)
    except FileNotFoundError:
        training = ([], [], [])
    if is_published(folder):
        return _of_0_22(folder, gt, pred, good, evaluation, training)
    lifter, _ = read_lifter(folder / BEST)
    skeleton, sets = lifter.skeleton_known, lifter.sets
    content = RunFolder(folder).read(RESULTS, "results")
    targets = sets.targets
    counted = good[:, list(targets)].all(axis=2)
    truth, pose = np.asarray(gt, np.float64), np.asarray(pred, np.float64)
    shown = Gathered(
        folder,
        skeleton,
        targets,
        tuple(content["keys"]),
        tuple(content["lengths"]),
        pose,
        lifter.unit,
        "camera" if lifter.dims == 1 else lifter.frame,
        truth=truth,
        true=_where(truth[:, list(targets)], counted),
        found=pose[:, list(targets)],
        evaluation=evaluation,
        lifter=lifter,
        training=training,
        provenance=lifter.provenance,
    )
    return _with_its_lifter(shown, lifter, RunFolder(folder).read_tests())


def _log(folder: Path) -> tuple[list[int], list[float], list[float]]:
    epochs, _, loss_train, loss_test, _ = read_log_train(folder)
    return epochs, loss_train, loss_test


def _where(points: Floats, counted: Any) -> Floats:
    return np.where(counted[..., None], points, np.nan)


def _of_0_22(
    folder: Path, gt: Floats, pred: Floats, good: Any, evaluation: Any, training: Any
) -> Gathered:
    model = read_published(folder)
    skeleton = Skeleton.unnamed(model.sets.joint_count, model.sets.roots, model.sets.sets)
    keys, lengths = _parts(folder, len(gt))
    targets = list(model.sets.targets)
    counted = good[:, targets].all(axis=2)
    truth, pose = np.asarray(gt, np.float64), np.asarray(pred, np.float64)
    return Gathered(
        folder,
        skeleton,
        model.sets.targets,
        keys,
        lengths,
        pose,
        frame="camera" if model.dims == 1 else None,
        truth=truth,
        true=_where(truth[:, targets], counted),
        found=pose[:, targets],
        evaluation=evaluation,
        training=training,
        unknown=(
            "This run was trained by liftpose 0.22, whose lifters have no linear map to compare "
            "with, no error bars and no verdicts, and name neither joints nor units.",
        ),
    )


def _parts(folder: Path, frames: int) -> tuple[tuple[Key, ...], tuple[int, ...]]:
    """Recordings of results in a 0.22 folder, where our own test wrote them."""
    try:
        content = RunFolder(folder).read(RESULTS, "results")
    except ValueError:
        return ("test data",), (frames,)
    return tuple(content["keys"]), tuple(content["lengths"])


def _with_its_lifter(
    shown: Gathered, lifter: Lifter, tests: tuple[Poses | None, Poses | None]
) -> Gathered:
    """Add what takes the 2D that was tested on: error bars, novelty, and simple guesses."""
    poses_2d, poses_3d = tests
    if poses_2d is None or poses_3d is None or not _same_data(shown, poses_3d):
        return replace(
            shown,
            unknown=(
                "The last test was on other data than those of the training's folder, whose 2D "
                "the folder does not hold: error bars, novelty and occlusion are not known.",
            ),
        )
    about = replace(shown, fps=poses_2d.fps or poses_3d.fps)
    sure = poses_2d.sure(lifter.options.min_confidence)
    about = replace(about, image=np.asarray(sure.points, np.float64))
    try:
        cameras = None if lifter.views is None else lifter.views.of(poses_2d.keys, None)
    except ValueError:
        return replace(
            about,
            unknown=(
                "The cameras that the test was made with are not in the folder: error bars, "
                "novelty and the linear map are not known for each recording.",
            ),
        )
    truth = Truth(lifter.sets, sure, poses_3d)
    made = guesses(lifter, sure)
    count = len(lifter.sets.targets)
    if not _same(truth.results(made["liftpose"]).pred, shown.pose):
        return replace(
            about,
            unknown=(
                "The test was made with another camera, or another version of the lifter, than "
                "is in the folder: error bars and novelty are not known.",
            ),
        )
    lifted = _lifted(lifter, poses_2d)
    return replace(
        about,
        cameras=cameras,
        true=truth.relative,
        found=made["liftpose"][:, :count],
        known=Anchoring(lifter.sets).relative(truth.batch.pose_3d)[:, :count].numpy(),
        beside={name: made[name][:, :count] for name in ("ridge", "mean_pose")},
        spread=_of_three(lifted.spread),
        novelty=lifted.novelty,
        verdicts=lifted.verdicts,
        bars=lifted.bars,
        lifted=lifted,
        unknown=() if lifted.spread is not None else (_NO_BARS,),
    )


_NO_BARS = (
    "This lifter gives no error bars: it had too few frames to hold any out, or is the published "
    "network."
)


def _lifted(lifter: Lifter, poses_2d: Poses) -> Lifted:
    """Lift without warnings: what they say is in the report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return lifter.lift(poses_2d)


def _of_three(spread: Floats | None) -> Floats | None:
    """Spread in three coordinates; where depth alone is lifted, the others are certain."""
    if spread is None or spread.shape[2] == 3:
        return spread
    flat = np.where(np.isnan(spread), np.nan, 0.0)
    return np.concatenate([flat, flat, spread], axis=2)


def _same_data(shown: Gathered, poses_3d: Poses) -> bool:
    return (
        list(map(called, shown.keys)) == list(map(called, poses_3d.keys))
        and shown.lengths == poses_3d.lengths
        and shown.truth is not None
        and _same(poses_3d.given[..., -1:], shown.truth[..., -1:])
    )


def _same(one: Floats, other: Floats) -> bool:
    if one.shape != other.shape:
        return False
    largest = float(np.nanmax(np.abs(other), initial=0.0, where=np.isfinite(other)))
    return bool(np.allclose(one, other, rtol=0, atol=_SAME * largest, equal_nan=True))
