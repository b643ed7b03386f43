"""What every fold holds out, made ready for judging members that add to the ridge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from liftpose.lifter.batch import Batch
from liftpose.lifter.bone_measuring import Guess
from liftpose.lifter.members import Member
from liftpose.lifter.members.ridge import Ready, Ridge, apply
from liftpose.lifter.normalization import Normalization, as_joints
from liftpose.lifter.selection import Folds, Weights, choose_weights

ENOUGH = 5_000
"""Held-out frames of a fold, about, that members are judged on; neighbours are nearly the same."""

WORTHWHILE = 0.99
"""Error that networks have to come below, as a share of that without them, to be taken at all."""

Outputs = Sequence[Tensor]
"""Standardised outputs of each fold's held-out frames, shape (M, O)."""


@dataclass(frozen=True)
class HeldOut:
    """Held-out frames of each fold, what its ridge leaves of them, and what its members add.

    Parameters
    ----------
    batch : Batch
        The poses.
    folds : Folds
        What is held out. Of validation poses, which nothing learned from, that is judged which
        lifts in the end.
    ready : tuple of three tensors
        Standardised inputs, outputs, and which outputs count, of all frames.
    normalization : Normalization
        All outputs share its one scale, so that a distance is one too.
    rows : tuple of tensors
        Held-out frames of each fold.
    base : tuple of tensors, shape (M, O), float64
        What the ridge of each fold says of them.
    additions : dict of str to tuple of tensors, shape (M, O), float64
        What each closed-form member adds.
    """

    batch: Batch
    folds: Folds
    ready: Ready
    normalization: Normalization
    rows: tuple[Tensor, ...]
    base: tuple[Tensor, ...]
    additions: dict[str, tuple[Tensor, ...]]

    @classmethod
    def of(
        cls,
        batch: Batch,
        folds: Folds,
        ready: Ready,
        normalization: Normalization,
        ridge: Ridge,
        members: Mapping[str, Member],
    ) -> HeldOut:
        """Let ridge and members of each fold lift the frames that it holds out.

        Parameters
        ----------
        batch, folds, ready, normalization
            See `HeldOut`.
        ridge : Ridge
        members : mapping of str to Member
            The closed-form ones.

        Returns
        -------
        HeldOut
        """
        inputs = ready[0]
        rows = tuple(
            torch.from_numpy(fold.held[:: 1 + len(fold.held) // ENOUGH]).to(inputs.device)
            for fold in folds.folds
        )
        bare = cls(batch, folds, ready, normalization, rows, (), {})
        base = tuple(
            apply(ridge.weights if bare.fresh else ridge.folds[number], inputs[part].cpu())
            for number, part in enumerate(rows)
        )
        added = {name: bare.added(member) for name, member in members.items()}
        return replace(bare, base=base, additions=added)

    @property
    def fresh(self) -> bool:
        """Whether nothing at all has learned from these poses."""
        return self.folds.kind == "validation"

    def added(self, member: Member) -> tuple[Tensor, ...]:
        """Let a member add to the ridge of each fold, on the frames that it holds out."""
        added = []
        for number, part in enumerate(self.rows):
            inputs = self.ready[0][part]
            given = member.addition(inputs) if self.fresh else member.held_out(number, inputs)
            added.append(given.cpu().double())
        return tuple(added)

    def joints(self, fold: int, flat: Tensor) -> Tensor:
        """Give the targets that count, as joints in the data's unit.

        Parameters
        ----------
        fold : int
            Whose held-out frames.
        flat : tensor, shape (M, O)
            Standardised.

        Returns
        -------
        tensor, shape (C, D)
        """
        dims, targets = self.normalization.dims, self.normalization.anchoring.target_count
        counts = self.ready[2][self.rows[fold]].to(flat.device)
        counted = as_joints(counts, dims)[:, :targets].all(-1)
        unit = float(self.normalization.std_out[0])
        return as_joints(flat, dims)[:, :targets][counted] * unit

    def weights(self, more: Mapping[str, Outputs] | None = None) -> Weights:
        """Choose how much of each member is added to the ridge.

        Parameters
        ----------
        more : mapping of str to sequence of tensors, shape (M, O), optional
            What further members add in each fold. They are left out, with weight 0, where they
            gain too little for what they cost whenever a pose is lifted (see `WORTHWHILE`).

        Returns
        -------
        Weights
            All zero where nothing was held out.
        """
        without = self._without
        if not more:
            return without
        further = {name: self._gains(parts) for name, parts in more.items()}
        chosen = choose_weights(self._missing, self._closed | further)
        if chosen.error < WORTHWHILE * without.error:
            return chosen
        return replace(without, values=without.values | dict.fromkeys(more, 0.0))

    @cached_property
    def _closed(self) -> dict[str, list[Tensor]]:
        """What the closed-form members add, which is the same after every epoch."""
        return {name: self._gains(parts) for name, parts in self.additions.items()}

    @cached_property
    def _without(self) -> Weights:
        """The weights of the closed-form members where there are no others."""
        return choose_weights(self._missing, self._closed)

    @cached_property
    def _missing(self) -> list[Tensor]:
        """What the ridge leaves to be explained of the targets that count, in each fold."""
        outputs = self.ready[1]
        return [
            self.joints(number, outputs[rows].cpu().double() - base)
            for number, (rows, base) in enumerate(zip(self.rows, self.base, strict=True))
        ]

    def _gains(self, parts: Outputs) -> list[Tensor]:
        """What a member adds to those targets, in each fold."""
        honest = self.folds.honest
        return [self.joints(number, part) * honest for number, part in enumerate(parts)]

    def shares(self, more: Mapping[str, Outputs] | None = None) -> dict[str, float]:
        """Give the error that the ridge and each member alone leave, as a share of the ridge's.

        Parameters
        ----------
        more : mapping of str to sequence of tensors, shape (M, O), optional
            What further members add in each fold.

        Returns
        -------
        dict of str to float
            Means over the folds.
        """
        found = {}
        further = {name: self._gains(parts) for name, parts in (more or {}).items()}
        for name, gains in {**self._closed, **further}.items():
            ratios = [
                (missing - gain).norm(dim=1).mean() / missing.norm(dim=1).mean().clamp(min=1e-12)
                for missing, gain in zip(self._missing, gains, strict=True)
            ]
            found[name] = float(torch.stack(ratios).mean())
        return found

    def guesses(
        self, weights: Mapping[str, float], more: Mapping[str, Outputs] | None = None
    ) -> list[Guess]:
        """Give what the members together say of each fold's held-out frames.

        Parameters
        ----------
        weights : mapping of str to float
            Of the members.
        more : mapping of str to sequence of tensors, shape (M, O), optional
            What further members add in each fold.

        Returns
        -------
        list of Guess
        """
        members = {**self.additions, **(more or {})}
        found = []
        for number, part in enumerate(self.rows):
            said = self.base[number]
            for name, weight in weights.items():
                if weight:
                    said = said + weight * members[name][number]
            rows = part.cpu()
            found.append(Guess(self.normalization.restore(said), *self.frames(rows)))
        return found

    def frames(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Give 2D and 3D of some frames, the 3D only of joints that were seen.

        Parameters
        ----------
        rows : tensor of int, shape (M,)
            Of the batch.

        Returns
        -------
        image : tensor, shape (M, J, 2)
        space : tensor, shape (M, J, D)
        """
        image, space = self.batch.pose_2d[rows], self.batch.pose_3d[rows]
        unseen = image.isnan().any(2, keepdim=True)
        return image, torch.where(unseen, torch.nan, space)
