"""The closed-form lifter that is not linear: kernel ridge regression on a few landmarks.

A pose is lifted by its likeness to some of the poses that were learned from. The kernel is a
linear one plus Matérn's of smoothness 5/2 (Rasmussen and Williams 2006, "Gaussian Processes for
Machine Learning", eq. 4.17), and the solution is sought in the span of the landmarks (the subset of
regressors, ibid., section 8.3.1), so that it is solved in seconds and lifts as fast as a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from liftpose.lifter.effort import EFFORTS, Effort
from liftpose.lifter.members.metric import learned_metric, scaled
from liftpose.lifter.members.ridge import Ready, apply
from liftpose.lifter.normalization import as_joints
from liftpose.lifter.products import product
from liftpose.lifter.selection import Folds

PENALTIES = tuple(10.0 ** (exponent / 2) for exponent in range(-14, -4))
"""Penalties tried, relative to the number of frames."""

PLACE = 0.2
"""What the root's place in the image is multiplied with, beside all other inputs together."""

FEWER = 300
"""Landmarks that the length scale is chosen with."""

FRAMES = 60_000
"""Frames at most that are learned from, taken evenly from all."""

ENOUGH = 2_000
"""Held-out frames of a fold, about, that the choices are made on."""

SHARE = 0.5
"""Power of its standard deviation that a standardised coordinate is multiplied by.

At 0, a joint that hardly moves, of which the tracker's noise is most, would make two poses as
unlike as any other joint does; at 1 the joint that moves most would drown the others.
"""

TINY = 1e-8
"""Added to the diagonal of the landmarks' kernel, which may hold two that are the same."""

CHUNK = 1024
"""Frames that are learned from at a time."""

LIFTED = 128
"""Frames that are lifted at a time: their features stay in the caches, which halves the cost."""

ROUNDING = 1e-3
"""What single precision may be expected to cost, in standard deviations of an output.

Landmarks that are alike get large weights of either sign, whose sum loses digits: about the length
of an output's weights times the precision. Where that is more than this, the kernel lifts in double
precision, at twice the cost. For 32 recordings and cameras it was 3e-6 to 7e-4, and the root mean
square of what single precision really cost 0.4 to 2.4 times as much.
"""

FAR = 7000.0
"""Greatest of five times a squared distance: what is further off is likened by 1e-33, not by zero.

Still smaller numbers are many times as slow to calculate with.
"""

WIDTH = 16
"""The number of outputs is filled up to a multiple of this, which is a fifth faster to multiply."""


@dataclass(frozen=True)
class Features:
    """What the map is linear in: the inputs, a constant, and the likeness to each landmark.

    Parameters
    ----------
    landmarks : tensor, shape (M, F), float64
        Standardised inputs of M poses, times `scale`.
    scale : tensor, shape (F,) or (F, F), float64
        What inputs are multiplied by, such that poses one length scale apart are at distance 1.
    """

    landmarks: Tensor
    scale: Tensor

    def __call__(self, inputs: Tensor) -> Tensor:
        """Give the features of some inputs.

        Parameters
        ----------
        inputs : tensor, shape (N, F)
            Standardised.

        Returns
        -------
        tensor, shape (N, F + 1 + M), float64
        """
        inputs = inputs.to(self.scale)
        linear = inputs / inputs.shape[1] ** 0.5
        constant = linear.new_ones(len(linear), 1)
        return torch.cat([linear, constant, matern(scaled(inputs, self.scale), self.landmarks)], 1)

    @classmethod
    def of(cls, drawn: Tensor, scale: Tensor) -> Features:
        """Build them of poses, with their median distance for the length scale.

        Parameters
        ----------
        drawn : tensor, shape (M, F), float64
            Standardised.
        scale : tensor, shape (F,) or (F, F), float64
            How much each input counts beside the others.

        Returns
        -------
        Features
        """
        landmarks = scaled(drawn, scale)
        some = landmarks[:FEWER]
        apart = torch.pdist(some) if len(some) > 1 else some.new_ones(1)
        median = apart.median().clamp(min=1e-12)
        return cls(landmarks / median, scale / median)

    def first(self, count: int) -> Features:
        """The same with some of the landmarks."""
        return Features(self.landmarks[:count], self.scale)

    def at(self, length: float) -> Features:
        """The same with a length scale so many times as long."""
        return Features(self.landmarks / length, self.scale / length)

    def factor(self) -> Tensor:
        """Give the Cholesky factor, shape (M, M), of the landmarks' likeness to each other."""
        alike = matern(self.landmarks, self.landmarks)
        alike.diagonal().add_(TINY)
        factor: Tensor = torch.linalg.cholesky(alike)
        return factor

    def white(self, inputs: Tensor, factor: Tensor) -> Tensor:
        """Give features in which the norm of a function is that of its weights.

        In them no frame is longer than the kernel lets it be, so that sums of their products stay
        positive definite to rounding, however alike the landmarks are.
        """
        features = self(inputs)
        near = features[:, -len(factor) :]
        near.copy_(torch.linalg.solve_triangular(factor, near.T, upper=False).T)
        return features


@dataclass(frozen=True)
class Kernel:
    """A map that is linear in its features, less the ridge that it is added to.

    Parameters
    ----------
    landmarks, scale : tensor
        See `Features`.
    weights : tensor, shape (F + 1 + M, O), float64
        Of what is added to the ridge of all training data.
    folds : tensor, shape (K, F + 1 + M, O), float64
        Of what is added to the ridge of each fold, learned without its held-out frames.
    penalty, length : float
        What was chosen; see `PENALTIES` and `Effort`.
    """

    landmarks: Tensor
    scale: Tensor
    weights: Tensor
    folds: Tensor
    penalty: float
    length: float

    @classmethod
    def fit(
        cls,
        ready: Ready,
        ridges: tuple[Tensor, Tensor],
        folds: Folds,
        spread: Tensor,
        unit: Tensor,
        dims: int,
        targets: int,
        generator: torch.Generator,
        validation: Ready | None = None,
        effort: Effort = EFFORTS["default"],
    ) -> Kernel:
        """Solve for the weights, with the length scale and penalty that serve held-out frames best.

        An output that does not count in a frame is taken to be what the ridge says, so that the
        kernel adds nothing there.

        Parameters
        ----------
        ready : tuple of three tensors, shape (N, F), (N, O) and (N, O)
            Standardised inputs and outputs, and which outputs count.
        ridges : tuple of two tensors, shape (F + 1, O) and (K, F + 1, O)
            Of all training data, and of each fold.
        folds : Folds
            What to hold out.
        spread : tensor, shape (F,)
            Standard deviation of each input before it was standardised; fewer where the last inputs
            are the place of the root.
        unit : tensor, shape (O,)
            Size of a unit of each output, so that errors are lengths.
        dims, targets : int
            Coordinates of a joint, and how many of the joints, the first ones, are judged.
        generator : torch.Generator
            CPU generator that the landmarks are drawn from.
        validation : tuple of three tensors, optional
            Poses to choose on instead of those that the folds hold out.
        effort : Effort
            How many landmarks there are, and which length scales are tried.

        Returns
        -------
        Kernel
        """
        inputs = ready[0].double()
        parts = _Parts(ready, ridges, folds, unit, dims, targets, validation)
        drawn = _landmarks(inputs[parts.rows], generator, effort.landmarks)
        scale = _scale(spread.double(), inputs.shape[1])
        features, length = parts.at_best_length(Features.of(drawn, scale), effort.lengths)
        if effort.learns_metric:
            learned = parts.learned_metric(features.first(FEWER))
            features, length = parts.at_best_length(Features.of(drawn, learned), effort.lengths)
        _, penalty, (weights, *of_folds) = parts.solve(features)
        return cls(
            features.landmarks, features.scale, weights, torch.stack(of_folds), penalty, length
        )

    def addition(self, inputs: Tensor) -> Tensor:
        """Give what is added to the ridge of all training data.

        Parameters
        ----------
        inputs : tensor, shape (N, F)
            Standardised.

        Returns
        -------
        tensor, shape (N, O), float32
            Or float64, where single precision would cost too much; see `ROUNDING`.
        """
        return self._all(inputs)

    def held_out(self, fold: int, inputs: Tensor) -> Tensor:
        """Give what is added to the ridge of a fold, on frames that the fold never saw.

        Parameters
        ----------
        fold : int
            Which.
        inputs : tensor, shape (N, F)
            Standardised.

        Returns
        -------
        tensor, shape (N, O), float32 or float64
        """
        return _Map.of(self.landmarks, self.scale, self.folds[fold])(inputs)

    @cached_property
    def _all(self) -> _Map:
        return _Map.of(self.landmarks, self.scale, self.weights)

    def state(self) -> dict[str, Any]:
        """Everything needed to build it again."""
        return {
            "landmarks": self.landmarks,
            "scale": self.scale,
            "weights": self.weights,
            "folds": self.folds,
            "penalty": self.penalty,
            "length": self.length,
        }


@dataclass(frozen=True)
class _Map:
    """Features times weights, ready to be multiplied.

    `landmarks` and `sizes` give five times a squared distance in one product,
    ``[x, x²] @ landmarks + sizes``; `linear`, `constant` and `near` are the weights.
    """

    scale: Tensor
    landmarks: Tensor
    sizes: Tensor
    linear: Tensor
    constant: Tensor
    near: Tensor
    outputs: int

    @classmethod
    def of(cls, landmarks: Tensor, scale: Tensor, weights: Tensor) -> _Map:
        inputs, outputs = len(scale), weights.shape[1]
        lost = weights.norm(dim=0).max() * torch.finfo(torch.float32).eps
        kind = torch.float32 if lost <= ROUNDING else torch.float64
        wide = torch.nn.functional.pad(weights, (0, -outputs % WIDTH)).to(kind)
        fives = landmarks.new_full((len(landmarks), 1), 5.0)
        return cls(
            scale=scale,
            landmarks=torch.cat([landmarks * -10, fives], 1).T.to(kind).contiguous(),
            sizes=(landmarks.square().sum(1) * 5).to(kind),
            linear=wide[:inputs] / inputs**0.5,
            constant=wide[inputs],
            near=wide[inputs + 1 :],
            outputs=outputs,
        )

    def __call__(self, inputs: Tensor) -> Tensor:
        if len(inputs) == 1:
            return torch.from_numpy(self._of_one(inputs.numpy()))
        # In double precision: directions in which inputs hardly vary may count most.
        points = scaled(inputs.to(self.scale), self.scale).to(self.near)
        inputs = inputs.to(self.near)
        frames, (landmarks, width) = inputs.shape[0], self.near.shape
        result = inputs.new_empty(frames, width)
        if frames <= LIFTED:
            near, spare = (inputs.new_empty(frames, landmarks) for _ in range(2))
            self._lift(inputs, points, result, near, spare)
            return result[:, : self.outputs]
        near, spare = (inputs.new_empty(LIFTED, landmarks) for _ in range(2))
        for first in range(0, frames, LIFTED):
            rows = first, min(LIFTED, frames - first)
            parts = [part.narrow(0, *rows) for part in (inputs, points, result)]
            spared = [part.narrow(0, 0, rows[1]) for part in (near, spare)]
            self._lift(*parts, *spared)
        return result[:, : self.outputs]

    def _lift(
        self, inputs: Tensor, points: Tensor, result: Tensor, near: Tensor, spare: Tensor
    ) -> None:
        """Lift some frames to where the result is wanted, with two spare places to work in."""
        known = torch.cat([points, points.square().sum(1, keepdim=True)], 1)
        torch.addmm(self.sizes, known, self.landmarks, out=near)
        torch.addmm(self.constant, inputs, self.linear, out=result)
        result.addmm_(_as_likeness(near, spare), self.near)

    def _of_one(self, inputs: Any) -> Any:
        """Lift one frame, shape (1, F): NumPy begins an operation in half the time of PyTorch."""
        scale, kind = self.scale.numpy(), self.sizes.numpy().dtype
        wide = inputs.astype(scale.dtype)
        points = (wide * scale if scale.ndim == 1 else product(wide, scale)).astype(kind)
        known = np.empty((1, points.size + 1), kind)
        known[:, :-1], known[:, -1] = points, points[0] @ points[0]
        squares = product(known, self.landmarks.numpy())
        squares += self.sizes.numpy()
        np.minimum(np.maximum(squares, 0, out=squares), FAR, out=squares)
        root = np.sqrt(squares)
        squares /= 3
        squares += root
        squares += 1
        squares *= np.exp(np.negative(root, out=root), out=root)
        result = product(squares, self.near.numpy())
        result += product(inputs.astype(kind), self.linear.numpy())
        result += self.constant.numpy()
        return result[:, : self.outputs]


def matern(one: Tensor, other: Tensor) -> Tensor:
    """Give Matérn's kernel of smoothness 5/2, at length scale 1.

    Parameters
    ----------
    one, other : tensor, shape (N, F) and (M, F)
        Points.

    Returns
    -------
    tensor, shape (N, M)
        1 where two are the same, falling to 0.

    Examples
    --------
    >>> near, far = torch.zeros(1, 2), torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    >>> [round(float(value), 5) for value in matern(near.double(), far.double())[0]]
    [1.0, 0.00075]
    """
    squares = 5 * one.square().sum(1, keepdim=True) + 5 * other.square().sum(1)
    squares.addmm_(one, other.T, alpha=-10)
    return _as_likeness(squares, torch.empty_like(squares))


def _as_likeness(squares: Tensor, spare: Tensor) -> Tensor:
    """Turn 5 d² into the kernel, in place, with as few passes over memory as there can be."""
    torch.sqrt(squares.clamp_(0, FAR), out=spare)
    torch.add(spare, squares, alpha=1 / 3, out=squares)
    spare.neg_().exp_()
    return torch.addcmul(spare, squares, spare, out=squares)


def _landmarks(inputs: Tensor, generator: torch.Generator, most: int) -> Tensor:
    """Draw landmarks: half of the frames, up to so many."""
    count = max(1, min(len(inputs) // 2, most))
    return inputs[torch.randperm(len(inputs), generator=generator)[:count]]


def _scale(spread: Tensor, inputs: int) -> Tensor:
    """How much each of so many inputs counts beside the others; the last may be a place."""
    scale = (spread / spread.square().mean().sqrt()) ** SHARE
    return torch.cat([scale, scale.new_full((inputs - len(scale),), PLACE * len(scale) ** 0.5)])


class _Parts:
    """Training frames, sorted by which folds learn from them, and the frames that are judged on."""

    def __init__(
        self,
        ready: Ready,
        ridges: tuple[Tensor, Tensor],
        folds: Folds,
        unit: Tensor,
        dims: int,
        targets: int,
        validation: Ready | None,
    ):
        self.inputs, self.outputs, self.counts = (part for part in ready)
        self.ridges = [ridges[0], *ridges[1]]
        self.unit, self.dims, self.targets = unit, dims, targets
        used = torch.from_numpy(folds.held).sort().values
        self.rows = used[:: -(-len(used) // FRAMES)]
        learns = torch.zeros(len(self.inputs), 1 + len(folds.folds), dtype=torch.bool)
        learns[:, 0] = True
        for number, fold in enumerate(folds.folds, start=1):
            learns[torch.from_numpy(fold.train), number] = True
        self.patterns, which = torch.unique(learns[self.rows], dim=0, return_inverse=True)
        self.groups = [self.rows[which == number] for number in range(len(self.patterns))]
        self.judged: list[tuple[int, Ready]] = []
        if validation is not None:
            self.judged.append((0, validation))
        else:
            for number, fold in enumerate(folds.folds, start=1):
                held = torch.from_numpy(fold.held[:: 1 + len(fold.held) // ENOUGH])
                self.judged.append((number, (ready[0][held], ready[1][held], ready[2][held])))

    def at_best_length(
        self, features: Features, lengths: tuple[float, ...]
    ) -> tuple[Features, float]:
        """Give features at the length scale that serves held-out frames best, and that scale."""
        length, fewer = lengths[0], features.first(FEWER)
        if len(lengths) > 1:
            length = min(lengths, key=lambda value: self.solve(fewer.at(value))[0])
        return features.at(length), length

    def learned_metric(self, features: Features) -> Tensor:
        """Give the metric that the solution with some features asks for, shape (F, F)."""
        _, _, (weights, *_) = self.solve(features)
        ridge, inputs = self.ridges[0], self.inputs.shape[1]
        linear = weights[:inputs] / inputs**0.5
        linear[: len(ridge) - 1] += ridge[:-1]
        near = weights[inputs + 1 :]
        learned = self.inputs[self.rows].double()
        return learned_metric(learned, features.scale, features.landmarks, linear, near)

    def solve(self, features: Features) -> tuple[float, float, list[Tensor]]:
        """Give the least error, its penalty, and the weights of all data and of each fold."""
        factor = features.factor()
        products, answers, frames = self._moments(features, factor)
        shown = [features.white(ready[0], factor) for _, ready in self.judged]
        totals = torch.zeros(len(PENALTIES), dtype=torch.float64)
        for place, penalty in enumerate(PENALTIES):
            for (number, (_, outputs, counts)), known in zip(self.judged, shown, strict=True):
                weights = _solved(products[number], answers[number], penalty * frames[number])
                totals[place] += self._error(known @ weights - outputs, counts)
        best = int(totals.argmin())
        penalty = PENALTIES[best]
        added = []
        for number, ridge in enumerate(self.ridges):
            weights = _solved(products[number], answers[number], penalty * frames[number])
            near = weights[-len(factor) :]
            near.copy_(torch.linalg.solve_triangular(factor.T, near, upper=True))
            added.append(_less_ridge(weights, ridge, self.inputs.shape[1]))
        return float(totals[best]), penalty, added

    def _moments(
        self, features: Features, factor: Tensor
    ) -> tuple[list[Tensor], list[Tensor], list[int]]:
        """Products of features, and of features with outputs, of all data and of each fold."""
        size = self.inputs.shape[1] + 1 + len(factor)
        products = [torch.zeros(size, size, dtype=torch.float64) for _ in self.ridges]
        answers = [
            torch.zeros(size, self.outputs.shape[1], dtype=torch.float64) for _ in self.ridges
        ]
        frames = [0] * len(self.ridges)
        for pattern, rows in zip(self.patterns, self.groups, strict=True):
            learners = pattern.nonzero().flatten().tolist()
            product = torch.zeros(size, size, dtype=torch.float64)
            for chunk in rows.split(CHUNK):
                known = features.white(self.inputs[chunk], factor)
                product.addmm_(known.T, known)
                for number in learners:
                    answers[number].addmm_(known.T, self._filled(chunk, number))
            for number in learners:
                products[number] += product
                frames[number] += len(rows)
        return products, answers, frames

    def _filled(self, rows: Tensor, number: int) -> Tensor:
        outputs, counts = self.outputs[rows].double(), self.counts[rows]
        if bool(counts.all()):
            return outputs
        return torch.where(counts, outputs, apply(self.ridges[number], self.inputs[rows]))

    def _error(self, missed: Tensor, counts: Tensor) -> float:
        wanted = as_joints(counts, self.dims)[:, : self.targets].all(-1)
        distance = as_joints(missed * self.unit, self.dims)[:, : self.targets].norm(dim=-1)
        return float(distance[wanted].sum())


def _solved(products: Tensor, answers: Tensor, penalty: float) -> Tensor:
    products = products.clone()
    products.diagonal().add_(penalty)
    return torch.cholesky_solve(answers, torch.linalg.cholesky(products))


def _less_ridge(weights: Tensor, ridge: Tensor, inputs: int) -> Tensor:
    known = len(ridge) - 1
    weights[:known] -= ridge[:-1] * inputs**0.5
    weights[inputs] -= ridge[-1]
    return weights
