"""How a lifter is fitted: the linear map in one step, then the networks, epoch after epoch."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from liftpose.lifter.batch import Augmentation, Batch
from liftpose.lifter.members.ridge import Ridge, apply
from liftpose.lifter.normalization import Anchoring, Normalization, as_joints, counted_values
from liftpose.lifter.opt import Options
from liftpose.lifter.physical import AUTO, STRENGTHS, Physical
from liftpose.lifter.preparation import Judged, begin_from, generator_for, with_statistics
from liftpose.lifter.run import Epoch, Start
from liftpose.lifter.selection import Fold, Folds
from liftpose.lifter.training import (
    Feed,
    Progress,
    Ready,
    augmented,
    make_learner,
    moved,
    standardise,
    take,
    train_epoch,
)
from liftpose.skeleton.target_sets import TargetSets

if TYPE_CHECKING:
    from liftpose.lifter.lifter import Lifter

log = logging.getLogger("liftpose")

SAMPLE = 20_000
"""Augmented poses, at the least, that statistics and ridge are taken from (in at most 50 draws)."""

DRAWN = 1000
"""Poses that are augmented at a time: enough that what each call costs is little beside them.

With more, the system may take back the memory of every step and have to give it again: with 4000,
a pose was measured to cost twice as much in a process that had held nothing larger before. With a
power of two, the coordinates of a pose share few places of the cache: 1024 cost a fifth more.
"""

WORTHWHILE = 0.97
"""Held-out error, as a share of that without it, that physical augmentation has to come below.

It is judged by a linear map, for networks too: a gain of 1.5 % there was measured to become a loss
of 16 % with the network on a mouse (mouse34), and gains of 5 % and more to stay.
"""

Linear = tuple[Normalization, Ridge, dict[str, Any]]
"""Statistics, linear map, and what was chosen."""


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
    """

    data: Batch
    steps: Sequence[Augmentation]
    folds: Folds
    learned: Folds
    held_out: Judged
    validation: Judged | None
    start: Start | None


def check_start(start: Start, options: Options, norm_2d: bool, folds: Folds, digest: str) -> None:
    """Check that a run can go on from a checkpoint; warn where its data are others.

    Parameters
    ----------
    start : Start
        The checkpoint.
    options : Options
        Of the run.
    norm_2d : bool
        Whether this run scales the 2D.
    folds : Folds
        What its networks hold out.
    digest : str
        Of its training data.

    Raises
    ------
    ValueError
        A checkpoint that this run cannot go on from.
    """
    before = start.lifter.normalization.norm_2d
    if before != norm_2d:
        raise ValueError(
            f"the checkpoint was trained with norm_2d={before}, which holds for all that comes "
            f"after it, and this run would use norm_2d={norm_2d}. Give norm_2d={before}, or "
            "the augmentation that the checkpoint was trained with."
        )
    networks = len(start.lifter.ridge.folds)
    if options.network == "residual" and networks != len(folds.folds):
        raise ValueError(
            f"the checkpoint has {networks} networks, one a fold, and these training data "
            f"make {len(folds.folds)} folds. Train anew."
        )
    if start.resume and start.lifter.choice["data"] != digest:
        warnings.warn(
            "the run is resumed on other training data than it was begun with: frames that "
            "are held out now may have been learned from then.",
            stacklevel=4,
        )


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
    normalization : Normalization
    ridge : Ridge
    choice : dict
        What was chosen.
    """
    start, folds = task.start, task.folds
    if start is not None and start.resume:
        return start.lifter.normalization, start.lifter.ridge, dict(start.lifter.choice)
    frames = len(task.data.pose_2d)
    copies = min(50, -(-SAMPLE // frames)) if task.steps else 1
    tiled = take(task.data, torch.arange(frames).repeat(copies)) if copies > 1 else task.data
    sample = augmented(tiled, task.steps, generator_for(options.seed, "statistics"))
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
        )
        if stats is not None:
            normalization = with_statistics(normalization, stats)
    offsets = np.arange(copies)[:, None] * frames
    wide = tuple(
        Fold((offsets + fold.train).ravel(), (offsets + fold.held).ravel()) for fold in folds.folds
    )
    judged = task.validation
    ridge = Ridge.fit(
        *standardise(sample, normalization),
        Folds(wide, folds.kind),
        normalization.std_out,
        normalization.dims,
        len(sets.targets),
        None if judged is None else standardise(judged.batch, normalization),
    )
    return normalization, ridge, {"ridge_penalty": ridge.penalty}


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
    linear : tuple
        What `fit_linear` gives for it; ``physical`` in what was chosen has the strength,
        ``physical_errors`` the share of the error that each strength leaves.
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
    errors = {strength: _held_out_errors(task, linear) for strength, (_, linear) in tried.items()}
    shares = {strength: _share(own, errors[0.0]) for strength, own in errors.items()}
    best = min(shares, key=lambda strength: shares[strength])
    best = best if shares[best] < WORTHWHILE else 0.0
    log.info(
        "physical augmentation: strength %g, of held-out errors %s.",
        best,
        ", ".join(f"{share:.3f} with {strength:g}" for strength, share in shares.items()),
    )
    settled, (normalization, ridge, choice) = tried[best]
    found = {f"{strength:g}": share for strength, share in shares.items()}
    choice |= {"physical": best, "physical_errors": found}
    return settled, (normalization, ridge, choice)


def _with_strength(task: Task, strength: float) -> Task:
    """The same with a strength for the augmentations that ask for one; zero leaves them out."""
    steps = [
        step.at(strength) if isinstance(step, Physical) and step.strength == AUTO else step
        for step in task.steps
        if strength or getattr(step, "strength", None) != AUTO
    ]
    return replace(task, steps=tuple(steps))


def _held_out_errors(task: Task, linear: Linear) -> torch.Tensor:
    """Mean distance of the targets in each fold's held-out frames, which are not augmented."""
    normalization, ridge, _ = linear
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


def _share(errors: torch.Tensor, plain: torch.Tensor) -> float:
    """Error as a share of the error without, over all folds but the one that gains most."""
    ratios = (errors / plain.clamp(min=1e-12)).sort().values
    return float((ratios[1:] if len(ratios) > 2 else ratios).mean())


def drawn(
    task: Task, normalization: Normalization, generator: torch.Generator, device: torch.device
) -> Ready:
    """Augment all training poses once, for an epoch.

    The networks of all folds see the same draw of a pose, and another one in the next epoch.
    Drawing for each network by itself would cost three times as much.

    Parameters
    ----------
    task : Task
        The poses, and the augmentations.
    normalization : Normalization
        Of the lifter.
    generator : torch.Generator
        CPU generator of all draws.
    device : torch.device
        Where to train.

    Returns
    -------
    inputs, outputs, counts : tensor
        As `standardise` gives them, of all frames.
    """
    parts = []
    for rows in torch.arange(len(task.data.pose_2d)).split(DRAWN):
        batch = augmented(take(task.data, rows), task.steps, generator)
        parts.append(moved(standardise(batch, normalization), device))
    inputs, outputs, counts = (torch.cat(part) for part in zip(*parts, strict=True))
    return inputs, outputs, counts


def fit_network(
    lifter: Lifter,
    task: Task,
    device: torch.device,
    on_epoch: Callable[[Epoch], None] | None,
) -> Lifter:
    """Train the networks of a lifter whose linear map is solved.

    Parameters
    ----------
    lifter : Lifter
        It is not changed.
    task : Task
        What is learned from, and what the best epoch is chosen on.
    device : torch.device
        Where to train.
    on_epoch : callable, optional
        Called with an `Epoch` after each.

    Returns
    -------
    Lifter
        The best of all epochs.
    """
    options, start = lifter.options, task.start
    weights = generator_for(options.seed, "weights")
    learner = make_learner(options, lifter.normalization, lifter.ridge, weights, device)
    progress = Progress(0, 0, generator_for(options.seed, "training"))
    best_error, best = float("inf"), lifter.with_network(None, 0.0)
    if start is not None and start.resume:
        learner.resume(start.training["learner"])
        progress.epoch, progress.step = start.training["epoch"], start.training["step"]
        progress.generator.set_state(start.training["generator"])
        best_error = start.training["best_error"]
        best = start.best or start.lifter
    elif start is not None:
        begin_from(learner, start.lifter.network)
    feed = Feed(task.data, task.steps, lifter.normalization, device)
    clean = feed.ready
    judged = task.validation or task.held_out
    if judged.batch is task.data and clean is not None:
        ready = clean
    else:
        ready = moved(standardise(judged.batch, lifter.normalization), device)
    while progress.epoch < options.epochs:
        if clean is None:
            feed.ready = drawn(task, lifter.normalization, progress.generator, device)
        loss, rate = train_epoch(learner, feed, task.learned, options.batch_size, progress)
        held_out = learner.judge(judged.folds, ready)
        better = not held_out.error >= best_error
        now = lifter.with_network(learner.current, held_out.value)
        if better:
            best_error = held_out.error
            now.choice |= {
                "epoch": progress.epoch,
                "network_weight": held_out.value,
                "held_out_mpjpe": held_out.mpjpe,
                "held_out_mpjpe_ridge": held_out.ridge_mpjpe,
            }
            # A network of its own, that training does not change.
            best = now.with_network(copy.deepcopy(now.network), now.weight)
        if on_epoch is not None:
            on_epoch(Epoch(progress.epoch, rate, loss, held_out, better, now, learner, progress))
    return best
