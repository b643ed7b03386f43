"""What a file of lifted poses tells, with the truth and the 2D where somebody has them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from liftpose import metrics
from liftpose.io import read_lifted
from liftpose.io.hints import Hints
from liftpose.poses import Floats, Lifted, Poses
from liftpose.postprocess.evaluation import Evaluation
from liftpose.postprocess.measures import Measures, trusted
from liftpose.postprocess.results import body_length
from liftpose.reporting.gathered import Gathered
from liftpose.skeleton import Skeleton
from liftpose.skeleton.target_sets import TargetSets

_UNKNOWN_TRUTH = (
    "Without the truth nobody can say how far these poses are from it; where 3D of the same frames "
    "is known, name it (--truth)."
)
_UNKNOWN_2D = "Without the 2D it is not known which joints were hidden; name its file (--poses-2d)."
_UNKNOWN_BESIDE = (
    "The lifter is not in this file, so that the linear map and the mean pose are not known: "
    "`liftpose evaluate LIFTER 2D TRUTH` compares with them."
)
_UNKNOWN_BARS = "The poses carry no error bars."
_UNKNOWN_NOVELTY = "The poses do not say how unusual their frames are."


def gather_file(
    source: Path,
    truth: Path | None = None,
    poses_2d: Path | None = None,
    skeleton: Skeleton | None = None,
) -> Gathered:
    """Gather what is known of a file of lifted poses.

    Parameters
    ----------
    source : pathlib.Path
        3D poses of any format, lifted or not.
    truth, poses_2d : pathlib.Path, optional
        3D and 2D of the same frames; their joints are matched by name.
    skeleton : Skeleton, optional
        Instead of the one that the file carries.

    Returns
    -------
    Gathered

    Raises
    ------
    ValueError
        Files of other frames or joints, or of other units; or a truth for poses that do not say
        which of their joints are roots.
    """
    lifted = read_lifted(source)
    body = skeleton or lifted.skeleton
    if body is None:
        names = lifted.joints or tuple(map(str, range(lifted.position.shape[1])))
        body = Skeleton(names) if lifted.joints else Skeleton.unnamed(len(names))
    elif body.joint_count != lifted.position.shape[1]:
        raise ValueError(
            f"{source} has {lifted.position.shape[1]} joints and the skeleton {body.joint_count}."
        )
    lacks = [_UNKNOWN_BARS] * (lifted.spread is None or lifted.bars is None)
    lacks += [_UNKNOWN_NOVELTY] * (lifted.novelty is None)
    sets = body.sets if body.roots else None
    targets = tuple(range(body.joint_count)) if sets is None else sets.targets
    shown = Gathered(
        source,
        body,
        targets,
        lifted.keys,
        lifted.lengths,
        np.asarray(lifted.position, np.float64),
        lifted.unit,
        lifted.frame,
        lifted.fps,
        spread=lifted.spread,
        novelty=lifted.novelty,
        verdicts=lifted.verdicts,
        bars=lifted.bars,
        lifted=lifted,
        provenance=lifted.provenance,
    )
    if poses_2d is None:
        lacks.insert(0, _UNKNOWN_2D)
    else:
        flat = _of_same_frames(poses_2d, 2, lifted, body, source)
        least = json.loads(lifted.provenance.get("lifter_options", "{}")).get("min_confidence", 0.1)
        shown = replace(shown, image=np.asarray(flat.sure(least).points, np.float64))
    if truth is None:
        lacks.insert(0, _UNKNOWN_TRUTH)
    else:
        if sets is None:
            raise ValueError(
                f"{source} does not say which of its joints are roots, from which errors are "
                "measured; name its lifter or its skeleton (--skeleton)."
            )
        deep = _of_same_frames(truth, 3, lifted, body, source)
        shown = _scored(shown, deep, sets, truth)
        lacks.insert(0, _UNKNOWN_BESIDE)
    return replace(shown, unknown=tuple(lacks))


def _of_same_frames(path: Path, dims: int, lifted: Lifted, body: Skeleton, source: Path) -> Poses:
    """Read poses of the same frames, with the joints in the same order."""
    poses = Hints(dims=dims).of_use(path).read(path)
    if poses.dims != dims:
        raise ValueError(f"{path} holds {poses.dims}D poses; expected {dims}D ones.")
    if poses.frames != lifted.frames:
        raise ValueError(
            f"{path} has {poses.frames:,} frames and {source} has {lifted.frames:,}; expected "
            "those of the same recording."
        )
    if poses.lengths != lifted.lengths:
        raise ValueError(
            f"{path} has recordings of {', '.join(map(str, poses.lengths))} frames, and "
            f"{source} of {', '.join(map(str, lifted.lengths))}; expected the same."
        )
    if poses.joints is None or lifted.joints is None:
        if poses.joint_count != body.joint_count:
            raise ValueError(
                f"{path} has {poses.joint_count} joints and {source} has {body.joint_count}."
            )
        return poses
    return poses.matched(body.joints)


def _scored(shown: Gathered, truth: Poses, sets: TargetSets, path: Path) -> Gathered:
    if None not in (truth.unit, shown.unit) and truth.unit != shown.unit:
        raise ValueError(f"{path} is in {truth.unit}, and the poses are in {shown.unit}.")
    if None not in (truth.frame, shown.frame) and truth.frame != shown.frame:
        raise ValueError(
            f"{path} is in the {truth.frame} frame, and the poses are in the {shown.frame} frame."
        )
    targets, anchors = list(sets.targets), list(sets.anchors)
    true_points = np.asarray(truth.points, np.float64)
    known = true_points[:, targets] - true_points[:, anchors]
    true = known
    if shown.image is not None:
        # As in every test: what was not seen is not scored.
        seen = shown.image[:, targets] + shown.image[:, anchors]
        true = np.where(np.isnan(seen).any(axis=2, keepdims=True), np.nan, known)
    found = _relative(shown, targets, anchors)
    # Each stands where its own first root is: side by side in one place they can be compared.
    first = sets.roots[0]
    beside = true_points - true_points[:, [first]] + shown.pose[:, [first]]
    scored = replace(shown, truth=beside, true=true, found=found, known=known)
    return replace(scored, evaluation=_evaluation(scored, true_points, sets))


def _relative(shown: Gathered, targets: list[int], anchors: list[int]) -> Floats:
    """Targets relative to their own roots: as they were lifted, not as they were put together."""
    lifted = shown.lifted
    if lifted is not None and np.isfinite(lifted.root_relative[:, targets]).any():
        return np.asarray(lifted.root_relative, np.float64)[:, targets]
    return shown.pose[:, targets] - shown.pose[:, anchors]


def _evaluation(shown: Gathered, truth: Floats, sets: TargetSets) -> Evaluation:
    true, found = shown.true, shown.found
    assert true is not None
    assert found is not None
    body = sorted({*sets.targets, *sets.roots})
    per_joint = np.asarray(metrics.mpjpe(true, found, per_joint=True))
    names = [shown.skeleton.joints[joint] for joint in sets.targets]

    def in_time(metric: Any) -> dict[str, float]:
        return {"liftpose": float(metric(true, found, lengths=shown.lengths))}

    trust = None
    if shown.spread is not None:
        spread = np.asarray(shown.spread, np.float64)[:, list(sets.targets)]
        trust = trusted(true, found, spread, shown.lengths, shown.bars)
    return Evaluation(
        {"liftpose": float(metrics.mpjpe(true, found))},
        {"liftpose": float(metrics.pa_mpjpe(truth[:, body], shown.pose[:, body]))},
        {name: {"liftpose": float(error)} for name, error in zip(names, per_joint, strict=True)},
        shown.unit,
        body_length(truth),
        shown.frames,
        None,
        Measures(in_time(metrics.velocity_error), in_time(metrics.acceleration_error), None, trust),
    )
