"""The results of a test: scored against the truth, written, and loaded again."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from liftpose import metrics
from liftpose.geometry.alignment import one_rotation
from liftpose.lifter.batch import Batch
from liftpose.lifter.checkpoint import EVALUATION, RESULTS, RunFolder, versions
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.normalization import Anchoring, counted_values
from liftpose.lifter.preparation import as_batch
from liftpose.lifter.published import is_published, read_published_results
from liftpose.poses import Floats, Key, Poses
from liftpose.skeleton.target_sets import TargetSets

Bools = npt.NDArray[np.bool_]


class Model(Protocol):
    """Anything that lifts: ours, or one read from a folder of 0.22."""

    @property
    def sets(self) -> TargetSets:
        """Roots and targets."""

    def relative(self, points: Floats) -> Floats:
        """Joints relative to their anchors, (N, T + R, D), of 2D points (N, J, 2)."""


@dataclass(frozen=True)
class Results:
    """Predictions beside the truth, in its frame and unit.

    Parameters
    ----------
    gt, pred : array, shape (N, J, 3)
        Truth as the caller gave it, and prediction, its roots where the truth has them. Where
        depth alone is lifted, the 2D stands beside it.
    good_keypts : bool array, shape (N, J, 3)
        What counts in the errors.
    keys, lengths : tuple
        The experiments, one after another.
    """

    gt: Floats
    pred: Floats
    good_keypts: Bools
    keys: tuple[Key, ...]
    lengths: tuple[int, ...]


@dataclass(frozen=True)
class Scores:
    """Errors of one set of predictions, in the data's unit.

    Parameters
    ----------
    mpjpe, pa_mpjpe : float
        Mean distance of the targets from the truth, both relative to their roots; and of all
        joints after the best rotation, translation and scale of each frame (NaN for depth).
    per_joint : array, shape (T,)
        Mean distance of each target.
    """

    mpjpe: float
    pa_mpjpe: float
    per_joint: Floats


@dataclass(frozen=True, eq=False)
class Truth:
    """What predictions are scored against.

    Parameters
    ----------
    sets : TargetSets
        Roots and targets.
    poses_2d : Poses
        What was lifted.
    poses_3d : Poses
        The truth; NaN where there is none.
    """

    sets: TargetSets
    poses_2d: Poses
    poses_3d: Poses

    @cached_property
    def batch(self) -> Batch:
        """All of it as tensors, masked values taken out but for roots."""
        return as_batch(self.poses_2d, self.poses_3d, self.sets)

    @cached_property
    def counted(self) -> Bools:
        """What counts of the targets, shape (N, T, D)."""
        batch = self.batch
        counts = counted_values(Anchoring(self.sets), batch.pose_2d, batch.pose_3d, batch.counts)
        counted: Bools = counts[:, : len(self.sets.targets)].numpy()
        return counted

    @cached_property
    def relative(self) -> Floats:
        """True targets relative to their roots, (N, T, D); NaN where they do not count."""
        relative = Anchoring(self.sets).relative(self.batch.pose_3d)[:, : len(self.sets.targets)]
        return np.where(self.counted, relative.numpy(), np.nan)

    def results(self, relative: Floats) -> Results:
        """Put relative predictions where the truth has the roots.

        Parameters
        ----------
        relative : array, shape (N, T + R, D)
            Joints relative to their anchors.

        Returns
        -------
        Results
        """
        guess = torch.from_numpy(np.array(relative))
        placed = Anchoring(self.sets).place(guess, self.batch.pose_3d).numpy()
        placed[np.isnan(relative[:, : len(self.sets.targets)]).all((1, 2))] = np.nan
        good = np.zeros(self.poses_3d.points.shape, dtype=bool)
        good[:, list(self.sets.targets)] = self.counted
        gt = self.poses_3d.given
        if self.poses_3d.dims == 1:
            flat = self.poses_2d.given
            gt, placed = np.concatenate([flat, gt], 2), np.concatenate([flat, placed], 2)
            good = np.repeat(good, 3, axis=2)
        return Results(gt, placed, good, self.poses_3d.keys, self.poses_3d.lengths)

    def mpjpe(self, relative: Floats) -> float:
        """Mean distance of the targets, both relative to their roots."""
        return float(metrics.mpjpe(self.relative, relative[:, : len(self.sets.targets)]))

    def pa_mpjpe(self, relative: Floats) -> float:
        """Mean distance of roots and targets after the best similarity of each frame.

        NaN where depth alone is lifted.
        """
        if self.poses_3d.dims == 1:
            return float("nan")
        results, roots = self.results(relative), list(self.sets.roots)
        body = sorted({*self.sets.targets, *roots})
        whole = np.where(results.good_keypts, results.gt, np.nan)
        anchors = self.batch.pose_3d.numpy()[:, roots]
        whole[:, roots] = np.where(np.isnan(whole[:, roots]), anchors, whole[:, roots])
        return float(metrics.pa_mpjpe(whole[:, body], results.pred[:, body]))

    def score(self, relative: Floats) -> Scores:
        """Score relative predictions.

        Parameters
        ----------
        relative : array, shape (N, T + R, D)
            Joints relative to their anchors.

        Returns
        -------
        Scores
        """
        guess = relative[:, : len(self.sets.targets)]
        per_joint = np.asarray(metrics.mpjpe(self.relative, guess, per_joint=True))
        return Scores(self.mpjpe(relative), self.pa_mpjpe(relative), per_joint)

    def one_rotation_away(self, relative: Floats) -> float | None:
        """Angle of the one rotation that would explain most of the error, if there is one.

        Parameters
        ----------
        relative : array, shape (N, T + R, D)
            Joints relative to their anchors.

        Returns
        -------
        float or None
            Degrees; None where no single rotation of all frames at least halves the error.
        """
        truth, guess = self.relative, relative[:, : len(self.sets.targets)]
        if self.poses_3d.dims != 3 or not np.isfinite(truth).any():
            return None
        found = one_rotation(guess, truth)
        cosine = np.clip((np.trace(found.rotation) - 1) / 2, -1, 1)
        return float(np.degrees(np.arccos(cosine))) if found.after < 0.5 * found.before else None


def guesses(model: Model, poses_2d: Poses, camera: Any = None) -> dict[str, Floats]:
    """Lift poses, and make the two simple guesses that a lifter is to be compared with.

    Parameters
    ----------
    model : Lifter, or one read from a folder of 0.22
        Those of 0.22 have no ridge, and stand alone.
    poses_2d : Poses
        What is lifted.
    camera : as in `liftpose.Lifter.lift`, optional
        What filmed it.

    Returns
    -------
    dict of str to array, shape (N, T + R, D)
        Joints relative to their anchors: ``liftpose``, ``ridge`` and ``mean_pose``.
    """
    if not isinstance(model, Lifter):
        return {"liftpose": model.relative(poses_2d.points)}
    return {
        "liftpose": model.relative(poses_2d, camera),
        "ridge": model.relative(poses_2d, camera, linear_only=True),
        "mean_pose": model.mean_pose(poses_2d, camera),
    }


def body_length(points: Floats) -> float:
    """Length of a body that errors can be compared with.

    Parameters
    ----------
    points : array, shape (N, J, D)
        Poses; NaN where a joint is not known.

    Returns
    -------
    float
        The median over the frames of the largest distance between two joints, in the unit of the
        poses; NaN where no frame has two. Of many frames, 2000 evenly spaced ones are taken.

    Examples
    --------
    >>> body_length(np.array([[[0, 0, 0], [3, 0, 0], [3, 4, 0]]]))
    5.0
    """
    some = points[:: max(1, len(points) // 2000)]
    largest = np.full(len(some), -1.0)
    for joint in range(some.shape[1]):
        apart = np.linalg.norm(some - some[:, joint : joint + 1], axis=2)
        apart[:, joint] = np.nan
        largest = np.fmax(largest, np.fmax.reduce(apart, axis=1))
    known = largest[largest >= 0]
    return float(np.median(known)) if len(known) else float("nan")


def write_results(folder: RunFolder, results: Results) -> None:
    """Write the results of a test, in place of earlier ones."""
    folder.write(
        RESULTS,
        "results",
        {
            "gt": torch.tensor(results.gt),
            "pred": torch.tensor(results.pred),
            "good_keypts": torch.tensor(results.good_keypts),
            "keys": list(results.keys),
            "lengths": list(results.lengths),
        },
    )


def write_evaluation(
    folder: RunFolder,
    truth: Truth,
    scores: dict[str, Scores],
    split: dict[str, Any],
    measures: dict[str, Any],
) -> None:
    """Write the errors of several predictions side by side.

    Parameters
    ----------
    folder : RunFolder
        Where to.
    truth : Truth
        What was scored against.
    scores : dict of str to Scores
        Of ours, the ridge, the mean pose.
    split : dict
        What was trained, held out and tested on.
    measures : dict
        What is measured beside; see `liftpose.postprocess.measures.Measures.as_dict`.
    """
    per_joint = {
        str(joint): {name: float(score.per_joint[place]) for name, score in scores.items()}
        for place, joint in enumerate(truth.sets.targets)
    }
    folder.write_json(
        EVALUATION,
        "evaluation",
        {
            "mpjpe": {name: score.mpjpe for name, score in scores.items()},
            "pa_mpjpe": {name: score.pa_mpjpe for name, score in scores.items()},
            "mpjpe_per_joint": per_joint,
            **measures,
            "counted_values": int(truth.counted.sum()),
            "split": split,
            "versions": versions(),
        },
    )


def read_evaluation(folder: Path) -> dict[str, Any]:
    """Read ``evaluation.json`` of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Of a run.

    Returns
    -------
    dict
        As `write_evaluation` wrote it.

    Raises
    ------
    FileNotFoundError
        Nothing was scored there.
    ValueError
        It is something else.
    """
    path = folder / EVALUATION
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} has no {EVALUATION}: nothing was tested there, or there is no truth to "
            "score against."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] == "liftpose-evaluation":
            return dict(content)
    except (json.JSONDecodeError, KeyError, TypeError):
        pass
    raise ValueError(f"{path} is no evaluation of liftpose.")


def load_test_results(
    out_dir: str | os.PathLike[str], stat_2d: Any = None, stat_3d: Any = None
) -> tuple[Floats, Floats, Bools]:
    """Load what the last `liftpose.main.test` found.

    Parameters
    ----------
    out_dir : path-like
        Folder of the run; one that `liftpose` 0.22 tested in is read too.
    stat_2d, stat_3d : dict, optional
        Statistics of a 0.22 folder, where not its own. Our results need none.

    Returns
    -------
    gt, pred : array, shape (N, J, 3)
        Truth as the caller gave it (masked values included; NaN where there was none), and
        prediction, in its frame and unit. Row i is frame i, experiments one after another.
    good_keypts : bool array, shape (N, J, 3)
        What counts in the errors.

    Raises
    ------
    FileNotFoundError
        No such folder, or nothing was tested in it.
    ValueError
        A file that is truncated or something else.
    """
    folder = Path(out_dir)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}; call liftpose.main.train first.")
    if not (folder / RESULTS).is_file():
        raise FileNotFoundError(f"{folder} has no {RESULTS}; call liftpose.main.test first.")
    if is_published(folder) and not _is_ours(folder):
        gt, pred, good = read_published_results(folder, stat_2d, stat_3d)
        return gt, pred, good
    content = RunFolder(folder).read(RESULTS, "results")
    return content["gt"].numpy(), content["pred"].numpy(), content["good_keypts"].numpy()


def _is_ours(folder: Path) -> bool:
    """Whether results in a 0.22 folder are those of our own test of its model."""
    try:
        RunFolder(folder).read(RESULTS, "results")
    except ValueError:
        return False
    return True
