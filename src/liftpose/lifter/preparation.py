"""What stands before training: poses as tensors, what is asked of them, and what is agreed on."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from liftpose.geometry.camera import Camera
from liftpose.lifter.augmentation import add_noise
from liftpose.lifter.batch import Augmentation, Batch
from liftpose.lifter.normalization import Anchoring, Normalization, counted_values
from liftpose.lifter.projection import FITTING
from liftpose.lifter.selection import Fold, Folds, hold_out
from liftpose.lifter.terms import as_poses_2d, as_poses_3d, of_skeleton
from liftpose.lifter.training import Learner, augmented
from liftpose.lifter.views import Views
from liftpose.poses import Poses, check_pair
from liftpose.skeleton import Skeleton
from liftpose.skeleton.target_sets import TargetSets

log = logging.getLogger("liftpose")

MARTINEZ_FOLDS = 8
"""The published network holds out one block of so many, which its best epoch is chosen on."""


def as_batch(poses_2d: Poses, poses_3d: Poses, sets: TargetSets) -> Batch:
    """Give all poses as one batch of tensors.

    Masked values are taken out, but for roots, which anchor wherever their coordinates are
    finite.

    Parameters
    ----------
    poses_2d, poses_3d : Poses
        Of the same frames and joints.
    sets : TargetSets
        Roots and targets.

    Returns
    -------
    Batch
    """
    pose_3d = poses_3d.points.astype(np.float64)
    roots = list(sets.roots)
    pose_3d[:, roots] = poses_3d.given[:, roots]
    return Batch(
        torch.from_numpy(poses_2d.points.astype(np.float64)),
        torch.from_numpy(pose_3d),
        torch.from_numpy(np.isfinite(poses_3d.points)),
        torch.from_numpy(poses_3d.experiment),
        poses_3d.keys,
        sets.roots,
        sets.sets,
    )


def informed(
    data: Batch, skeleton: Skeleton, views: Views | None, steps: Sequence[Augmentation]
) -> Batch:
    """Tell the training data what augmentations may ask for: the body, and the cameras.

    Parameters
    ----------
    data : Batch
        All training poses, as the lifter learns them.
    skeleton : Skeleton
        Of the animal.
    views : Views, optional
        The lifter's cameras.
    steps : sequence of Augmentation
        Those with ``moves`` move 3D and 2D together.

    Returns
    -------
    Batch
        Without cameras where nothing moves, and, with a warning, where they do not show the 3D
        near the 2D: a turn and a focal length are enough for a lifter, but not for this.

    Raises
    ------
    ValueError
        A camera for the lifter and another one for an augmentation.
    """
    data = replace(data, skeleton=skeleton)
    movers = [step for step in steps if getattr(step, "moves", False)]
    if not movers or views is None or data.pose_3d.shape[2] != 3:
        return data
    if any(getattr(step, "camera", None) is not None for step in movers):
        raise ValueError(
            "camera is given to the lifter and to an augmentation, which takes the lifter's; give "
            "it to the lifter alone."
        )
    # The data are in the reference camera's pixels, and turned but not moved to their own.
    data = replace(
        data,
        cameras=tuple(
            Camera(K=views.reference.K, t=one.t if views.turns else None)
            for one in views.of(data.keys)
        ),
    )
    off = _reprojection(data)
    if off <= FITTING:
        return data
    log.warning(
        "augmentation: the camera shows the 3D far from the 2D (median %.2g of a pose's extent in "
        "the image), so that a weak-perspective camera is fitted instead. Is the translation t "
        "of the camera missing, or the 3D relative to a root?",
        off,
    )
    return replace(data, cameras=())


def _reprojection(data: Batch) -> float:
    """Median distance of the 3D as the cameras show it from the 2D, in extents of a pose."""
    distances = []
    for number, camera in enumerate(data.cameras):
        rows = data.experiment == number
        seen = data.pose_2d[rows]
        shown = camera.project(data.pose_3d[rows])
        middle = seen.nanmean(dim=1, keepdim=True)
        extent = (seen - middle).square().sum(-1).nanmean(dim=1, keepdim=True).sqrt()
        both = data.pose_3d[rows].isfinite().all(-1) & seen.isfinite().all(-1)
        # What the camera cannot show is as far off as can be.
        distances.append(((shown - seen).norm(dim=-1) / extent)[both].nan_to_num(torch.inf))
    together = torch.cat(distances)
    return float(together.median()) if len(together) else float("inf")


def made_visible(data: Batch, steps: Sequence[Augmentation], seed: int) -> Batch:
    """Give the data as it is judged on: with the 2D made where it is made, and nothing else."""
    makers = [step for step in steps if getattr(step, "makes_2d", False)]
    return augmented(data, makers, generator_for(seed, "held out"))


def with_statistics(normalization: Normalization, stats: Sequence[Any]) -> Normalization:
    """Give a normalization with statistics that come from elsewhere.

    Parameters
    ----------
    normalization : Normalization
        The training data's own; it keeps those of further roots.
    stats : sequence of four arrays
        ``mean_2d, std_2d, mean_3d, std_3d``, each flat over all joints and coordinates, of
        anchored poses.

    Returns
    -------
    Normalization

    Raises
    ------
    ValueError
        Not four arrays, or of other lengths than the poses need.
    """
    names = ("mean_2d", "std_2d", "mean_3d", "std_3d")
    if len(stats) != 4:
        raise ValueError(f"stats holds {len(stats)} arrays; expected {', '.join(names)}.")
    sets, dims = normalization.anchoring.sets, normalization.dims
    own = (
        normalization.mean_in.clone(),
        normalization.std_in.clone(),
        normalization.mean_out.clone(),
        normalization.std_out.clone(),
    )
    for name, values, mine, coordinates in zip(names, stats, own, (2, 2, dims, dims), strict=True):
        array = np.asarray(values, dtype=np.float64).ravel()
        if len(array) != sets.joint_count * coordinates:
            raise ValueError(
                f"stats: {name} has {len(array)} values; expected {sets.joint_count} joints x "
                f"{coordinates} coordinates."
            )
        chosen = torch.from_numpy(array.reshape(-1, coordinates)[list(sets.targets)].ravel())
        if name.startswith("std"):
            chosen = torch.where(chosen > 0, chosen, 1.0)
        mine[: len(chosen)] = chosen
    return Normalization(
        normalization.anchoring, normalization.norm_2d, *own, completion=normalization.completion
    )


def as_pair(
    poses_2d: Any,
    poses_3d: Any,
    mask: Any,
    confidence: Any,
    augmentation: Sequence[Augmentation] | None,
    skeleton: Skeleton | None,
    name: str = "poses",
) -> tuple[Poses, Poses]:
    """Check training poses as they are given to `Lifter.fit`.

    Parameters
    ----------
    poses_2d, poses_3d, mask, confidence, augmentation
        See `Lifter.fit`.
    skeleton : Skeleton, optional
        Whose joints both are brought to.
    name : str
        What errors call the two, before ``_2d`` and ``_3d``.

    Returns
    -------
    poses_2d, poses_3d : Poses
        Of the same frames and joints; the 2D is all NaN where it is to be made.

    Raises
    ------
    ValueError
        Poses that do not fit each other, or no 2D and nothing that makes it.
    """
    poses_3d = as_poses_3d(poses_3d, mask, f"{name}_3d")
    if skeleton is not None:
        poses_3d = of_skeleton(poses_3d, skeleton, f"{name}_3d")
    if poses_2d is None:
        if not any(getattr(step, "makes_2d", False) for step in augmentation or ()):
            raise ValueError(
                "there is no training 2D, and no augmentation that makes it from the 3D: give "
                "train_2d, or an augmentation such as random_project."
            )
        return Poses.unseen(poses_3d, 2), poses_3d
    poses_2d = as_poses_2d(poses_2d, confidence, name=f"{name}_2d")
    if skeleton is not None:
        poses_2d = of_skeleton(poses_2d, skeleton, f"{name}_2d")
    return check_pair(poses_2d, poses_3d, (f"{name}_2d", f"{name}_3d")), poses_3d


@dataclass(frozen=True)
class Judged:
    """What choices are made on.

    Parameters
    ----------
    batch : Batch
        Poses as they are, but for 2D that is made.
    folds : Folds
        Which of its rows are judged on by which network.
    """

    batch: Batch
    folds: Folds

    @classmethod
    def on(cls, sets: TargetSets, poses_2d: Poses, poses_3d: Poses) -> Judged:
        """Judge on validation poses, which nothing learns from.

        Parameters
        ----------
        sets : TargetSets
            Roots and targets.
        poses_2d, poses_3d : Poses
            Of the same frames and joints.

        Returns
        -------
        Judged

        Raises
        ------
        ValueError
            No frame in which a target and its root are seen in both 2D and 3D.
        """
        batch = as_batch(poses_2d, poses_3d, sets)
        counts = counted_values(Anchoring(sets), batch.pose_2d, batch.pose_3d, batch.counts)
        usable = counts[:, : len(sets.targets)].any((1, 2)).numpy()
        if not usable.any():
            raise ValueError(
                "no frame of the validation poses has a target and its root in both 2D and 3D."
            )
        parts = hold_out(poses_3d, usable)
        nothing = np.empty(0, np.int64)
        folds = tuple(Fold(nothing, fold.held) for fold in parts.folds)
        return cls(batch, Folds(folds, "validation"))

    def summary(self) -> dict[str, Any]:
        """Tell what choices were made on."""
        return {"chosen_on": f"{len(self.folds.held)} frames of validation poses"}


def with_noise(
    augmentation: Sequence[Augmentation] | None, noise: float | None
) -> tuple[Augmentation, ...]:
    """Give all augmentations of a run, the noise of its options last.

    Parameters
    ----------
    augmentation : sequence of Augmentation, optional
        What the caller listed.
    noise : float, optional
        Standard deviation in pixels.

    Returns
    -------
    tuple of Augmentation

    Raises
    ------
    TypeError
        No list, or something in it that cannot be called.
    """
    if augmentation is not None and not isinstance(augmentation, Sequence):
        raise TypeError(
            f"augmentation is a {type(augmentation).__name__}; expected a list of augmentations."
        )
    steps = tuple(augmentation or ())
    for step in steps:
        if not callable(step):
            raise TypeError(f"augmentation holds {step!r}, which cannot be called.")
    steps = (*steps, add_noise(noise)) if noise else steps
    if steps and getattr(steps[-1], "makes_2d", False):
        log.warning(
            "the training 2D is made by projection and exact, and a tracker's is not: a lifter "
            "that never saw noise makes much of it. Put add_noise(pixels) last in the list."
        )
    return steps


def check_all_seen(skeleton: Skeleton, clean: Batch, counts: Tensor) -> None:
    """Raise where a root or a target gives nothing to learn from."""
    sets = skeleton.sets

    def called(joint: int) -> str:
        name = skeleton.joints[joint]
        return name if name == str(joint) else repr(name)

    for root in sets.roots:
        for pose, what in ((clean.pose_2d, "2D"), (clean.pose_3d, "3D")):
            if not pose[:, root].isfinite().all(1).any():
                raise ValueError(
                    f"root {called(root)} is never seen in the training {what}; its targets cannot "
                    "be placed. Choose another root."
                )
    seen = counts.any((0, 2))
    if not seen.all():
        joint = sets.targets[int((~seen).nonzero()[0])]
        raise ValueError(
            f"target {called(joint)} is never seen together with its root in both 2D and 3D of the "
            "training data (or is masked everywhere); take it out of target_sets."
        )


def begin_from(learner: Learner, network: nn.Module | None) -> None:
    """Put the network of a checkpoint in place of the first weights.

    Parameters
    ----------
    learner : Learner
        What begins.
    network : torch.nn.Module or None
        Of the checkpoint. Its ridges are left out: this run has its own.

    Raises
    ------
    ValueError
        A network of other shapes.
    """
    given = {} if network is None else network.state_dict()
    own = {name: value for name, value in given.items() if name != "ridges"}
    for mine in (learner.network, learner.current):
        for name, value in mine.state_dict().items():
            found = tuple(own[name].shape) if name in own else None
            if name != "ridges" and found != tuple(value.shape):
                raise ValueError(
                    f"the checkpoint's network does not fit this one: {name} has shape {found}; "
                    f"expected {tuple(value.shape)}."
                )
        mine.load_state_dict(own, strict=False)


def held_out_folds(skeleton: Skeleton, poses_3d: Poses, clean: Batch) -> Folds:
    """Choose what to hold out, of the frames in which there is something to learn.

    Parameters
    ----------
    skeleton : Skeleton
        Roots and targets, and their names.
    poses_3d : Poses
        The training 3D, which knows where experiments begin.
    clean : Batch
        The training data, as they are judged on.

    Returns
    -------
    Folds

    Raises
    ------
    ValueError
        A root or a target that gives nothing to learn from.
    """
    sets = skeleton.sets
    counts = counted_values(Anchoring(sets), clean.pose_2d, clean.pose_3d, clean.counts)
    counts = counts[:, : len(sets.targets)]
    check_all_seen(skeleton, clean, counts)
    usable = counts.any((1, 2)).numpy()
    empty = int((~usable).sum())
    if empty:
        log.info("%d of %d training frames hold nothing to learn from.", empty, len(usable))
    folds = hold_out(poses_3d, usable)
    if not folds.honest:
        log.warning(
            "%d usable training frames are too few to hold any out: nothing is chosen, "
            "and the lifter is a cautious linear map.",
            int(usable.sum()),
        )
    return folds


def one_fold(poses_3d: Poses, folds: Folds, batch_size: int) -> Folds:
    """Choose what the published network holds out: the last of several blocks.

    Parameters
    ----------
    poses_3d : Poses
        The training 3D.
    folds : Folds
        Of the ridge; they tell which frames are usable.
    batch_size : int
        Of the options.

    Returns
    -------
    Folds
        A single one.

    Raises
    ------
    ValueError
        Fewer than two frames in a batch, which batch normalization cannot do with.
    """
    usable = np.zeros(poses_3d.frames, dtype=bool)
    usable[folds.held] = True
    many = hold_out(poses_3d, usable, MARTINEZ_FOLDS, MARTINEZ_FOLDS)
    last = Folds(many.folds[-1:], many.kind)
    frames = len(last.folds[0].train)
    if min(batch_size, frames) < 2:
        raise ValueError(
            "the published network normalizes over a batch and needs at least 2 frames in it; "
            f"here are {frames} to learn from, and batch_size is {batch_size}."
        )
    return last


def fingerprint(data: Batch) -> str:
    """Tell training data from others: a digest of the poses, what counts, and their experiments.

    Parameters
    ----------
    data : Batch
        All training poses.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    digest = hashlib.blake2b(repr(data.keys).encode(), digest_size=16)
    for tensor in (data.pose_2d, data.pose_3d, data.counts, data.experiment):
        digest.update(repr(tuple(tensor.shape)).encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def generator_for(seed: int, purpose: str) -> torch.Generator:
    """A CPU generator of its own for each purpose, so that no use disturbs another."""
    sequence = np.random.SeedSequence([seed, *purpose.encode()])
    return torch.Generator().manual_seed(int(sequence.generate_state(1, np.uint64)[0]) >> 1)
