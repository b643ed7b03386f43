"""How far predictions are from the truth, in every way that the record tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.record.cases import Case
from benchmarks.record.plain import relative_to_roots
from liftpose import metrics

Floats = NDArray[np.float64]

PCK_SHARE = 0.05
"""A joint is found where it is at most this share of a body length off."""


@dataclass(frozen=True)
class Measures:
    """Errors of one prediction, lengths in the unit of the recording.

    Parameters
    ----------
    mpjpe : float
        Mean distance of the targets from the truth, both relative to their roots.
    pa_mpjpe : float
        The same of targets and roots after the best rotation, translation and scale of each frame;
        where there are several roots, with all of them at their true places.
    n_mpjpe : float
        As `mpjpe`, after the best scale of each frame.
    pck : float
        Share of the targets that are at most `PCK_SHARE` of a body length off.
    bone : float
        Mean difference of the length of the bones that end at a target, roots at their true places.
    velocity : float
        Mean error of the steps between neighbouring frames of targets relative to their roots.
    missing : float
        Share of the targets with a truth for which nothing was predicted. They count nowhere else.
    per_joint : dict of str to float
        `mpjpe` of each target.
    """

    mpjpe: float
    pa_mpjpe: float
    n_mpjpe: float
    pck: float
    bone: float
    velocity: float
    missing: float
    per_joint: dict[str, float]


def body_length(case: Case) -> float:
    """Give the median over the test frames of the largest distance between two joints.

    Parameters
    ----------
    case : Case
        Its true poses.

    Returns
    -------
    float
        In the unit of the recording.
    """
    poses = np.concatenate(list(case.recording.test_3d.values()))
    apart = [np.linalg.norm(poses - poses[:, [joint]], axis=2) for joint in range(poses.shape[1])]
    return float(np.nanmedian(np.nanmax(np.stack(apart), axis=(0, 2))))


def measure(case: Case, prediction: Mapping[str, NDArray[np.floating]]) -> Measures:
    """Compare a prediction with the truth of the test data.

    Parameters
    ----------
    case : Case
        With the truth.
    prediction : dict of array, shape (N, J, 3)
        For each test experiment, targets relative to their roots.

    Returns
    -------
    Measures

    Raises
    ------
    ValueError
        If an experiment is missing, or has another shape.
    """
    one = case.recording
    for name, truth in one.test_3d.items():
        came = prediction[name].shape if name in prediction else "none"
        if came != truth.shape:
            raise ValueError(f"{case.name}, {name!r}: expected {truth.shape} poses, got {came}.")
    sets = one.roots, one.target_sets
    true = {name: relative_to_roots(poses, *sets) for name, poses in one.test_3d.items()}
    # Whatever a method says of joints that are no targets does not count.
    guess = {
        name: np.where(_targets(case)[:, None], prediction[name], np.nan).astype(np.float64)
        for name in true
    }
    all_true, all_guess = (np.concatenate(list(each.values())) for each in (true, guess))
    poses = np.concatenate(list(one.test_3d.values()))
    placed = _placed(case, poses, all_guess)
    bones = [bone for bone in one.bones if _targets(case)[bone].any() and _known(case)[bone].all()]
    steps = np.array([len(poses) - 1 for poses in true.values()], np.float64)
    moving = [metrics.velocity_error(true[name], guess[name]) for name in true]
    asked = np.isfinite(all_true).all(axis=2)
    each = metrics.mpjpe(all_true, all_guess, per_joint=True)
    return Measures(
        mpjpe=float(metrics.mpjpe(all_true, all_guess)),
        pa_mpjpe=float(metrics.pa_mpjpe(np.where(_known(case)[:, None], poses, np.nan), placed)),
        n_mpjpe=float(metrics.n_mpjpe(all_true, all_guess)),
        pck=float(metrics.pck(all_true, all_guess, PCK_SHARE * body_length(case))),
        bone=float(metrics.bone_length_error(poses, placed, bones)) if bones else float("nan"),
        velocity=float(np.average(moving, weights=steps)),
        missing=float((asked & ~np.isfinite(all_guess).all(axis=2)).sum() / asked.sum()),
        per_joint={
            joint: float(error)
            for joint, error, target in zip(one.joints, each, _targets(case), strict=True)
            if target
        },
    )


def _targets(case: Case) -> NDArray[np.bool_]:
    mask = np.zeros(len(case.recording.joints), bool)
    mask[[joint for joints in case.recording.target_sets for joint in joints]] = True
    return mask


def _known(case: Case) -> NDArray[np.bool_]:
    """Roots and targets."""
    mask = _targets(case)
    mask[case.recording.roots] = True
    return mask


def _placed(case: Case, truth: Floats, relative: Floats) -> Floats:
    """Put targets to the true places of their roots."""
    placed = np.full(truth.shape, np.nan)
    placed[:, case.recording.roots] = truth[:, case.recording.roots]
    for root, targets in zip(case.recording.roots, case.recording.target_sets, strict=True):
        placed[:, targets] = truth[:, [root]] + relative[:, targets]
    return placed
