"""What a run was tested on, what its lifter made of it, and how sure it was."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from liftpose import metrics
from liftpose.lifter.checkpoint import EVALUATION, RESULTS, RunFolder, load
from liftpose.lifter.published import is_published, read_published
from liftpose.poses import Bars, Floats, Key
from liftpose.postprocess.measures import lifted_with_spread
from liftpose.postprocess.results import Bools, Truth, body_length, load_test_results

_SAME = 1e-4  # of the largest coordinate: what a file of single precision may lose


@dataclass(frozen=True, eq=False)
class Outcome:
    """Targets of a test, T of them in N frames.

    Parameters
    ----------
    joints : tuple of str, length T
        Their names.
    truth, prediction : array, shape (N, T, D)
        Truth where it counts, else NaN; and what was lifted.
    keys : tuple
        Name of each recording.
    lengths : tuple of int
        Frames of each.
    unit : str or None
        Of all lengths.
    body_length : float or None
        Of the true poses, see `liftpose.postprocess.results.body_length`; None where not known.
    spread : array, shape (N, T, D), or None
        One standard deviation of each coordinate; None where nobody asked, see `judge_outcome`.
    bars : Bars or None
        How many spreads wide error bars are.
    seen : array of bool, shape (N, J), or None
        Joints that were seen in the 2D; None where nobody asked.
    """

    joints: tuple[str, ...]
    truth: Floats
    prediction: Floats
    keys: tuple[Key, ...]
    lengths: tuple[int, ...]
    unit: str | None = None
    body_length: float | None = None
    spread: Floats | None = None
    bars: Bars | None = None
    seen: Bools | None = None

    @property
    def errors(self) -> Floats:
        """Distance of each target from its truth, (N, T); NaN where it does not count."""
        return np.asarray(metrics.joint_errors(self.truth, self.prediction))


def was_tested(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder holds the results of a test against a truth.

    Parameters
    ----------
    folder : path-like
        Of a run, or one that `liftpose` 0.22 tested in.

    Returns
    -------
    bool
    """
    path = Path(folder)
    return (path / RESULTS).is_file() and (is_published(path) or (path / EVALUATION).is_file())


def read_outcome(folder: str | os.PathLike[str]) -> Outcome:
    """Read the results of a run's last test.

    Parameters
    ----------
    folder : path-like
        Of a run, or one that `liftpose` 0.22 tested in.

    Returns
    -------
    Outcome
        Without spread.

    Raises
    ------
    FileNotFoundError
        Nothing was tested in it.
    ValueError
        A file that is truncated or something else.
    """
    path = Path(folder)
    gt, found, good = load_test_results(path)
    keys, lengths = _recordings(path, len(gt))
    unit, known = None, np.where(good, gt, np.nan)
    if is_published(path):
        sets = read_published(path).sets
        joints = tuple(map(str, sets.targets))
    else:
        lifter = load(path)
        sets, unit = lifter.sets, lifter.unit
        joints = tuple(lifter.skeleton_known.joints[joint] for joint in sets.targets)
        truth = RunFolder(path).read_tests()[1]
        known = known if truth is None else truth.points
    targets = list(sets.targets)
    counted = good[:, targets].all(axis=2, keepdims=True)
    length = body_length(known)
    return Outcome(
        joints,
        np.where(counted, gt[:, targets], np.nan),
        np.asarray(found[:, targets], dtype=np.float64),
        keys,
        lengths,
        unit,
        length if length > 0 else None,
    )


def judge_outcome(folder: str | os.PathLike[str]) -> Outcome:
    """Read the results of a run's last test, and lift its 2D again to know how sure it was.

    Parameters
    ----------
    folder : path-like
        Of a run.

    Returns
    -------
    Outcome
        With spread, and which joints were seen.

    Raises
    ------
    FileNotFoundError
        Nothing was tested in it.
    ValueError
        The lifter gives no spread; or the last test was of other data than the folder holds, or
        with other cameras.
    """
    path, found = Path(folder), read_outcome(folder)
    if is_published(path):
        raise ValueError(f"{path} was trained by liftpose 0.22, whose lifters have no error bars.")
    lifter = load(path)
    poses_2d, poses_3d = RunFolder(path).read_tests()
    if poses_2d is None or poses_3d is None or poses_3d.lengths != found.lengths:
        raise ValueError(_other_data(path))
    truth = Truth(lifter.sets, poses_2d.sure(lifter.options.min_confidence), poses_3d)
    targets = list(lifter.sets.targets)
    with warnings.catch_warnings():
        # Whoever tested it was told of what is unlike the training data.
        warnings.simplefilter("ignore", UserWarning)
        lifted = lifted_with_spread(lifter, truth.poses_2d)
    if lifted is None or lifted.spread is None:
        raise ValueError(
            f"the lifter in {path} gives no error bars: it had too few frames to hold any out. "
            "Train it on more."
        )
    relative = np.asarray(lifted.root_relative, dtype=np.float64)[:, targets]
    was = metrics.joint_errors(found.truth, found.prediction)
    now = metrics.joint_errors(truth.relative, relative)
    if not np.allclose(was, now, rtol=0, atol=_SAME * _largest(found.truth), equal_nan=True):
        raise ValueError(_other_data(path))
    return replace(
        found,
        truth=truth.relative,
        prediction=relative,
        spread=np.asarray(lifted.spread, dtype=np.float64)[:, targets],
        bars=lifted.bars,
        seen=np.asarray(np.isfinite(truth.poses_2d.points).all(axis=2)),
    )


def _recordings(path: Path, frames: int) -> tuple[tuple[Key, ...], tuple[int, ...]]:
    """Names and lengths of the recordings; one, where a test of 0.22 did not keep them."""
    try:
        content = RunFolder(path).read(RESULTS, "results")
    except ValueError:
        if is_published(path):
            return ("test",), (frames,)
        raise
    return tuple(content["keys"]), tuple(content["lengths"])


def _other_data(path: Path) -> str:
    return (
        f"the last test in {path} was of other data than the folder holds, or with other cameras "
        "than its lifter knows: how sure the lifter was of them cannot be found again. "
        f"`liftpose evaluate {path}` prints what was measured."
    )


def _largest(points: Floats) -> float:
    return float(np.nanmax(np.abs(points), initial=0.0))
