"""How the members of a lifter that are not linear are trained and weighed, epoch after epoch."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from liftpose.lifter.judging import HeldOut
from liftpose.lifter.members.ridge import Ready
from liftpose.lifter.normalization import Normalization
from liftpose.lifter.opt import Options
from liftpose.lifter.preparation import begin_from, generator_for
from liftpose.lifter.run import Epoch, Start
from liftpose.lifter.selection import Folds, Weights
from liftpose.lifter.solving import Task
from liftpose.lifter.training import (
    Feed,
    Progress,
    augmented,
    make_learner,
    moved,
    standardise,
    take,
    train_epoch,
)

if TYPE_CHECKING:
    from liftpose.lifter.lifter import Lifter

DRAWN = 1000
"""Poses that are augmented at a time: enough that what each call costs is little beside them.

With more, the system may take back the memory of every step and have to give it again: with 4000,
a pose was measured to cost twice as much in a process that had held nothing larger before. With a
power of two, the coordinates of a pose share few places of the cache: 1024 cost a fifth more.
"""


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


def judged_on(lifter: Lifter, task: Task, device: torch.device) -> HeldOut:
    """Give what the weights of a lifter's members are chosen on.

    Parameters
    ----------
    lifter : Lifter
        Whose ridge and kernel are solved.
    task : Task
        Holds the frames.
    device : torch.device
        Where the networks are.

    Returns
    -------
    HeldOut
    """
    judged = task.validation or task.held_out
    ready = moved(standardise(judged.batch, lifter.normalization), device)
    return HeldOut.of(lifter.normalization, lifter.ridge, lifter.kernel, judged.folds, ready)


def with_kernel_alone(lifter: Lifter, task: Task) -> Lifter:
    """Weigh the kernel of a lifter that has no networks.

    Parameters
    ----------
    lifter : Lifter
        Whose ridge and kernel are solved; it is not changed.
    task : Task
        What is learned from, and what the weight is chosen on.

    Returns
    -------
    Lifter
    """
    held_out = judged_on(lifter, task, torch.device("cpu"))
    chosen = held_out.weights()
    weighed = lifter.with_members(None, chosen.values)
    weighed.choice |= _found(chosen)
    return weighed


def _found(chosen: Weights) -> dict[str, Any]:
    """What was chosen, as a lifter keeps it."""
    of_kernel, of_network = chosen.values
    return {
        "kernel_weight": of_kernel,
        "network_weight": of_network,
        "held_out_mpjpe": chosen.mpjpe,
        "held_out_mpjpe_ridge": chosen.ridge_mpjpe,
    }


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
    learner = make_learner(
        options, lifter.normalization, lifter.ridge, lifter.kernel, weights, device
    )
    progress = Progress(0, 0, generator_for(options.seed, "training"))
    best_error, best = float("inf"), lifter.with_members(None, (0.0, 0.0))
    if start is not None and start.resume:
        learner.resume(start.training["learner"])
        progress.epoch, progress.step = start.training["epoch"], start.training["step"]
        progress.generator.set_state(start.training["generator"])
        best_error = start.training["best_error"]
        best = start.best or start.lifter
    elif start is not None:
        begin_from(learner, start.lifter.network)
    feed = Feed(task.data, task.steps, lifter.normalization, device)
    judged = judged_on(lifter, task, device)
    while progress.epoch < options.epochs:
        if task.steps:
            feed.ready = drawn(task, lifter.normalization, progress.generator, device)
        loss, rate = train_epoch(learner, feed, task.learned, options.batch_size, progress)
        held_out = learner.judge(judged)
        better = not held_out.error >= best_error
        now = lifter.with_members(learner.current, held_out.values)
        if better:
            best_error = held_out.error
            now.choice |= {"epoch": progress.epoch} | _found(held_out)
            # A network of its own, that training does not change.
            best = now.with_members(copy.deepcopy(now.network), held_out.values)
        if on_epoch is not None:
            on_epoch(Epoch(progress.epoch, rate, loss, held_out, better, now, learner, progress))
    return best
