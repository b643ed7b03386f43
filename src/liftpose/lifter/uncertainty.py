"""How far off each joint of a lifted pose may be, learned from held-out frames.

Three things tell, of a joint and of its whole frame: how far the members took it from where the
linear map has it, how far the bone fit moved it, and how unlike the 2D is to what was learned. The
logarithm of the mean square error is taken to be linear in the logarithms of these, and found by
gamma regression (McCullagh and Nelder 1989, "Generalized Linear Models", chapter 8) on frames that
the members had not seen. To that comes what a joint that was not seen leaves open, as far as the
linear map hands it on.

How all this is measured, and how wide bars have to be, is in `uncertainty_measuring`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from liftpose.lifter.batch import is_complete
from liftpose.lifter.opening import Opened
from liftpose.lifter.products import product
from liftpose.lifter.stages import Staged
from liftpose.poses.bars import Bars

SMALLEST = 1e-3
"""Added to every length before its logarithm is taken, as a share of the spread of a joint."""

TURNS = 64
"""Cameras whose turned shares are kept."""

FARTHEST = 8.0
"""Standard deviations that a sign may be away from its mean: there was none to learn from there."""


@dataclass(frozen=True)
class Doubt:
    """What is doubtful of some lifted poses.

    Parameters
    ----------
    square : tensor, shape (N, K)
        Mean square error that is expected of each joint, were all of its frame seen.
    unlike : tensor, shape (N,)
        How unlike the 2D is to what was learned; see `unlikeness`.
    hidden : Opened, optional
        What joints that were not seen leave open, in the lifter's frame.
    """

    square: Tensor
    unlike: Tensor
    hidden: Opened | None = None


@dataclass(frozen=True)
class Uncertainty:
    """What tells how far off a joint is, and by how much.

    Parameters
    ----------
    whitening : tensor, shape (F, F), float32
        Takes standardised inputs to uncorrelated ones.
    mean, scale : tensor, shape (S,), float64
        Of the signs on held-out frames.
    weights : tensor, shape (S + 1,), float64
        The first is the constant.
    unit : float
        About the spread of a joint.
    typical : tensor, shape (K,), float64
        Logarithm of the mean square error of each joint, in the unit of the outputs.
    shapes : tensor, shape (K, D, D), float64
        Covariance of a joint's error, of trace 1.
    share : float
        Of the variance that a hidden joint leaves open as far as the linear map hands it on.
    bars : Bars
        How many spreads wide bars have to be.
    """

    whitening: Tensor
    mean: Tensor
    scale: Tensor
    weights: Tensor
    unit: float
    typical: Tensor
    shapes: Tensor
    share: float
    bars: Bars

    def squares(self, signs: Tensor) -> Tensor:
        """Give the mean square error that signs (N, K, S) tell of, shape (N, K)."""
        off = (signs - self.mean).div_(self.scale).clamp_(-FARTHEST, FARTHEST)
        logarithm = (off @ self.weights[1:]).add_(self.weights[0]).add_(self.typical)
        return logarithm.exp_()

    def doubt(self, staged: Staged, shown: Tensor | None = None) -> Doubt:
        """Tell how far off joints may be of poses that were lifted.

        Parameters
        ----------
        staged : Staged
            What each stage said of N frames.
        shown : tensor, shape (N,), optional
            Share of the joints that were seen; None for all.

        Returns
        -------
        Doubt
        """
        unlike = unlikeness(staged.inputs, self.whitening, shown)
        signs = signs_of(staged.linear, staged.said, staged.fitted, unlike, self.unit)
        return Doubt(self.squares(signs), unlike, staged.hidden)

    def doubt_of_one(self, linear: Any, said: Any, fitted: Any, inputs: Any) -> Doubt:
        """Tell the same as `doubt` of one whole pose, in NumPy, which takes far less to begin."""
        known = self._single
        moved = np.concatenate([said - linear, fitted - said])
        signs = np.log(np.sqrt((moved * moved).sum(2)) + known["least"])
        white = product(inputs, known["whitening"])[0]
        unlike = float(white @ white) / len(white)
        of_frame = np.array([*signs.mean(1), math.log(unlike + SMALLEST)])
        off = (signs - known["mean"][:2, None]) * known["per"][:2, None]
        further = (of_frame - known["mean"][2:]) * known["per"][2:]
        steps = known["weights"]
        logarithm = steps[:2] @ off.clip(-FARTHEST, FARTHEST)
        logarithm += known["typical"] + steps[2:] @ further.clip(-FARTHEST, FARTHEST)
        return Doubt(
            torch.from_numpy(np.exp(logarithm[None])), torch.from_numpy(np.array([unlike]))
        )

    @cached_property
    def _single(self) -> dict[str, Any]:
        """What `doubt_of_one` needs as arrays; signs of joints first, then those of frames."""
        order = [0, 2, 1, 3, 4]
        return {
            "whitening": self.whitening.numpy(),
            "mean": self.mean.numpy()[order],
            "per": 1 / self.scale.numpy()[order],
            "weights": self.weights.numpy()[1:][order],
            "typical": self.typical.numpy() + float(self.weights[0]),
            "least": SMALLEST * self.unit,
            "directions": {},
        }

    def _spread_of_one(self, square: Any, turn: Any) -> Any:
        """Standard deviations (1, K, D) of one whole pose; shares of directions are kept."""
        kept = self._single["directions"]
        key = None if turn is None else np.asarray(turn).tobytes()
        if key not in kept:
            if len(kept) >= TURNS:
                kept.clear()
            kept[key] = self.directions(turn).numpy()
        return np.sqrt(square[..., None] * kept[key])

    def spread(self, doubt: Doubt, turns: Sequence[Any], lengths: Sequence[int]) -> Any:
        """Give standard deviations in the frame that is wanted.

        Parameters
        ----------
        doubt : Doubt
            Of N poses.
        turns : sequence of array, shape (D, D), or None
            From the frame that is wanted to the lifter's, for each stretch of frames.
        lengths : sequence of int
            Of these.

        Returns
        -------
        array, shape (N, K, D), float64
        """
        if len(doubt.square) == 1 and doubt.hidden is None:
            return self._spread_of_one(doubt.square.numpy(), turns[0])
        variance = torch.empty(*doubt.square.shape, self.shapes.shape[2], dtype=torch.float64)
        start = 0
        for turn, length in zip(turns, lengths, strict=True):
            rows = slice(start, start + length)
            torch.mul(doubt.square[rows, :, None], self.directions(turn), out=variance[rows])
            if doubt.hidden is not None:
                which, hidden, _ = doubt.hidden
                here = (which >= start) & (which < start + length)
                more = self.share * doubt.unlike[which[here], None, None]
                variance[which[here]] += more * _diagonals(hidden[here], turn)
            start += length
        return variance.sqrt_().numpy()

    def directions(self, turn: Any = None) -> Tensor:
        """Give the share of each coordinate in a joint's mean square error, shape (K, D).

        Parameters
        ----------
        turn : array, shape (D, D), optional
            From the frame that is wanted to that of the lifter.

        Returns
        -------
        tensor, shape (K, D)
        """
        return _diagonals(self.shapes, turn)

    def state(self) -> dict[str, Any]:
        """Everything needed to build it again."""
        return {
            **{name: getattr(self, name) for name in _TENSORS},
            "unit": self.unit,
            "share": self.share,
            "interval": torch.from_numpy(np.array(self.bars.interval)),
            "ball": torch.from_numpy(np.array(self.bars.ball)),
            "blocks": self.bars.blocks,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Uncertainty:
        """Build it from what `state` gave."""
        values = dict(state)
        blocks = values.pop("blocks")
        interval, ball = (values.pop(name).tolist() for name in ("interval", "ball"))
        return cls(**values, bars=Bars(tuple(interval), tuple(ball), blocks))


_TENSORS = ("whitening", "mean", "scale", "weights", "typical", "shapes")


def _diagonals(covariance: Tensor, turn: Any) -> Tensor:
    """Diagonals of covariances (..., D, D), turned into the frame that is wanted."""
    if turn is not None:
        turn = torch.as_tensor(np.array(turn), dtype=covariance.dtype)
        covariance = turn.T @ covariance @ turn
    return covariance.diagonal(dim1=-2, dim2=-1)


def unlikeness(inputs: Tensor, whitening: Tensor, shown: Tensor | None = None) -> Tensor:
    """Tell how unlike inputs are to those that were learned from.

    Parameters
    ----------
    inputs : tensor, shape (N, F)
        Standardised, and complete.
    whitening : tensor, shape (F, F)
        Takes them to uncorrelated ones.
    shown : tensor, shape (N,), optional
        Share of the joints that were seen. What was put in for the others lies where these have
        it, and is no further sign of anything.

    Returns
    -------
    tensor, shape (N,)
        Mean square of the uncorrelated inputs: about 1 for one like those.
    """
    square = (inputs @ whitening).square().mean(1)
    return square if shown is None else square / shown


def shown_of(pose_2d: Tensor, joints: Tensor) -> Tensor | None:
    """Give the share of the joints that were seen in each frame, None where all were."""
    if is_complete(pose_2d):
        return None
    shown: Tensor = pose_2d[:, joints].isfinite().all(2).double().mean(1)
    return shown


def signs_of(linear: Tensor, said: Tensor, fitted: Tensor, unlike: Tensor, unit: float) -> Tensor:
    """Give what tells of how far off joints are.

    Parameters
    ----------
    linear, said, fitted : tensor, shape (N, K, D)
        Joints relative to their anchors, as the linear map, all members together, and the bone fit
        have them.
    unlike : tensor, shape (N,)
        See `unlikeness`.
    unit : float
        About the spread of a joint.

    Returns
    -------
    tensor, shape (N, K, 5)
        How far the members took each joint, and all of its frame on average; how far the bone fit
        did; and how unlike the frame is. Logarithms.
    """
    least = SMALLEST * unit
    signs = said.new_empty(*said.shape[:2], 5)
    for place, (one, other) in enumerate(((said, linear), (fitted, said))):
        moved = (one - other).square_().sum(2).sqrt_().add_(least).log_()
        signs[..., 2 * place] = moved
        signs[..., 2 * place + 1] = moved.mean(1, keepdim=True)
    signs[..., 4] = (unlike + SMALLEST).log().unsqueeze(1)
    return signs
