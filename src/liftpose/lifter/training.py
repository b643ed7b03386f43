"""Training of the networks: whole batches of tensors in memory, one epoch after another.

Every random draw comes from one CPU generator whose state is saved with each epoch, and nothing
depends on how many epochs are to come: a run that was stopped and resumed ends with the same
weights, bit for bit, as one that was not.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from liftpose.lifter.batch import Augmentation, Batch
from liftpose.lifter.effort import EFFORTS
from liftpose.lifter.judging import HeldOut
from liftpose.lifter.members import Member
from liftpose.lifter.members.martinez import Martinez
from liftpose.lifter.members.network import FoldNetworks
from liftpose.lifter.members.ridge import Ready, Ridge
from liftpose.lifter.normalization import Normalization, as_joints
from liftpose.lifter.opt import Options
from liftpose.lifter.selection import Folds, Weights

WARM_UP = 50
"""Steps over which the learning rate of the residual networks rises to its plateau."""

MEMORY = 0.99
"""Share of the averaged weights that each step keeps.

A plateau with averaged weights was measured to be as accurate as a one-cycle rate, which would
have to know the number of epochs beforehand.
"""

WEIGHT_DECAY = 1e-2


def take(batch: Batch, rows: Tensor) -> Batch:
    """Give the poses at some rows of a batch."""
    tensors = {
        entry.name: getattr(batch, entry.name).index_select(0, rows)
        for entry in fields(batch)
        if isinstance(getattr(batch, entry.name), Tensor)
    }
    return replace(batch, **tensors)


def augmented(
    batch: Batch, augmentations: Sequence[Augmentation], generator: torch.Generator
) -> Batch:
    """Apply augmentations in their order."""
    for augmentation in augmentations:
        batch = augmentation(batch, generator)
    return batch


class Feed:
    """Standardised batches of the training data, augmented afresh each time they are asked for.

    Parameters
    ----------
    data : Batch
        All training poses.
    augmentations : sequence of Augmentation
        Applied to every batch.
    normalization : Normalization
        Applied after them.
    device : torch.device
        Where batches go; all drawing and standardising is done on the CPU, in float64.
    """

    def __init__(
        self,
        data: Batch,
        augmentations: Sequence[Augmentation],
        normalization: Normalization,
        device: torch.device,
    ):
        self.data, self.augmentations = data, tuple(augmentations)
        self.normalization, self.device = normalization, device
        self.ready = None if augmentations else self._standardise(data)

    def batch(self, rows: Tensor, generator: torch.Generator) -> Ready:
        """Give inputs, outputs and what counts, for rows of the training data.

        Parameters
        ----------
        rows : tensor of int, shape (K, B)
            Rows for each of K networks.
        generator : torch.Generator
            CPU generator that the augmentations draw from.

        Returns
        -------
        inputs, outputs, counts : tensor, shape (K, B, F), (K, B, O) and (K, B, O)
        """
        if self.ready is not None:
            inputs, outputs, counts = self.ready
            rows = rows.to(self.device)
            return inputs[rows], outputs[rows], counts[rows]
        changed = augmented(take(self.data, rows.flatten()), self.augmentations, generator)
        inputs, outputs, counts = (
            part.reshape(*rows.shape, -1) for part in self._standardise(changed)
        )
        return inputs, outputs, counts

    def _standardise(self, batch: Batch) -> Ready:
        return moved(standardise(batch, self.normalization), self.device)


def standardise(batch: Batch, normalization: Normalization) -> Ready:
    """Standardise a batch.

    Parameters
    ----------
    batch : Batch
        N poses.
    normalization : Normalization
        With the statistics of the training data.

    Returns
    -------
    inputs, outputs, counts : tensor, shape (N, F), (N, O) and (N, O)
    """
    return normalization.ready(batch.pose_2d, batch.pose_3d, batch.counts)


def moved(ready: Ready, device: torch.device) -> Ready:
    """Put standardised poses on a device."""
    inputs, outputs, counts = ready
    return inputs.to(device), outputs.to(device), counts.to(device)


class Learner(Protocol):
    """A network in training, with its optimizer."""

    @property
    def network(self) -> nn.Module:
        """What the optimizer changes."""

    @property
    def current(self) -> nn.Module:
        """The network to lift with now."""

    def step(self, batch: Ready, number: int, generator: torch.Generator) -> tuple[float, float]:
        """Take one step of training; give the loss and the learning rate."""

    def judge(self, held_out: HeldOut) -> tuple[Weights, dict[str, tuple[Tensor, ...]]]:
        """Give the weights that serve held-out frames best, and what the network adds to them."""

    def loss(self, batch: Ready, weights: Mapping[str, float]) -> float:
        """Give the loss of the lifter as it stands, on data it does not learn from."""

    def state(self) -> dict[str, Any]:
        """Give everything that the next step depends on."""

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""


class ResidualLearner:
    """Our fold networks, trained by AdamW at a plateau rate, with averaged weights.

    Parameters
    ----------
    network : FoldNetworks
        One network a fold.
    ridge : Ridge
        What the networks' mean is added to.
    members : mapping of str to Member
        What is added beside it.
    normalization : Normalization
        Gives the number of targets.
    options : Options
        Gives the learning rate.
    """

    def __init__(
        self,
        network: FoldNetworks,
        ridge: Ridge,
        members: Mapping[str, Member],
        normalization: Normalization,
        options: Options,
    ):
        self.network, self.current = network, copy.deepcopy(network)
        self.ridge, self.members, self.options = ridge, members, options
        self.targets, self.dims = normalization.anchoring.target_count, normalization.dims
        self.optimizer = torch.optim.AdamW(
            network.parameters(),
            lr=options.lr,
            betas=(0.9, 0.99),
            weight_decay=WEIGHT_DECAY,
            fused=True,
        )

    def step(self, batch: Ready, number: int, generator: torch.Generator) -> tuple[float, float]:
        """Take one step; see `Learner`."""
        rate = self.options.lr * min(1.0, number / WARM_UP)
        loss = self.network.loss(*batch)
        _descend(self.optimizer, loss, rate)
        # Young averages forget faster, so that the first steps do not linger.
        keep = min(MEMORY, (1 + number) / (10 + number))
        with torch.no_grad():
            for mean, now in zip(self.current.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(now, 1 - keep)
        return float(loss.detach()) / len(self.network.ridges), rate

    @torch.no_grad()
    def judge(self, held_out: HeldOut) -> tuple[Weights, dict[str, tuple[Tensor, ...]]]:
        """Choose the weights on every fold's held-out frames together; see `Learner`."""
        added = {"network": held_out.added(self.current)}
        return held_out.weights(added), added

    @torch.no_grad()
    def loss(self, batch: Ready, weights: Mapping[str, float]) -> float:
        """Mean distance of the targets, in standardised units; see `Learner`."""
        inputs, outputs, counts = batch
        guess = self.ridge.predict(inputs.cpu())
        for name, member in (*self.members.items(), ("network", self.current)):
            if weights[name]:
                guess = guess + weights[name] * member.addition(inputs.cpu()).cpu()
        guess = guess.to(outputs)
        counted = as_joints(counts, self.dims)[:, : self.targets].all(-1)
        missed = as_joints(guess - outputs, self.dims)[:, : self.targets]
        return float(missed[counted].norm(dim=-1).mean())

    def state(self) -> dict[str, Any]:
        """See `Learner`."""
        return {
            "network": self.network.state_dict(),
            "average": self.current.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def resume(self, state: dict[str, Any]) -> None:
        """See `Learner`."""
        self.network.load_state_dict(state["network"])
        self.current.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])


class MartinezLearner:
    """The published network, trained as published: Adam, decaying rate, mean absolute error.

    Parameters
    ----------
    network : Martinez
        The network.
    normalization : Normalization
        Gives the number of targets.
    options : Options
        Give the learning rate, its decay, and whether the gradient is clipped.
    """

    def __init__(self, network: Martinez, normalization: Normalization, options: Options):
        self.network = self.current = network
        self.options = options
        self.targets, self.dims = normalization.anchoring.target_count, normalization.dims
        self.std = as_joints(normalization.std_out, self.dims)[: self.targets]
        self.optimizer = torch.optim.Adam(network.parameters(), lr=options.lr, fused=True)

    def _only_targets(self, batch: Ready) -> Ready:
        inputs, outputs, counts = batch
        kept = slice(0, self.targets * self.dims)
        return inputs[..., : 2 * self.targets], outputs[..., kept], counts[..., kept]

    def rate(self, number: int) -> float:
        """Learning rate of a step: it falls by `lr_gamma` every `lr_decay` steps."""
        last_change = max(1, number // self.options.lr_decay * self.options.lr_decay)
        return float(
            self.options.lr * self.options.lr_gamma ** (last_change / self.options.lr_decay)
        )

    def step(self, batch: Ready, number: int, generator: torch.Generator) -> tuple[float, float]:
        """Take one step; see `Learner`."""
        inputs, outputs, counts = (part.squeeze(0) for part in self._only_targets(batch))
        self.network.train()
        loss = _absolute(self.network(inputs, generator), outputs, counts)
        rate = self.rate(number)
        norm = 1.0 if self.options.max_norm else None
        _descend(self.optimizer, loss, rate, norm)
        return float(loss.detach()), rate

    @torch.no_grad()
    def judge(self, held_out: HeldOut) -> tuple[Weights, dict[str, tuple[Tensor, ...]]]:
        """Mean distance of the targets of held-out frames, in the data's unit; see `Learner`."""
        rows = torch.cat(held_out.rows)
        inputs, outputs, counts = (part[rows] for part in self._only_targets(held_out.ready))
        self.network.eval()
        difference = as_joints(self.network(inputs) - outputs, self.dims)
        distance = (difference * self.std.to(difference)).norm(dim=-1)
        counted = as_joints(counts, self.dims).all(-1)
        mean = float(distance[counted].mean())
        return Weights({"network": 1.0}, mean, mean, float("nan")), {}

    @torch.no_grad()
    def loss(self, batch: Ready, weights: Mapping[str, float]) -> float:
        """Mean absolute error of the standardised targets; see `Learner`."""
        inputs, outputs, counts = self._only_targets(batch)
        self.network.eval()
        return float(_absolute(self.network(inputs), outputs, counts))

    def state(self) -> dict[str, Any]:
        """See `Learner`."""
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}

    def resume(self, state: dict[str, Any]) -> None:
        """See `Learner`."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])


def make_learner(
    options: Options,
    normalization: Normalization,
    ridge: Ridge,
    members: Mapping[str, Member],
    generator: torch.Generator,
    device: torch.device,
    like: nn.Module | None = None,
) -> Learner:
    """Make the network that the options name, with first weights, and what trains it.

    Parameters
    ----------
    options : Options
        Name the network and its settings.
    normalization : Normalization
        Gives the sizes.
    ridge : Ridge
        What our networks add to.
    members : mapping of str to Member
        What is added beside them.
    generator : torch.Generator
        CPU generator of the first weights.
    device : torch.device
        Where to train.
    like : torch.nn.Module, optional
        The networks of a checkpoint that is started from, whose sizes are taken.

    Returns
    -------
    Learner
    """
    if options.network == "martinez":
        targets = normalization.anchoring.target_count
        martinez = Martinez(
            2 * targets,
            normalization.dims * targets,
            options.linear_size,
            options.num_stage,
            options.dropout,
            options.drop_input,
            generator,
        )
        return MartinezLearner(martinez.to(device), normalization, options)
    effort = EFFORTS[options.effort]
    width, blocks = effort.width, effort.blocks
    if isinstance(like, FoldNetworks):
        width, blocks = like.width, like.blocks
    network = FoldNetworks(ridge.folds, normalization.dims, generator, width, blocks).to(device)
    return ResidualLearner(network, ridge, members, normalization, options)


@dataclass
class Progress:
    """Where a run stands."""

    epoch: int
    """Epochs done."""
    step: int
    """Steps done."""
    generator: torch.Generator
    """What every draw of the training comes from."""


def train_epoch(
    learner: Learner,
    feed: Feed,
    folds: Folds,
    batch_size: int,
    progress: Progress,
    most: int | None = None,
) -> tuple[float, float]:
    """Train through all frames once, or through as many as there may be; advance `progress`.

    Parameters
    ----------
    learner : Learner
        What is trained.
    feed : Feed
        The training data.
    folds : Folds
        Each network learns from the frames of its fold. A fold with fewer frames than others
        sees some of them twice.
    batch_size : int
        Frames of a step, for each network.
    progress : Progress
        Where the run stands.
    most : int, optional
        Frames that a network learns from at most.

    Returns
    -------
    loss, rate : float
        Mean loss of the epoch's steps, and the last learning rate.
    """
    orders = [
        torch.from_numpy(fold.train)[torch.randperm(len(fold.train), generator=progress.generator)]
        for fold in folds.folds
    ]
    mean_length = sum(map(len, orders)) / len(orders)
    size = min(batch_size, min(map(len, orders)))
    steps = max(1, round(min(mean_length, most or mean_length) / size))
    total, rate = 0.0, 0.0
    for number in range(steps):
        places = torch.arange(number * size, (number + 1) * size)
        rows = torch.stack([order[places % len(order)] for order in orders])
        progress.step += 1
        batch = feed.batch(rows, progress.generator)
        loss, rate = learner.step(batch, progress.step, progress.generator)
        total += loss
    progress.epoch += 1
    return total / steps, rate


def _descend(
    optimizer: torch.optim.Optimizer, loss: Tensor, rate: float, norm: float | None = None
) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()
    if norm is not None:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(parameters, norm)
    optimizer.step()


def _absolute(guess: Tensor, truth: Tensor, counts: Tensor) -> Tensor:
    """Mean absolute error over all values, those that do not count being zero (as published)."""
    return torch.where(counts, guess - truth, 0.0).abs().mean()
