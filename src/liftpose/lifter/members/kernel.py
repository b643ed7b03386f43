"""The closed-form lifter that is not linear: kernel ridge regression on a few landmarks.

A pose is lifted by its likeness to some of the poses that were learned from. The kernel is a
linear one plus Matérn's of smoothness 5/2 (Rasmussen and Williams 2006, "Gaussian Processes for
Machine Learning", eq. 4.17), and the solution is sought in the span of the landmarks (the subset of
regressors, ibid., section 8.3.1), so that it is solved in seconds and lifts as fast as a network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from liftpose.lifter.members.ridge import Ready, apply
from liftpose.lifter.normalization import as_joints
from liftpose.lifter.selection import Folds

LANDMARKS = (1000, 1500)
"""Landmarks at most: the first number, or where there are many frames as many as their square root
times its logarithm, which is enough for all that the kernel can learn (Rudi et al. 2015, "Less is
more: Nyström computational regularization", NeurIPS), up to the second."""

LENGTHS = (0.7, 1.0, 1.5)
"""Length scales tried, as shares of the median distance of two poses."""

PENALTIES = tuple(10.0 ** (exponent / 2) for exponent in range(-14, -4))
"""Penalties tried, relative to the number of frames."""

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

LIFTED = 256
"""Frames that are lifted at a time: their features stay in the caches, which halves the cost."""


@dataclass(frozen=True)
class Features:
    """What the map is linear in: the inputs, a constant, and the likeness to each landmark.

    Parameters
    ----------
    landmarks : tensor, shape (M, F), float64
        Standardised inputs of M poses, times `scale`.
    scale : tensor, shape (F,), float64
        What an input is multiplied by, such that poses one length scale apart are at distance 1.
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
        return torch.cat([linear, constant, matern(inputs * self.scale, self.landmarks)], 1)

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
        What was chosen; see `PENALTIES` and `LENGTHS`.
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
            Standard deviation of each input before it was standardised.
        unit : tensor, shape (O,)
            Size of a unit of each output, so that errors are lengths.
        dims, targets : int
            Coordinates of a joint, and how many of the joints, the first ones, are judged.
        generator : torch.Generator
            CPU generator that the landmarks are drawn from.
        validation : tuple of three tensors, optional
            Poses to choose on instead of those that the folds hold out.

        Returns
        -------
        Kernel
        """
        inputs = ready[0].double()
        parts = _Parts(ready, ridges, folds, unit, dims, targets, validation)
        begun = _landmarks(inputs[parts.rows], spread.double(), generator)
        fewer = begun.first(FEWER)
        length = min(LENGTHS, key=lambda value: parts.solve(fewer.at(value))[0])
        features = begun.at(length)
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
        tensor, shape (N, O), float64
        """
        return self._of(inputs, self.weights)

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
        tensor, shape (N, O), float64
        """
        return self._of(inputs, self.folds[fold])

    def _of(self, inputs: Tensor, weights: Tensor) -> Tensor:
        features = Features(self.landmarks, self.scale)
        parts = [features(part) @ weights for part in inputs.split(LIFTED)]
        return torch.cat(parts) if parts else inputs.new_zeros(0, weights.shape[1]).double()

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
    squares = one.square().sum(1, keepdim=True) + other.square().sum(1)
    squares = torch.addmm(squares, one, other.T, alpha=-2).clamp_(min=0).mul_(5)
    distance = squares.sqrt()
    alike: Tensor = squares.div_(3).add_(distance).add_(1)
    alike *= distance.neg_().exp_()
    return alike


def _landmarks(inputs: Tensor, spread: Tensor, generator: torch.Generator) -> Features:
    """Draw landmarks, and find the length scale: the median distance between them."""
    frames = len(inputs)
    enough = round(frames**0.5 * math.log(frames))
    count = max(1, min(frames // 2, max(LANDMARKS[0], enough), LANDMARKS[1]))
    drawn = inputs[torch.randperm(len(inputs), generator=generator)[:count]]
    scale = (spread / spread.square().mean().sqrt()) ** SHARE
    drawn = drawn * scale
    some = drawn[:FEWER]
    apart = torch.pdist(some) if len(some) > 1 else some.new_ones(1)
    median = apart.median().clamp(min=1e-12)
    return Features(drawn / median, scale / median)


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
            added.append(_less_ridge(weights, ridge))
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


def _less_ridge(weights: Tensor, ridge: Tensor) -> Tensor:
    inputs = len(ridge) - 1
    weights[:inputs] -= ridge[:-1] * inputs**0.5
    weights[inputs] -= ridge[-1]
    return weights
