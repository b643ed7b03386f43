"""What the folder of a run tells: its test, and what its lifter says of the test data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from liftpose.lifter.checkpoint import EVALUATION, RESULTS
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.normalization import Anchoring
from liftpose.plot import read_log_train
from liftpose.poses import Floats
from liftpose.postprocess.evaluation import read_evaluation
from liftpose.postprocess.outcome import Outcome, lift_again, read_outcome
from liftpose.postprocess.results import Truth
from liftpose.reporting.gathered import Gathered

_OF_0_22 = (
    "This run was trained by liftpose 0.22, whose lifters have no linear map to compare with, no "
    "error bars and no verdicts, and name neither joints nor units."
)
_NO_BARS = (
    "This lifter gives no error bars: it had too few frames to hold any out, or is the published "
    "network."
)


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
    found = read_outcome(folder)
    frame = None if found.lifter is None else found.lifter.frame
    shown = Gathered(
        folder,
        found.skeleton,
        found.targets,
        found.keys,
        found.lengths,
        found.placed,
        found.unit,
        "camera" if found.dims == 1 else frame,
        truth=found.given,
        true=found.truth,
        found=found.prediction,
        evaluation=read_evaluation(folder),
        training=_log(folder),
    )
    if found.lifter is None:
        return replace(shown, unknown=(_OF_0_22,))
    shown = replace(shown, lifter=found.lifter, provenance=found.lifter.provenance)
    if found.tested is not None:
        flat, deep = found.tested.poses_2d, found.tested.poses_3d
        image = np.asarray(flat.points, np.float64)
        shown = replace(shown, image=image, fps=flat.fps or deep.fps)
    try:
        again = lift_again(found)
    except ValueError as reason:
        return replace(shown, unknown=(_sentence(reason),))
    assert again.tested is not None
    return _with_its_lifter(shown, again, found.lifter, again.tested)


def _sentence(reason: Exception) -> str:
    words = str(reason)
    return words[0].upper() + words[1:]


def _log(folder: Path) -> tuple[list[int], list[float], list[float]]:
    try:
        epochs, _, loss_train, loss_test, _ = read_log_train(folder)
    except FileNotFoundError:
        return [], [], []
    return epochs, loss_train, loss_test


def _with_its_lifter(shown: Gathered, again: Outcome, lifter: Lifter, tested: Truth) -> Gathered:
    """Add what the lifter says of the 2D that was tested on, and simple guesses."""
    flat, count = tested.poses_2d, len(again.targets)
    lifted = again.lifted
    assert lifted is not None
    beside = {
        "ridge": lifter.relative(flat, linear_only=True),
        "mean_pose": lifter.mean_pose(flat),
    }
    return replace(
        shown,
        cameras=None if lifter.views is None else tuple(lifter.views.of(flat.keys, None)),
        true=again.truth,
        found=again.prediction,
        known=Anchoring(lifter.sets).relative(tested.batch.pose_3d)[:, :count].numpy(),
        beside={name: guess[:, :count] for name, guess in beside.items()},
        spread=_of_three(lifted.spread),
        novelty=lifted.novelty,
        verdicts=lifted.verdicts,
        bars=lifted.bars,
        lifted=lifted,
        unknown=() if lifted.spread is not None else (_NO_BARS,),
    )


def _of_three(spread: Floats | None) -> Floats | None:
    """Spread in three coordinates; where depth alone is lifted, the others are certain."""
    if spread is None or spread.shape[2] == 3:
        return spread
    flat = np.where(np.isnan(spread), np.nan, 0.0)
    return np.concatenate([flat, flat, spread], axis=2)
