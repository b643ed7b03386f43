"""What a lifter does with 2D, one stage after another: completing, linear map, members, bone fit.

A lifter and what is measured of it lift in the same way; only that held-out frames are lifted by
what had not seen them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from liftpose.lifter.bone_fit import BoneFit
from liftpose.lifter.members.martinez import Martinez
from liftpose.lifter.members.ridge import Ridge, apply
from liftpose.lifter.normalization import Normalization
from liftpose.lifter.opening import Opened, opened
from liftpose.lifter.products import product
from liftpose.poses import Floats


class Staged(NamedTuple):
    """What each stage says of N frames.

    Parameters
    ----------
    inputs : tensor, shape (N, F)
        Standardised, and complete.
    seen : bool tensor, shape (N,), or None
        Frames in which enough was seen to lift them; None where it was in all.
    linear, said, fitted : tensor, shape (N, K, D)
        Joints relative to their anchors, as the linear map, all members together, and the bone fit
        have them.
    hidden : Opened or None
        What joints that were not seen leave open; None where all were seen.
    """

    inputs: Tensor
    seen: Tensor | None
    linear: Tensor
    said: Tensor
    fitted: Tensor
    hidden: Opened | None


@dataclass(frozen=True)
class Stages:
    """The parts of a lifter that lift.

    Parameters
    ----------
    normalization : Normalization
    ridge : Ridge
    members : mapping of str to Member
        What adds to it; the published network takes its place.
    weights : mapping of str to float
        How much of each is added.
    bone_fit : BoneFit, optional
        What follows.
    bone_fits : tuple of BoneFit
        What follows in each fold, measured on the others.
    """

    normalization: Normalization
    ridge: Ridge
    members: Mapping[str, Any]
    weights: Mapping[str, float]
    bone_fit: BoneFit | None = None
    bone_fits: tuple[BoneFit, ...] = ()

    def lift(self, pose_2d: Tensor, number: int | None = None, fresh: bool = False) -> Staged:
        """Lift frames, as a lifter does that has not learned from them.

        Parameters
        ----------
        pose_2d : tensor, shape (N, J, 2), float64, pixels
            NaN = not seen.
        number : int, optional
            Of the fold that holds them out; None for frames of no fold.
        fresh : bool
            Whether nothing at all has learned from them; see `HeldOut.fresh`.

        Returns
        -------
        Staged
        """
        fold = None if fresh else number
        normalization = self.normalization
        image = normalization.complete(pose_2d)
        hidden = None
        if image is not pose_2d:
            hidden = opened(normalization, self.ridge.weights, pose_2d)
        inputs, seen = normalization.seen_inputs(image)
        outputs = apply(self.ridge.weights if fold is None else self.ridge.folds[fold], inputs)
        linear = normalization.restore(outputs)
        bent = self._bent(inputs, outputs, fold)
        said = linear if bent is outputs else normalization.restore(bent)
        fit = self.bone_fit
        if number is not None and self.bone_fits:
            fit = self.bone_fits[number]
        fitted = said
        if fit is not None:
            fitted = fit.refine(said, image, None if hidden is None else hidden.variance)
        return Staged(inputs, seen, linear, said, fitted, hidden)

    def lift_one(self, points: Any) -> tuple[Floats, Floats, Floats, Floats]:
        """Lift one whole pose as `lift` does, in NumPy, which takes half as long to begin.

        Parameters
        ----------
        points : array, shape (1, J, 2), float64, pixels
            Complete, and not for the published network.

        Returns
        -------
        linear, said, fitted : array, shape (1, K, D)
        inputs : array, shape (1, F)
            See `Staged`.
        """
        normalization = self.normalization
        inputs = normalization.of_one(points)
        weights = self.ridge.weights.numpy()
        known = inputs[:, : len(weights) - 1].astype(np.float64)
        outputs: Any = product(known, weights[:-1])
        outputs += weights[-1]
        std, mean = normalization.std_out.numpy(), normalization.mean_out.numpy()
        linear: Any = (outputs * std + mean).reshape(1, -1, normalization.dims)
        bent = [name for name in self.weights if self.weights[name] > 0]
        for name in bent:
            addition = self.members[name].addition(torch.from_numpy(inputs)).detach().cpu()
            outputs += self.weights[name] * addition.numpy().astype(np.float64)
        said = linear
        if bent:
            said = (outputs * std + mean).reshape(1, -1, normalization.dims)
        fitted: Any = said if self.bone_fit is None else self.bone_fit.refine_one(said, points)
        return linear, said, fitted, inputs

    def _bent(self, inputs: Tensor, outputs: Tensor, fold: int | None) -> Tensor:
        """Add what the members say; the same tensor where none does."""
        network = self.members.get("network")
        if isinstance(network, Martinez):
            device = next(network.parameters()).device
            network.eval()
            guess = network(inputs[:, : network.input_size].to(device)).cpu().double()
            return torch.cat([guess, outputs[:, guess.shape[1] :]], 1)
        for name, weight in self.weights.items():
            if weight > 0:
                member = self.members[name]
                more = member.addition(inputs) if fold is None else member.held_out(fold, inputs)
                outputs = outputs + weight * more.detach().cpu().double()
        return outputs
