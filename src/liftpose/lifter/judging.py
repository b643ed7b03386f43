"""What every fold holds out, made ready for judging members that add to the ridge."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from liftpose.lifter.members.kernel import Kernel
from liftpose.lifter.members.ridge import Ready, Ridge, apply
from liftpose.lifter.normalization import Normalization, as_joints
from liftpose.lifter.selection import Folds, Weights, choose_weights


@dataclass(frozen=True)
class HeldOut:
    """Held-out frames of each fold, what its ridge leaves of them, and what its kernel adds.

    Parameters
    ----------
    folds : Folds
        What is held out. Of validation poses, which nothing learned from, that is judged which
        lifts in the end.
    ready : tuple of three tensors
        Standardised inputs, outputs, and which outputs count, of all frames.
    rows : tuple of tensors
        Held-out frames of each fold.
    counted : tuple of bool tensors, shape (M, T)
        Targets that count there.
    missing : tuple of tensors, shape (C, D)
        What the ridge leaves to be explained of those targets, in the data's unit.
    kernel : tuple of tensors, shape (C, D)
        What the kernel adds there; empty where there is no kernel.
    unit : float
        Length of a standardised unit.
    dims : int
        Coordinates D of a joint.
    """

    folds: Folds
    ready: Ready
    rows: tuple[Tensor, ...]
    counted: tuple[Tensor, ...]
    missing: tuple[Tensor, ...]
    kernel: tuple[Tensor, ...]
    unit: float
    dims: int

    @classmethod
    def of(
        cls,
        normalization: Normalization,
        ridge: Ridge,
        kernel: Kernel | None,
        folds: Folds,
        ready: Ready,
    ) -> HeldOut:
        """Let ridge and kernel of each fold lift the frames that it holds out.

        Parameters
        ----------
        normalization : Normalization
            All outputs share its one scale, so that a distance is one too.
        ridge : Ridge
        kernel : Kernel, optional
        folds : Folds
        ready : tuple of three tensors

        Returns
        -------
        HeldOut
        """
        inputs, outputs, counts = ready
        dims, targets = normalization.dims, normalization.anchoring.target_count
        unit = float(normalization.std_out[0])
        rows = tuple(torch.from_numpy(fold.held).to(inputs.device) for fold in folds.folds)
        counted = tuple(as_joints(counts[part], dims)[:, :targets].all(-1) for part in rows)
        bare = cls(folds, ready, rows, counted, (), (), unit, dims)
        missing, added = [], []
        for number, part in enumerate(rows):
            here, fresh = inputs[part].cpu(), folds.kind == "validation"
            base = apply(ridge.weights if fresh else ridge.folds[number], here)
            missing.append(bare.joints(number, outputs[part] - base.to(outputs)))
            if kernel is not None:
                gain = kernel.addition(here) if fresh else kernel.held_out(number, here)
                added.append(bare.joints(number, gain.to(outputs)))
        return replace(bare, missing=tuple(missing), kernel=tuple(added))

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
        counted = self.counted[fold]
        return as_joints(flat, self.dims)[:, : counted.shape[1]][counted] * self.unit

    def weights(self, networks: tuple[Tensor, ...] = ()) -> Weights:
        """Choose how much of the kernel and of the networks is added to the ridge.

        Parameters
        ----------
        networks : tuple of tensors, shape (C, D)
            What they add in each fold; empty where there are none.

        Returns
        -------
        Weights
            Of kernel and networks, zero for one that there is not.
        """
        nothing = tuple(torch.zeros_like(part) for part in self.missing)
        members = [member or nothing for member in (self.kernel, networks)]
        honest = self.folds.honest
        return choose_weights(
            self.missing,
            [[part * honest for part in parts] for parts in zip(*members, strict=True)],
        )
