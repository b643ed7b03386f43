"""The closed-form linear lifter.

One linear map from standardised 2D to standardised 3D with a penalty on its weights (Hoerl and
Kennard 1970, "Ridge regression", Technometrics 12(1), 55-67). It is solved in milliseconds, is the
start of the network, and is what every other member has to beat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from liftpose.lifter.normalization import as_joints
from liftpose.lifter.selection import Folds

PENALTIES = tuple(10.0 ** (exponent / 2) for exponent in range(-12, 5))
"""Penalties tried, relative to the mean square of a standardised input (which is 1)."""

ENOUGH = 10_000
"""Held-out frames of a fold, about, that the penalties are judged on."""

Ready = tuple[Tensor, Tensor, Tensor]
"""Standardised inputs and outputs, shape (N, F) and (N, O), and which outputs count."""

CAUTIOUS = 1.0
"""Penalty where there is nothing held out to choose it on."""


@dataclass(frozen=True)
class Ridge:
    """A linear map with its penalty.

    Parameters
    ----------
    weights : tensor, shape (F + 1, O), float64
        The last row is the constant.
    penalty : float
        See `PENALTIES`.
    folds : tensor, shape (K, F + 1, O), float64
        The same map, fitted without each fold's held-out frames.
    """

    weights: Tensor
    penalty: float
    folds: Tensor

    @classmethod
    def fit(
        cls,
        inputs: Tensor,
        outputs: Tensor,
        counts: Tensor,
        folds: Folds,
        scale: Tensor,
        dims: int,
        targets: int,
        validation: Ready | None = None,
    ) -> Ridge:
        """Solve the normal equations, with the penalty that serves held-out frames best.

        Parameters
        ----------
        inputs : tensor, shape (N, F)
            Standardised.
        outputs : tensor, shape (N, O)
            Standardised.
        counts : bool tensor, shape (N, O)
            Values that count; each output is fitted on the frames in which it does.
        folds : Folds
            What to hold out when choosing the penalty.
        scale : tensor, shape (O,)
            Size of a unit of each output, so that errors are lengths.
        dims : int
            Coordinates D of a joint; outputs are joints of D coordinates, one after another.
        targets : int
            How many of the joints, the first ones, the choice is made on.
        validation : tuple of three tensors, optional
            Inputs, outputs and what counts of other poses, to choose the penalty on instead of
            on what the folds hold out.

        Returns
        -------
        Ridge
        """

        def errors(paths: list[Tensor], judged: Ready) -> Tensor:
            wanted = as_joints(judged[2], dims)[:, :targets].all(-1)
            missed = [(apply(weights, judged[0]) - judged[1]) * scale for weights in paths]
            distances = [as_joints(part, dims)[:, :targets].norm(dim=-1) for part in missed]
            return torch.stack([distance[wanted].sum() for distance in distances]).double()

        total = torch.zeros(len(PENALTIES), dtype=torch.float64)
        candidates = []
        for fold in folds.folds:
            train = torch.from_numpy(fold.train)
            # Neighbouring frames are nearly the same pose: of many, some judge as well as all.
            held = torch.from_numpy(fold.held[:: 1 + len(fold.held) // ENOUGH])
            paths = _solve(inputs[train], outputs[train], counts[train], PENALTIES)
            candidates.append(paths)
            if validation is None:
                total += errors(paths, (inputs[held], outputs[held], counts[held]))
        if validation is not None:
            total = errors(_solve(inputs, outputs, counts, PENALTIES), validation)
        decided = folds.honest or validation is not None
        best = int(total.argmin()) if decided else PENALTIES.index(CAUTIOUS)
        penalty = PENALTIES[best]
        (weights,) = _solve(inputs, outputs, counts, (penalty,))
        return cls(weights, penalty, torch.stack([paths[best] for paths in candidates]))

    def predict(self, inputs: Tensor) -> Tensor:
        """Lift standardised inputs.

        Parameters
        ----------
        inputs : tensor, shape (N, F)
            Standardised 2D.

        Returns
        -------
        tensor, shape (N, O), float64
            Standardised 3D.
        """
        return apply(self.weights, inputs)

    def state(self) -> dict[str, Any]:
        """Everything needed to build it again."""
        return {"weights": self.weights, "penalty": self.penalty, "folds": self.folds}


def apply(weights: Tensor, inputs: Tensor) -> Tensor:
    """Apply a linear map whose last row is the constant; it may know the first inputs only."""
    return inputs[..., : len(weights) - 1].to(weights.dtype) @ weights[:-1] + weights[-1]


def _solve(
    inputs: Tensor, outputs: Tensor, counts: Tensor, penalties: tuple[float, ...]
) -> list[Tensor]:
    """One map a penalty, each output from the frames in which it counts."""
    x = inputs.double()
    moments = _Moments.of(x)
    # What does not count is zero here, and so adds nothing to the products either.
    y = torch.where(counts, outputs.double(), 0.0)
    products, sums = x.T @ y, y.sum(0)
    weights = [x.new_zeros(x.shape[1] + 1, y.shape[1]) for _ in penalties]
    for columns, missing in _alike(counts):
        known = moments.without(x, missing)
        if known.number > 0:
            solved = known.solve(products[:, columns], sums[columns], penalties)
            for whole, part in zip(weights, solved, strict=True):
                whole[:, columns] = part
    return weights


def _alike(counts: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Outputs that count in the same frames, and the other frames (bool, shape (N,))."""
    if bool(counts.all()):
        yield torch.arange(counts.shape[1]), torch.zeros(len(counts), dtype=torch.bool)
        return
    _, group = torch.unique(counts, dim=1, return_inverse=True)
    for number in range(int(group.max()) + 1):
        columns = (group == number).nonzero().squeeze(1)
        yield columns, ~counts[:, columns[0]]


@dataclass(frozen=True)
class _Moments:
    """Number, sum and products of inputs; those of most frames are had from those of all."""

    number: int
    sums: Tensor
    products: Tensor

    @classmethod
    def of(cls, x: Tensor) -> _Moments:
        return cls(len(x), x.sum(0), x.T @ x)

    def without(self, x: Tensor, missing: Tensor) -> _Moments:
        if int(missing.sum()) > len(x) // 2:
            return _Moments.of(x[~missing])
        less = _Moments.of(x[missing])
        return _Moments(
            self.number - less.number, self.sums - less.sums, self.products - less.products
        )

    def solve(
        self, products: Tensor, sums: Tensor, penalties: tuple[float, ...]
    ) -> Iterator[Tensor]:
        """Centre, decompose once, and divide by (eigenvalue + penalty) for each penalty."""
        mean_x, mean_y = self.sums / self.number, sums / self.number
        covariance = self.products / self.number - torch.outer(mean_x, mean_x)
        values, vectors = torch.linalg.eigh(covariance)
        projected = vectors.T @ (products / self.number - torch.outer(mean_x, mean_y))
        for penalty in penalties:
            slope = vectors @ (projected / (values.clamp(min=0) + penalty).unsqueeze(1))
            yield torch.cat([slope, (mean_y - mean_x @ slope).unsqueeze(0)])
