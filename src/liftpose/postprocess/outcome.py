"""What a run was tested on, what its lifter made of it, and how sure it was."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from liftpose import metrics
from liftpose.lifter.checkpoint import EVALUATION, RESULTS, RunFolder, load
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.published import is_published, read_published
from liftpose.poses import Bars, Floats, Key, Lifted
from liftpose.postprocess.results import Bools, Truth, body_length, load_test_results
from liftpose.skeleton import Skeleton

_SAME = 1e-4  # of the largest coordinate: what a file of single precision may lose


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was tested and found: J joints in N frames, T of them targets.

    Parameters
    ----------
    folder : pathlib.Path
        Of the run.
    skeleton : Skeleton
        Of all joints; of a run of 0.22, without names.
    targets : tuple of int, length T
        Joints that count in the errors.
    given, placed : array, shape (N, J, 3)
        The truth as it was given, and what was lifted, its roots where the truth has them.
    truth, prediction : array, shape (N, T, D)
        Targets: the truth where it counts, else NaN; and what was lifted.
    keys : tuple
        Name of each recording.
    lengths : tuple of int
        Frames of each.
    unit : str or None
        Of all lengths.
    dims : int
        3, or 1 where depth alone is lifted and the 2D stands beside it.
    body_length : float or None
        Of the true poses, see `liftpose.postprocess.results.body_length`; None where not known.
    lifter : Lifter, optional
        That of the run; None of a run of 0.22.
    tested : Truth, optional
        The 2D that was lifted, as far as it was sure, and the truth; None where the folder does
        not hold what the last test was on.
    lifted : Lifted, optional
        The same 2D, lifted again; None where nobody asked, see `lift_again`. Targets are relative
        to their roots then.
    """

    folder: Path
    skeleton: Skeleton
    targets: tuple[int, ...]
    given: Floats
    placed: Floats
    truth: Floats
    prediction: Floats
    keys: tuple[Key, ...]
    lengths: tuple[int, ...]
    unit: str | None = None
    dims: int = 3
    body_length: float | None = None
    lifter: Lifter | None = None
    tested: Truth | None = None
    lifted: Lifted | None = None

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the targets, T of them."""
        return tuple(self.skeleton.joints[joint] for joint in self.targets)

    @property
    def spread(self) -> Floats | None:
        """One standard deviation of each coordinate of the targets, (N, T, D)."""
        if self.lifted is None or self.lifted.spread is None:
            return None
        return np.asarray(self.lifted.spread, dtype=np.float64)[:, list(self.targets)]

    @property
    def bars(self) -> Bars | None:
        """How many spreads wide error bars are."""
        return None if self.lifted is None else self.lifted.bars

    @property
    def seen(self) -> Bools | None:
        """Which joints were seen in the 2D, (N, J)."""
        if self.tested is None:
            return None
        return np.asarray(np.isfinite(self.tested.poses_2d.points).all(axis=2))

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
        Nothing is lifted again for it.

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
    lifter, tested, unit, known = None, None, None, np.where(good, gt, np.nan)
    if is_published(path):
        model = read_published(path)
        sets, dims = model.sets, model.dims
        skeleton = Skeleton.unnamed(sets.joint_count, sets.roots, sets.sets)
    else:
        lifter = load(path)
        sets, dims, unit = lifter.sets, lifter.dims, lifter.unit
        skeleton = lifter.skeleton_known
        tested = _tested(path, lifter, keys, lengths, gt)
        known = known if tested is None else tested.poses_3d.points
    targets = list(sets.targets)
    counted = good[:, targets].all(axis=2, keepdims=True)
    length = body_length(known)
    return Outcome(
        path,
        skeleton,
        sets.targets,
        np.asarray(gt, dtype=np.float64),
        np.asarray(found, dtype=np.float64),
        np.where(counted, gt[:, targets], np.nan),
        np.asarray(found[:, targets], dtype=np.float64),
        keys,
        lengths,
        unit,
        dims,
        length if length > 0 else None,
        lifter,
        tested,
    )


def lift_again(found: Outcome) -> Outcome:
    """Lift the 2D of a test again, to know what its lifter says of it.

    Parameters
    ----------
    found : Outcome
        See `read_outcome`.

    Returns
    -------
    Outcome
        With what was lifted, which has a spread where the lifter gives one.

    Raises
    ------
    ValueError
        The run is one of 0.22; or the last test was of other data than the folder holds, or with
        other cameras.
    """
    lifter, tested = found.lifter, found.tested
    if lifter is None:
        raise ValueError(
            f"{found.folder} was trained by liftpose 0.22, whose lifters have no error bars."
        )
    if tested is None:
        raise ValueError(_other_data(found.folder))
    try:
        with warnings.catch_warnings():
            # Whoever tested it was told of what is unlike the training data.
            warnings.simplefilter("ignore", UserWarning)
            lifted = lifter.lift(tested.poses_2d, on_unreached=lambda lost: None)
    except ValueError as reason:
        raise ValueError(_other_data(found.folder)) from reason
    relative = np.asarray(lifted.root_relative, dtype=np.float64)[:, list(found.targets)]
    was = metrics.joint_errors(found.truth, found.prediction)
    now = metrics.joint_errors(tested.relative, relative)
    if not np.allclose(was, now, rtol=0, atol=_SAME * _largest(found.truth), equal_nan=True):
        raise ValueError(_other_data(found.folder))
    return replace(found, truth=tested.relative, prediction=relative, lifted=lifted)


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
        The lifter gives no spread; or as of `lift_again`.
    """
    found = lift_again(read_outcome(folder))
    if found.spread is None:
        raise ValueError(
            f"the lifter in {found.folder} gives no error bars: it had too few frames to hold any "
            "out. Train it on more."
        )
    return found


def _tested(
    path: Path, lifter: Lifter, keys: tuple[Key, ...], lengths: tuple[int, ...], gt: Floats
) -> Truth | None:
    """What the folder holds to test on, where that is what was tested on."""
    poses_2d, poses_3d = RunFolder(path).read_tests()
    if poses_2d is None or poses_3d is None:
        return None
    if (tuple(map(str, poses_3d.keys)), poses_3d.lengths) != (tuple(map(str, keys)), lengths):
        return None
    # Where depth alone is lifted, results have the 2D beside it.
    if not _same(poses_3d.given[..., -1:], gt[..., -1:]):
        return None
    return Truth(lifter.sets, poses_2d.sure(lifter.options.min_confidence), poses_3d)


def _same(one: Floats, other: Floats) -> bool:
    if one.shape != other.shape:
        return False
    return bool(np.allclose(one, other, rtol=0, atol=_SAME * _largest(other), equal_nan=True))


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
    return float(np.nanmax(np.abs(points), initial=0.0, where=np.isfinite(points)))
