"""Mirrored poses to learn from: an animal whose left is like its right, seen in a mirror.

What a camera sees in a mirror that goes through it is what it would see of the mirrored animal.
Where the mirror stands upright and goes through where the animals are, and left and right are named
for each other, that is another pose, about as it may well be seen, and exactly as it would be.
"""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from liftpose.lifter.batch import Batch
from liftpose.lifter.effort import EFFORTS
from liftpose.lifter.opt import Options
from liftpose.lifter.preparation import Judged
from liftpose.lifter.selection import Fold, Folds, Rows
from liftpose.lifter.sight import Sight
from liftpose.lifter.solving import (
    WORTHWHILE,
    Linear,
    Task,
    fit_linear,
    held_out_errors,
    share_of,
)
from liftpose.lifter.views import Views
from liftpose.skeleton import Skeleton
from liftpose.skeleton.sides import pairs_by_name

log = logging.getLogger("liftpose")


def seen_and_mirrored(
    task: Task,
    linear: Linear,
    views: Views | None,
    skeleton: Skeleton,
    options: Options,
    norm_2d: bool,
) -> tuple[Task, Linear, Sight | None]:
    """Find the camera that a lifter sees through, and learn from mirror images if that pays.

    Parameters
    ----------
    task : Task
        What is learned from.
    linear : Linear
        Solved.
    views : Views, optional
        The lifter's cameras.
    skeleton : Skeleton
        Of the animal.
    options : Options
        Of the lifter.
    norm_2d : bool
        Whether the 2D of each frame is scaled to unit norm.

    Returns
    -------
    task : Task
        With mirror images, or as it was.
    linear : Linear
        Of that task.
    sight : Sight or None
        For the bone fit; None where there is no one camera (see `sight_of`), or no bone fit.
    """
    effort = EFFORTS[options.effort]
    fits = options.bone_fit and effort.steps > 0
    order = partners(skeleton) if options.mirror and effort.mirrors else None
    if any(getattr(step, "moves", False) for step in task.steps):
        order = None  # what moves 3D and 2D together knows where the animal is, not its image
    if options.members not in ("kernel", "residual") or not (fits or order is not None):
        return task, linear, None
    sight = sight_of(task, views, norm_2d)
    if sight is not None and order is not None:
        task, linear = _mirrored_if_worthwhile(task, linear, order, sight, options, norm_2d)
    return task, linear, sight if fits else None


def sight_of(task: Task, views: Views | None, norm_2d: bool) -> Sight | None:
    """Give the camera that a lifter sees through.

    Parameters
    ----------
    task : Task
        Its poses tell the camera where none is given.
    views : Views, optional
        The lifter's cameras.
    norm_2d : bool
        Whether the 2D of each frame is scaled to unit norm.

    Returns
    -------
    Sight or None
        None where there is no one camera: the 2D is made or brought to unit size, what is lifted
        to is depth alone, no camera shows the 3D near the 2D; or where nothing is held out, so
        that what it is for could not be judged.
    """
    made = any(getattr(step, "makes_2d", False) for step in task.steps)
    if made or norm_2d or task.data.pose_3d.shape[2] != 3 or not task.held_out.folds.honest:
        return None
    if views is not None:
        return Sight.given(views.reference.K)
    used = sorted({*task.data.roots, *itertools.chain(*task.data.target_sets)})
    return Sight.recovered(task.data.pose_2d[:, used], task.data.pose_3d[:, used])


def _mirrored_if_worthwhile(
    task: Task, linear: Linear, order: Tensor, sight: Sight, options: Options, norm_2d: bool
) -> tuple[Task, Linear]:
    """Add mirror images to what is learned from, where held-out frames as filmed gain by it.

    That is judged by the linear map, as the strength of physical augmentation is.
    """
    frames = len(task.data.pose_2d)
    folds, learned = (mirrored_folds(part, frames) for part in (task.folds, task.learned))
    other = replace(
        task,
        data=with_mirrored(task.data, order, sight),
        folds=folds,
        learned=learned,
        held_out=Judged(with_mirrored(task.held_out.batch, order, sight), learned),
    )
    if task.start is not None and task.start.resume:
        return (other if linear.choice.get("mirrored") else task), linear
    solved = fit_linear(other, linear.normalization.anchoring.sets, options, norm_2d, None)
    share = share_of(held_out_errors(task, solved), held_out_errors(task, linear))
    taken = share < WORTHWHILE
    log.info(
        "mirror images: %s, of held-out errors %.3f with them.",
        "learned from, too" if taken else "left out",
        share,
    )
    task, solved = (other, solved) if taken else (task, linear)
    choice = linear.choice | solved.choice | {"mirrored": taken, "mirrored_error": share}
    return task, replace(solved, choice=choice)


def partners(skeleton: Skeleton) -> Tensor | None:
    """Give for each joint the one on the other side.

    Parameters
    ----------
    skeleton : Skeleton
        Whose ``pairs`` say which, or where it has none, the names of its joints.

    Returns
    -------
    tensor of int, shape (J,), or None
        A joint without a partner is its own. None where nothing can be mirrored: there are no
        pairs of joints that are roots or targets, or of one only one side is.
    """
    used = {*skeleton.sets.roots, *skeleton.sets.targets}
    known = skeleton.pairs or pairs_by_name(skeleton.joints)
    pairs = [pair for pair in known if used.intersection(pair)]
    if not pairs or not used.issuperset(joint for pair in pairs for joint in pair):
        return None
    order = torch.arange(skeleton.sets.joint_count)
    for left, right in pairs:
        order[left], order[right] = right, left
    return order


def with_mirrored(data: Batch, order: Tensor, sight: Sight) -> Batch:
    """Add to training poses their mirror images, in the same order.

    Parameters
    ----------
    data : Batch
        N poses.
    order : tensor of int, shape (J,)
        As `partners` gives it.
    sight : Sight
        The camera that they are seen through.

    Returns
    -------
    Batch
        Of 2 N poses.
    """
    used = sorted({*data.roots, *itertools.chain(*data.target_sets)})
    mirror = _upright_mirror(sight.rays(data.pose_2d[:, used]))
    rays = sight.rays(data.pose_2d[:, order])
    rays = torch.cat([rays, torch.ones_like(rays[..., :1])], 2) @ mirror
    image = (rays[..., :2] / rays[..., 2:]) @ sight.matrix[:2, :2].T + sight.matrix[:2, 2]
    space = data.pose_3d[:, order] @ (sight.turn.T @ mirror @ sight.turn)
    return replace(
        data,
        pose_2d=torch.cat([data.pose_2d, image]),
        pose_3d=torch.cat([data.pose_3d, space]),
        counts=torch.cat([data.counts, data.counts[:, order]]),
        experiment=data.experiment.repeat(2),
    )


def _upright_mirror(rays: Tensor) -> Tensor:
    """Reflection (3, 3) in the plane of the camera's vertical axis and of the mean of some rays."""
    across = float(rays[..., 0].nanmean())
    normal = torch.tensor([1.0, 0.0, -across], dtype=rays.dtype)
    normal /= normal.norm()
    return torch.eye(3, dtype=rays.dtype) - 2 * torch.outer(normal, normal)


def mirrored_folds(folds: Folds, frames: int) -> Folds:
    """Give the folds of poses to which their mirror images were added.

    Parameters
    ----------
    folds : Folds
        Of the poses.
    frames : int
        How many poses there are; the image of each follows so many rows later.

    Returns
    -------
    Folds
        A fold learns from no image of what it holds out, and is judged on the images of that, too.
    """

    def doubled(rows: Rows) -> Rows:
        return np.concatenate([rows, rows + frames])

    parts = (Fold(doubled(fold.train), doubled(fold.held)) for fold in folds.folds)
    return Folds(tuple(parts), folds.kind, 2 * folds.copies)
