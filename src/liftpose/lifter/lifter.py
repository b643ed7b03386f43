"""The lifter: fitted on 2D and 3D poses of the same frames, it lifts 2D poses to 3D."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from liftpose.lifter.batch import Augmentation, Batch
from liftpose.lifter.members.martinez import Martinez
from liftpose.lifter.members.network import FoldNetworks
from liftpose.lifter.members.ridge import Ridge
from liftpose.lifter.normalization import (
    Anchoring,
    Normalization,
    as_joints,
    counted_values,
)
from liftpose.lifter.opt import Options, available_device, resolve_device
from liftpose.lifter.preparation import (
    agreed_norm_2d,
    as_batch,
    as_pair,
    begin_from,
    fingerprint,
    generator_for,
    held_out_folds,
    made_visible,
    one_fold,
    with_noise,
    with_statistics,
)
from liftpose.lifter.selection import Fold, Folds, Weight
from liftpose.lifter.training import (
    Feed,
    Learner,
    Progress,
    augmented,
    make_learner,
    moved,
    standardise,
    take,
    train_epoch,
)
from liftpose.poses import Floats, Lifted, Poses
from liftpose.skeleton import TargetSets

log = logging.getLogger("liftpose")

CHUNK = 2048
"""Frames lifted at a time: bounds memory, and was measured to be fastest (the caches hold it)."""

SAMPLE = 20_000
"""Augmented poses, at the least, that statistics and ridge are taken from (in at most 50 draws)."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch of training came to.

    Parameters
    ----------
    number : int
        Epochs done, 1 after the first.
    rate : float
        Last learning rate.
    loss_train : float
        Mean loss of its steps, in standardised units.
    held_out : Weight
        Weight of the network and error on held-out frames.
    best : bool
        Whether no earlier epoch was as good on held-out frames.
    lifter : Lifter
        As it stands after this epoch; to be read at once, since training goes on in it.
    learner : Learner
        The network in training.
    progress : Progress
        Where the run stands.
    """

    number: int
    rate: float
    loss_train: float
    held_out: Weight
    best: bool
    lifter: Lifter
    learner: Learner
    progress: Progress

    def loss(self, batch: Batch) -> float:
        """Loss of the lifter as it stands, on poses it does not learn from."""
        device = next(self.learner.current.parameters()).device
        ready = moved(standardise(batch, self.lifter.normalization), device)
        return self.learner.loss(ready, self.held_out.value)


@dataclass(frozen=True)
class Start:
    """What a run starts from, if not from nothing.

    Parameters
    ----------
    lifter : Lifter
        Of the checkpoint.
    training : dict
        State of the checkpoint's training.
    resume : bool
        Go on with that run; else begin a new one from its network.
    folder : pathlib.Path
        Where the checkpoint was read from.
    best : Lifter, optional
        The best of that run so far.
    """

    lifter: Lifter
    training: dict[str, Any]
    resume: bool
    folder: Path
    best: Lifter | None = None


class Lifter:
    """Lifts the 2D keypoints of one camera to 3D.

    A ridge (a closed-form linear map) and, on top of it, residual networks that are weighted by
    what they are worth on held-out blocks of the training data. ``network="ridge"`` leaves the
    networks out, ``network="martinez"`` uses the published one instead.

    Parameters
    ----------
    roots : sequence of int
        Root joints; the first is the origin of a lifted pose.
    target_sets : sequence of sequences of int
        Joints predicted relative to each root.
    options : Options, optional
        All settings; or name them one by one.
    **settings
        Options by name.

    Raises
    ------
    ValueError, TypeError
        Options or roots that make no sense.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> pose_3d = rng.normal(size=(200, 5, 3))
    >>> lifter = Lifter([0], [1, 2, 3, 4], epochs=2).fit(pose_3d[..., :2], pose_3d)
    >>> lifter.lift(pose_3d[:7, :, :2]).position.shape
    (7, 5, 3)
    """

    sets: TargetSets
    normalization: Normalization
    ridge: Ridge

    def __init__(
        self, roots: Any, target_sets: Any, options: Options | None = None, **settings: Any
    ):
        if options is not None and settings:
            raise TypeError("give either options or settings by name, not both.")
        self.roots, self.target_sets = roots, target_sets
        self.options = options or Options.from_kwargs(settings)
        self.network: nn.Module | None = None
        self.weight = 0.0
        self.choice: dict[str, Any] = {}

    @property
    def fitted(self) -> bool:
        """Whether the lifter can lift."""
        return hasattr(self, "ridge")

    def fit(
        self,
        poses_2d: Any,
        poses_3d: Any,
        mask: Any = None,
        augmentation: Sequence[Augmentation] | None = None,
        stats: Sequence[Any] | None = None,
        norm_2d: bool | None = None,
        start: Start | None = None,
        on_ready: Callable[[Lifter], None] | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
    ) -> Lifter:
        """Learn from 2D and 3D poses of the same frames.

        Parameters
        ----------
        poses_2d : Poses, array of shape (N, J, 2), dict of such arrays, or None
            Pixels; NaN = not seen. None where an augmentation makes the 2D.
        poses_3d : Poses, array of shape (N, J, D), or dict of such arrays
            Any unit and frame; D is 3, or 1 for depth only; NaN = not known.
        mask : bool array or dict like `poses_3d`, optional
            False where a value does not count.
        augmentation : sequence of Augmentation, optional
            Applied in order to every batch.
        stats : tuple of four arrays, optional
            ``mean_2d, std_2d, mean_3d, std_3d``, flat over joints and coordinates, instead of
            the training data's own (published network only).
        norm_2d : bool, optional
            Whether the 2D of each frame is scaled to unit norm, here and in every later lift.
            None: no, unless an augmentation says so.
        start : Start, optional
            A checkpoint to go on from.
        on_ready : callable, optional
            Called with the lifter when all input is found good and the ridge is solved.
        on_epoch : callable, optional
            Called with an `Epoch` after each.

        Returns
        -------
        Lifter
            Itself.

        Raises
        ------
        ValueError
            Poses that do not fit each other or the roots, a root or target that is never seen,
            or contradicting settings.
        """
        poses_2d, poses_3d = as_pair(poses_2d, poses_3d, mask, augmentation)
        self.sets = TargetSets.resolve(self.roots, self.target_sets, poses_3d.joints)
        steps = with_noise(augmentation, self.options.noise)
        for step in steps:
            if hasattr(step, "check"):
                step.check(poses_3d.keys, poses_3d.joints)
        norm_2d = agreed_norm_2d(norm_2d, steps)
        martinez = self.options.network == "martinez"
        with _threads(self.options.job):
            device = resolve_device(self.options.device)
            data = as_batch(poses_2d, poses_3d, self.sets)
            clean = made_visible(data, steps, self.options.seed)
            folds = held_out_folds(self.sets, poses_3d, clean)
            learned = one_fold(poses_3d, folds, self.options.batch_size) if martinez else folds
            digest = fingerprint(data)
            if start is not None:
                self._check_start(start, norm_2d, learned, digest)
            self._fit_linear(data, steps, folds, norm_2d, stats, start)
            self.choice |= folds.summary(poses_3d) | {"data": digest}
            if on_ready is not None:
                on_ready(self)
            if self.options.network != "ridge":
                self._fit_network(data, clean, steps, learned, start, on_epoch, device)
        return self

    def _check_start(self, start: Start, norm_2d: bool, folds: Folds, digest: str) -> None:
        """Check that this run can go on from a checkpoint; warn where its data are others."""
        before = start.lifter.normalization.norm_2d
        if before != norm_2d:
            raise ValueError(
                f"the checkpoint was trained with norm_2d={before}, which holds for all that comes "
                f"after it, and this run would use norm_2d={norm_2d}. Give norm_2d={before}, or "
                "the augmentation that the checkpoint was trained with."
            )
        networks = len(start.lifter.ridge.folds)
        if self.options.network == "residual" and networks != len(folds.folds):
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

    def _fit_linear(
        self,
        data: Batch,
        steps: Sequence[Augmentation],
        folds: Folds,
        norm_2d: bool,
        stats: Sequence[Any] | None,
        start: Start | None,
    ) -> None:
        if start is not None and start.resume:
            self.normalization, self.ridge = start.lifter.normalization, start.lifter.ridge
            self.choice = dict(start.lifter.choice)
            return
        frames = len(data.pose_2d)
        copies = min(50, -(-SAMPLE // frames)) if steps else 1
        tiled = take(data, torch.arange(frames).repeat(copies)) if copies > 1 else data
        sample = augmented(tiled, steps, generator_for(self.options.seed, "statistics"))
        anchoring = Anchoring(self.sets)
        counts = counted_values(anchoring, sample.pose_2d, sample.pose_3d, sample.counts)
        if start is not None:
            self.normalization = start.lifter.normalization
        else:
            self.normalization = Normalization.fit(
                anchoring,
                sample.pose_2d,
                sample.pose_3d,
                counts,
                norm_2d,
                per_coordinate=self.options.network == "martinez",
            )
            if stats is not None:
                self.normalization = with_statistics(self.normalization, stats)
        inputs, outputs, counted = standardise(sample, self.normalization)
        offsets = np.arange(copies)[:, None] * frames
        wide = tuple(
            Fold((offsets + fold.train).ravel(), (offsets + fold.held).ravel())
            for fold in folds.folds
        )
        self.ridge = Ridge.fit(
            inputs,
            outputs,
            counted,
            Folds(wide, folds.kind),
            self.normalization.std_out,
            self.normalization.dims,
            len(self.sets.targets),
        )
        self.choice = {"ridge_penalty": self.ridge.penalty}

    def _fit_network(
        self,
        data: Batch,
        clean: Batch,
        steps: Sequence[Augmentation],
        folds: Folds,
        start: Start | None,
        on_epoch: Callable[[Epoch], None] | None,
        device: torch.device,
    ) -> None:
        weights = generator_for(self.options.seed, "weights")
        learner = make_learner(self.options, self.normalization, self.ridge, weights, device)
        progress = Progress(0, 0, generator_for(self.options.seed, "training"))
        best_error, best = float("inf"), self._snapshot(None, 0.0)
        if start is not None and start.resume:
            learner.resume(start.training["learner"])
            progress.epoch, progress.step = start.training["epoch"], start.training["step"]
            progress.generator.set_state(start.training["generator"])
            best_error = start.training["best_error"]
            best = start.best or start.lifter
        elif start is not None:
            begin_from(learner, start.lifter.network)
        feed = Feed(data, steps, self.normalization, device)
        # Without augmentation what is judged on is what is learned from, standardised already.
        judged = feed.ready or moved(standardise(clean, self.normalization), device)
        while progress.epoch < self.options.epochs:
            loss, rate = train_epoch(learner, feed, folds, self.options.batch_size, progress)
            held_out = learner.judge(folds, judged)
            better = not held_out.error >= best_error
            now = self._snapshot(learner.current, held_out.value)
            if better:
                best_error = held_out.error
                now.choice |= {
                    "epoch": progress.epoch,
                    "network_weight": held_out.value,
                    "held_out_mpjpe": held_out.mpjpe,
                    "held_out_mpjpe_ridge": held_out.ridge_mpjpe,
                }
                best = now._frozen()
            if on_epoch is not None:
                on_epoch(
                    Epoch(progress.epoch, rate, loss, held_out, better, now, learner, progress)
                )
        self.network, self.weight, self.choice = best.network, best.weight, best.choice

    def _snapshot(self, network: nn.Module | None, weight: float) -> Lifter:
        other = copy.copy(self)
        other.network, other.weight, other.choice = network, weight, dict(self.choice)
        return other

    def _frozen(self) -> Lifter:
        """The same, with a network of its own that training does not change."""
        return self._snapshot(copy.deepcopy(self.network), self.weight)

    def lift(self, poses_2d: Any) -> Lifted:
        """Lift 2D poses.

        Parameters
        ----------
        poses_2d : Poses, array of shape (N, J, 2), or dict of such arrays
            Pixels; NaN = not seen.

        Returns
        -------
        Lifted
            Row i is frame i. A frame in which nothing was seen is NaN.

        Raises
        ------
        ValueError
            Another number of joints than the lifter learned, or a lifter that was not fitted.
        """
        if not self.fitted:
            raise ValueError("this lifter was not fitted; call fit(poses_2d, poses_3d) first.")
        if not isinstance(poses_2d, Poses):
            poses_2d = Poses.from_experiments(poses_2d, dims=(2,), name="poses_2d")
        relative = torch.from_numpy(self.relative(poses_2d.points))
        return lifted(self.sets, relative, poses_2d)

    @torch.no_grad()
    def relative(self, points: Floats, linear_only: bool = False) -> Floats:
        """Lift 2D points to joints relative to their anchors, a chunk of frames at a time.

        Parameters
        ----------
        points : array, shape (N, J, 2), float64
            Pixels; NaN = not seen.
        linear_only : bool
            Leave the network out.

        Returns
        -------
        array, shape (N, T + R, D), float64
            The targets, then the further roots (see `Anchoring`), in the training 3D's unit.

        Raises
        ------
        ValueError
            Another number of joints than the lifter learned.
        """
        if points.shape[1] != self.sets.joint_count:
            raise ValueError(
                f"the poses have {points.shape[1]} joints; this lifter learned "
                f"{self.sets.joint_count}."
            )
        result = np.empty((len(points), len(self.normalization.anchoring.joints), self.dims))
        with _threads(self.options.job):
            for first in range(0, len(points), CHUNK):
                chunk = torch.from_numpy(np.array(points[first : first + CHUNK], np.float64))
                inputs = self.normalization.inputs(chunk)
                outputs = self.ridge.predict(inputs)
                if self.network is not None and not linear_only:
                    outputs = self._with_network(inputs, outputs)
                part = self.normalization.restore(outputs)
                seen = self.normalization.anchoring.relative(chunk).isfinite().any(2).any(1)
                part[~seen] = torch.nan
                result[first : first + CHUNK] = part.numpy()
        return result

    def mean_pose(self) -> Floats:
        """Give the mean of the training data, shape (T + R, D), joints relative to anchors."""
        mean: Floats = as_joints(self.normalization.mean_out, self.dims).numpy()
        return mean

    def _with_network(self, inputs: Tensor, outputs: Tensor) -> Tensor:
        network = self.network
        if isinstance(network, Martinez):
            device = next(network.parameters()).device
            network.eval()
            guess = network(inputs[:, : network.input_size].to(device)).cpu().double()
            return torch.cat([guess, outputs[:, guess.shape[1] :]], 1)
        if isinstance(network, FoldNetworks) and self.weight > 0:
            addition = network.addition(inputs.to(network.ridges.device)).cpu().double()
            return outputs + self.weight * addition
        return outputs

    @property
    def dims(self) -> int:
        """Coordinates D of a lifted joint: 3, or 1 for depth only."""
        return self.normalization.dims

    def state(self) -> dict[str, Any]:
        """Everything the lifter is, as plain values and tensors."""
        network = self.network
        return {
            "options": self.options.as_dict(),
            "roots": list(self.sets.roots),
            "target_sets": [list(members) for members in self.sets.sets],
            "joint_count": self.sets.joint_count,
            "normalization": self.normalization.state(),
            "ridge": self.ridge.state(),
            "network": None if network is None else dict(network.state_dict()),
            "weight": self.weight,
            "choice": self.choice,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Lifter:
        """Build a lifter from what `state` gave.

        It is put on the device that its options name, or where this machine has none of that
        name, on the one that ``"auto"`` means.

        Parameters
        ----------
        state : dict
            As `state` gave it.

        Returns
        -------
        Lifter
        """
        options = Options(**state["options"])
        lifter = cls(state["roots"], state["target_sets"], options)
        lifter.sets = TargetSets.resolve(state["roots"], state["target_sets"], state["joint_count"])
        lifter.normalization = Normalization(Anchoring(lifter.sets), **state["normalization"])
        lifter.ridge = Ridge(**state["ridge"])
        lifter.weight, lifter.choice = state["weight"], dict(state["choice"])
        network = state["network"]
        if network is not None:
            built: nn.Module
            if options.network == "martinez":
                built = Martinez.from_state(network)
            else:
                built = FoldNetworks(network["ridges"], lifter.dims)
                built.load_state_dict(network)
            lifter.network = built.to(available_device(options.device))
        return lifter


def lifted(sets: TargetSets, relative: Tensor, poses_2d: Poses) -> Lifted:
    """Put joints relative to their anchors together into poses.

    Parameters
    ----------
    sets : TargetSets
        Roots and targets.
    relative : tensor, shape (N, T + R, D)
        As `Lifter.relative` gives it.
    poses_2d : Poses
        What was lifted.

    Returns
    -------
    Lifted
    """
    anchoring = Anchoring(sets)
    root_relative = relative.new_full((len(relative), sets.joint_count, relative.shape[2]), np.nan)
    root_relative[:, list(sets.targets)] = relative[:, : anchoring.target_count]
    position = anchoring.place(relative)
    position[relative.isnan().all(2).all(1)] = torch.nan
    return Lifted(position.numpy(), root_relative.numpy(), poses_2d.keys, poses_2d.lengths)


@contextmanager
def _threads(job: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if job is not None:
        torch.set_num_threads(job)
    try:
        yield
    finally:
        if job is not None:
            torch.set_num_threads(before)
