"""How the members of a lifter that are not linear are trained and weighed, epoch after epoch."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from liftpose.lifter.bone_fit import BoneFit
from liftpose.lifter.bone_measuring import Choice, Measured, fit_bones
from liftpose.lifter.effort import EFFORTS
from liftpose.lifter.hypotheses_measuring import measured_hypotheses
from liftpose.lifter.judging import HeldOut
from liftpose.lifter.members.ridge import Ready
from liftpose.lifter.normalization import Normalization
from liftpose.lifter.novelty import Novelty
from liftpose.lifter.novelty_measuring import measured_novelty
from liftpose.lifter.opt import Options
from liftpose.lifter.preparation import begin_from, generator_for
from liftpose.lifter.run import Epoch, Start
from liftpose.lifter.selection import Folds, Weights
from liftpose.lifter.sight import Sight
from liftpose.lifter.solving import CLOSED, Task
from liftpose.lifter.stages import Stages
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
from liftpose.lifter.uncertainty import Uncertainty
from liftpose.lifter.uncertainty_measuring import measured_uncertainty

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
    if options.members == "residual" and networks != len(folds.folds):
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
    return HeldOut.of(
        judged.batch, judged.folds, ready, lifter.normalization, lifter.ridge, lifter.members
    )


def with_closed_members(lifter: Lifter, task: Task, judged: HeldOut, sight: Sight | None) -> Lifter:
    """Weigh the closed-form members of a lifter, and choose the settings of its bone fit.

    Parameters
    ----------
    lifter : Lifter
        Whose ridge and closed-form members are solved; it is not changed.
    task : Task
        What is learned from.
    judged : HeldOut
        What is chosen on.
    sight : Sight, optional
        The camera; without one there is no bone fit.

    Returns
    -------
    Lifter
    """
    chosen = judged.weights()
    weighed = lifter.with_members(lifter.members, chosen.values, None)
    weighed.choice |= _found(chosen, judged)
    of_folds = () if sight is None else _fit_bones(weighed, judged, sight)
    weighed.uncertainty = uncertainty_of(weighed, judged, of_folds)
    gather_hypotheses(weighed, judged, of_folds)
    weighed.novelty = novelty_of(weighed, task, of_folds)
    return weighed


def _fit_bones(lifter: Lifter, judged: HeldOut, sight: Sight) -> tuple[BoneFit, ...]:
    """Measure the bone fit of a lifter, whose members are weighed; give those of its folds."""
    skeleton, unit = lifter.skeleton_known, float(lifter.normalization.std_out[0])
    bones = skeleton.bones if skeleton.rigid is None else skeleton.rigid
    guesses = judged.guesses(lifter.weights)
    steps = EFFORTS[lifter.options.effort].steps
    return _kept(
        lifter, fit_bones(guesses, sight, lifter.normalization.anchoring, bones, unit, steps)
    )


def uncertainty_of(
    lifter: Lifter, judged: HeldOut, bone_fits: Sequence[BoneFit] = ()
) -> Uncertainty | None:
    """Measure how far off joints are that a lifter lifts.

    Parameters
    ----------
    lifter : Lifter
        All of which is chosen.
    judged : HeldOut
        The frames that it is measured on.
    bone_fits : sequence of BoneFit
        Of each fold, measured on the others; none for a lifter without.

    Returns
    -------
    Uncertainty or None
        None where too little is held out for that.
    """
    generator = generator_for(lifter.options.seed, "uncertainty")
    return measured_uncertainty(_held_out(lifter, bone_fits), judged, generator)


def _held_out(lifter: Lifter, bone_fits: Sequence[BoneFit]) -> Stages:
    return replace(lifter.stages, bone_fits=tuple(bone_fits))


def gather_hypotheses(lifter: Lifter, judged: HeldOut, bone_fits: Sequence[BoneFit] = ()) -> None:
    """Give a lifter the errors that hypotheses are drawn from.

    Parameters
    ----------
    lifter : Lifter
        All of which is chosen, and whose uncertainty is measured.
    judged : HeldOut
        The frames that they are gathered on.
    bone_fits : sequence of BoneFit
        Of each fold, as for `uncertainty_of`.
    """
    lifter.hypotheses = None
    if lifter.uncertainty is not None:
        stages = _held_out(lifter, bone_fits)
        lifter.hypotheses = measured_hypotheses(stages, judged, lifter.uncertainty)


def novelty_of(lifter: Lifter, task: Task, bone_fits: Sequence[BoneFit] = ()) -> Novelty | None:
    """Measure what clean recordings are like, on the training data's own held-out blocks.

    Parameters
    ----------
    lifter : Lifter
        Whose closed-form members are weighed.
    task : Task
        Holds the frames.
    bone_fits : sequence of BoneFit
        Of each fold, as for `uncertainty_of`.

    Returns
    -------
    Novelty or None
        None where too little is held out for that.
    """
    weights = {name: lifter.weights[name] for name in lifter.weights if name in CLOSED}
    fits = bone_fits if task.validation is None else ()
    stages = replace(_held_out(lifter, fits), weights=weights)
    views = lifter.views
    size = None if views is None else views.reference.size
    height = None if size is None else size[1]
    return measured_novelty(stages, task.held_out, task.folds, lifter.skeleton_known, height)


def _measure_again(
    lifter: Lifter, judged: HeldOut, added: Mapping[str, Sequence[Tensor]]
) -> tuple[BoneFit, ...]:
    """Measure the bone fit of a lifter anew, whose members have changed; its settings stay."""
    if lifter.bone_fit is None:
        return ()
    body, settings = lifter.bone_fit.body, Choice(**lifter.choice["bone_fit"])
    bones = body.joints[body.bones].tolist()
    unit = float(lifter.normalization.std_out[0])
    guesses = judged.guesses(lifter.weights, added)
    before, steps = lifter.bone_fit, lifter.bone_fit.steps
    fitted = fit_bones(
        guesses, before.sight, lifter.normalization.anchoring, bones, unit, steps, settings
    )
    return _kept(lifter, fitted)


def _kept(lifter: Lifter, found: Measured | None) -> tuple[BoneFit, ...]:
    """Give a lifter its bone fit, and the held-out error that it leaves; give those of folds."""
    if found is None:
        return ()
    lifter.bone_fit = found.fit
    lifter.choice["bone_fit"] = found.choice.as_dict()
    lifter.choice["held_out_mpjpe"] *= found.choice.kept
    return found.of_folds


def _found(
    chosen: Weights, judged: HeldOut, more: Mapping[str, Sequence[Tensor]] | None = None
) -> dict[str, Any]:
    """What was chosen, as a lifter keeps it."""
    return {
        "weights": dict(chosen.values),
        "members": judged.shares(more),
        "together": chosen.error,
        "held_out_mpjpe": chosen.mpjpe,
        "held_out_mpjpe_ridge": chosen.ridge_mpjpe,
    }


def fit_network(
    lifter: Lifter,
    task: Task,
    judged: HeldOut,
    device: torch.device,
    on_epoch: Callable[[Epoch], None] | None,
) -> Lifter:
    """Train the networks of a lifter whose linear map is solved.

    Parameters
    ----------
    lifter : Lifter
        It is not changed.
    task : Task
        What is learned from.
    judged : HeldOut
        What the best epoch is chosen on.
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
    like = None if start is None else start.lifter.network
    learner = make_learner(
        options, lifter.normalization, lifter.ridge, lifter.members, weights, device, like
    )
    progress = Progress(0, 0, generator_for(options.seed, "training"))
    best_error, best = float("inf"), lifter
    if start is not None and start.resume:
        learner.resume(start.training["learner"])
        progress.epoch, progress.step = start.training["epoch"], start.training["step"]
        progress.generator.set_state(start.training["generator"])
        best_error = start.training["best_error"]
        best = start.best or start.lifter
    elif start is not None:
        begin_from(learner, start.lifter.network)
    feed = Feed(task.data, task.steps, lifter.normalization, device)
    most = EFFORTS[options.effort].frames if options.members == "residual" else None
    while progress.epoch < options.epochs:
        if task.steps:
            feed.ready = drawn(task, lifter.normalization, progress.generator, device)
        loss, rate = train_epoch(learner, feed, task.learned, options.batch_size, progress, most)
        held_out, added = learner.judge(judged)
        better = not held_out.error >= best_error
        members = lifter.members | {"network": learner.current}
        now = lifter.with_members(members, held_out.values, best.bone_fit, best.uncertainty)
        if better:
            best_error = held_out.error
            now.choice |= {"epoch": progress.epoch} | _found(held_out, judged, added)
            of_folds = _measure_again(now, judged, added)
            changed = held_out.values["network"] > 0 or now.uncertainty is None
            # The published network holds out one block alone, which tells too little.
            if options.members == "residual" and changed:
                now.uncertainty = uncertainty_of(now, judged, of_folds)
                gather_hypotheses(now, judged, of_folds)
            # A network of its own, that training does not change.
            members = lifter.members | {"network": copy.deepcopy(learner.current)}
            best = now.with_members(members, held_out.values, now.bone_fit, now.uncertainty)
        if on_epoch is not None:
            on_epoch(Epoch(progress.epoch, rate, loss, held_out, better, now, learner, progress))
    return best
