"""The closed-form part of a lifter: statistics, linear map and kernel, each in one step."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from liftpose.lifter.batch import Augmentation, Batch
from liftpose.lifter.effort import EFFORTS
from liftpose.lifter.members.kernel import Kernel
from liftpose.lifter.members.ridge import Ready, Ridge, apply
from liftpose.lifter.normalization import Anchoring, Normalization, as_joints, counted_values
from liftpose.lifter.opt import Options
from liftpose.lifter.physical import AUTO, STRENGTHS, Physical
from liftpose.lifter.preparation import Judged, generator_for, with_statistics
from liftpose.lifter.run import Start
from liftpose.lifter.selection import Fold, Folds
from liftpose.lifter.training import augmented, standardise, take
from liftpose.skeleton.target_sets import TargetSets

log = logging.getLogger("liftpose")

SAMPLE = 60_000
"""Augmented poses, about, that statistics, ridge and kernel learn from (in at most 50 draws)."""

CLOSED: dict[str, Any] = {"kernel": Kernel}
"""The members that are solved in closed form, by the names that a lifter keeps them by."""

WORTHWHILE = 0.97
"""Held-out error, as a share of that without, that more poses to learn from have to come below.

It is judged by a linear map, for all members: a gain of 1.5 % there by physical augmentation was
measured to become a loss of 16 % with networks on a mouse (mouse34), and gains of 5 % to stay.
"""


@dataclass(frozen=True)
class Task:
    """What is learned from, and what choices are made on.

    Parameters
    ----------
    data : Batch
        All training poses.
    steps : sequence of Augmentation
        Applied to every batch.
    folds, learned : Folds
        What the linear map and what the networks hold out.
    held_out : Judged
        The training poses as the held-out frames are judged on.
    validation : Judged, optional
        Poses to choose on instead.
    start : Start, optional
        A checkpoint to go on from.
    placed : bool
        Whether where a pose is in the image means anything: one camera filmed all of it.
    """

    data: Batch
    steps: Sequence[Augmentation]
    folds: Folds
    learned: Folds
    held_out: Judged
    validation: Judged | None
    start: Start | None
    placed: bool = False


@dataclass(frozen=True)
class Linear:
    """Statistics and linear map.

    Parameters
    ----------
    normalization : Normalization
    ridge : Ridge
    choice : dict
        What was chosen.
    ready : tuple of three tensors, optional
        The poses that they were had from, standardised; None where a run is resumed.
    folds : Folds, optional
        What is held out of those.
    """

    normalization: Normalization
    ridge: Ridge
    choice: dict[str, Any]
    ready: Ready | None = None
    folds: Folds | None = None


def fit_linear(
    task: Task, sets: TargetSets, options: Options, norm_2d: bool, stats: Sequence[Any] | None
) -> Linear:
    """Take the statistics of the training data, and solve the linear map.

    Parameters
    ----------
    task : Task
        What is learned from.
    sets : TargetSets
        Roots and targets.
    options : Options
        Of the run.
    norm_2d : bool
        Whether the 2D of each frame is scaled to unit norm.
    stats : sequence of four arrays, optional
        Statistics to normalize by instead of the training data's own.

    Returns
    -------
    Linear
    """
    start = task.start
    if start is not None and start.resume:
        before = start.lifter
        return Linear(before.normalization, before.ridge, dict(before.choice))
    sample, wide = _sampled(task, options)
    if start is not None:
        normalization = start.lifter.normalization
    else:
        anchoring = Anchoring(sets)
        normalization = Normalization.fit(
            anchoring,
            sample.pose_2d,
            sample.pose_3d,
            counted_values(anchoring, sample.pose_2d, sample.pose_3d, sample.counts),
            norm_2d,
            per_coordinate=options.network == "martinez",
            # Of all members only the kernel looks at it.
            placed=task.placed and options.members in ("kernel", "residual"),
        )
        if stats is not None:
            normalization = with_statistics(normalization, stats)
    ready = standardise(sample, normalization)
    known, outputs, counts = ready
    ridge = Ridge.fit(
        known[:, : len(normalization.mean_in)],
        outputs,
        counts,
        wide,
        normalization.std_out,
        normalization.dims,
        len(sets.targets),
        _validation(task, normalization),
    )
    return Linear(normalization, ridge, {"ridge_penalty": ridge.penalty}, ready, wide)


def _validation(task: Task, normalization: Normalization) -> Ready | None:
    judged = task.validation
    return None if judged is None else standardise(judged.batch, normalization)


def _sampled(task: Task, options: Options) -> tuple[Batch, Folds]:
    """Augmented poses, several draws of each, and the folds of them; always the same ones."""
    frames = len(task.data.pose_2d)
    copies = min(50, -(-SAMPLE // frames)) if task.steps else 1
    tiled = take(task.data, torch.arange(frames).repeat(copies)) if copies > 1 else task.data
    sample = augmented(tiled, task.steps, generator_for(options.seed, "statistics"))
    offsets = np.arange(copies)[:, None] * frames
    wide = (
        Fold((offsets + fold.train).ravel(), (offsets + fold.held).ravel())
        for fold in task.folds.folds
    )
    return sample, Folds(tuple(wide), task.folds.kind, copies * task.folds.copies)


def fit_closed(task: Task, linear: Linear, options: Options) -> dict[str, Any]:
    """Solve the members that are added to the linear map in closed form.

    Parameters
    ----------
    task : Task
        What is learned from.
    linear : Linear
        What they are added to; its poses are learned from.
    options : Options
        Of the run.

    Returns
    -------
    dict of str to Member
        Those of `CLOSED`; none where there is nothing held out to choose their settings on.
    """
    if task.start is not None and task.start.resume:
        members = task.start.lifter.members
        return {name: members[name] for name in CLOSED if name in members}
    if linear.ready is None or linear.folds is None or not linear.folds.honest:
        return {}
    normalization = linear.normalization
    kernel = Kernel.fit(
        linear.ready,
        (linear.ridge.weights, linear.ridge.folds),
        linear.folds,
        normalization.std_in,
        normalization.std_out,
        normalization.dims,
        normalization.anchoring.target_count,
        generator_for(options.seed, "landmarks"),
        _validation(task, normalization),
        EFFORTS[options.effort],
    )
    return {"kernel": kernel}


def fit_best_linear(
    task: Task, sets: TargetSets, options: Options, norm_2d: bool, stats: Sequence[Any] | None
) -> tuple[Task, Linear]:
    """Solve the linear map, and choose how strong physical augmentation is, where that is asked.

    A linear map is solved for each strength on augmented frames and judged on held-out frames as
    they are, without augmentation. Errors are taken relative to those without augmentation, in
    each fold, and averaged over the folds without the one that gains most; a small gain there is
    none (see `WORTHWHILE`).

    Parameters
    ----------
    task, sets, options, norm_2d, stats
        See `fit_linear`.

    Returns
    -------
    task : Task
        With the strength that was chosen.
    linear : Linear
        ``physical`` in what was chosen has the strength, ``physical_errors`` the share of the
        error that each strength leaves.
    """
    if not any(getattr(step, "strength", None) == AUTO for step in task.steps):
        return task, fit_linear(task, sets, options, norm_2d, stats)
    if task.start is not None and task.start.resume and "physical" in task.start.lifter.choice:
        settled = _with_strength(task, task.start.lifter.choice["physical"])
        return settled, fit_linear(settled, sets, options, norm_2d, stats)
    decided = task.folds.honest or task.validation is not None
    tried = {
        strength: (
            other := _with_strength(task, strength),
            fit_linear(other, sets, options, norm_2d, stats),
        )
        for strength in ((0.0, *STRENGTHS) if decided else (0.0,))
    }
    errors = {strength: held_out_errors(task, linear) for strength, (_, linear) in tried.items()}
    shares = {strength: share_of(own, errors[0.0]) for strength, own in errors.items()}
    best = min(shares, key=lambda strength: shares[strength])
    best = best if shares[best] < WORTHWHILE else 0.0
    log.info(
        "physical augmentation: strength %g, of held-out errors %s.",
        best,
        ", ".join(f"{share:.3f} with {strength:g}" for strength, share in shares.items()),
    )
    settled, linear = tried[best]
    found = {f"{strength:g}": share for strength, share in shares.items()}
    linear.choice.update(physical=best, physical_errors=found)
    return settled, linear


def _with_strength(task: Task, strength: float) -> Task:
    """The same with a strength for the augmentations that ask for one; zero leaves them out."""
    steps = [
        step.at(strength) if isinstance(step, Physical) and step.strength == AUTO else step
        for step in task.steps
        if strength or getattr(step, "strength", None) != AUTO
    ]
    return replace(task, steps=tuple(steps))


def held_out_errors(task: Task, linear: Linear) -> torch.Tensor:
    """Give what a linear map leaves of each fold's held-out frames, which are not augmented.

    Parameters
    ----------
    task : Task
        Holds the frames.
    linear : Linear
        With the same folds.

    Returns
    -------
    tensor, shape (K,)
        Mean distance of the targets.
    """
    normalization, ridge = linear.normalization, linear.ridge
    judged = task.validation or Judged(task.held_out.batch, task.folds)
    inputs, outputs, counts = standardise(judged.batch, normalization)
    dims, targets = normalization.dims, normalization.anchoring.target_count
    errors = []
    for number, fold in enumerate(judged.folds.folds):
        rows = torch.from_numpy(fold.held)
        weights = ridge.weights if task.validation else ridge.folds[number]
        missed = (apply(weights, inputs[rows]) - outputs[rows]) * normalization.std_out
        counted = as_joints(counts[rows], dims)[:, :targets].all(-1)
        errors.append(as_joints(missed, dims)[:, :targets].norm(dim=-1)[counted].mean())
    return torch.stack(errors)


def share_of(errors: torch.Tensor, plain: torch.Tensor) -> float:
    """Give errors as a share of those without, over all folds but the one that gains most.

    Parameters
    ----------
    errors, plain : tensor, shape (K,)
        Of each fold.

    Returns
    -------
    float
        A mean; over all folds where there are two.
    """
    ratios = (errors / plain.clamp(min=1e-12)).sort().values
    return float((ratios[1:] if len(ratios) > 2 else ratios).mean())
