"""What poses look like in the image, wherever they are and however large.

A pose is taken about its middle and in units of its own extent, and these shapes for draws of one
normal distribution. How far one is from its mean (Mahalanobis 1936, "On the generalised distance in
statistics") tells how unlike it is; how large a pose of that shape is, is told by linear
regression on the uncorrelated coordinates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from liftpose.poses import Floats

NUGGETS = (1e-5, 1e-4, 1e-3, 1e-2)
"""Variances in every direction beside that of the data, as shares of the mean, that are tried."""

RIDGES = (0.01, 0.1, 1.0, 10.0)
"""Penalties of the regression of sizes, that are tried."""

COARSE = 1e-2
"""Nugget of the coordinates that sizes are regressed on."""

PATTERNS = 48
"""Shapes of the training data that are kept, from `LOOKED_AT` frames."""

LOOKED_AT = 1000

TINY = 1e-12
"""Added before logarithms are taken."""

FAR = 4.0
"""Standard deviations at which these coordinates are cut off."""


@dataclass(frozen=True)
class Shapes:
    """A normal distribution of shapes, and the size that goes with each.

    Parameters
    ----------
    joints : tensor of int, shape (U,)
        Those that it is of.
    mean : tensor, shape (2 U,), float64
    whitening, coarse : tensor, shape (2 U, 2 U), float64
        Take shapes less their mean to uncorrelated coordinates; the second for sizes.
    sizes : tensor, shape (2 U + 1,), float64
        Weights of the coarse coordinates, then the constant, of the logarithm of the extent.
    patterns : tensor, shape (E, 2 U), float64
        Some shapes of the training data, as different as there are.
    """

    joints: Tensor
    mean: Tensor
    whitening: Tensor
    coarse: Tensor
    sizes: Tensor
    patterns: Tensor

    def measure(self, points: Floats) -> tuple[Floats, Floats]:
        """Tell how unlike poses are to those that were learned from, and how large.

        Parameters
        ----------
        points : array, shape (N, J, 2), float64, pixels
            NaN = not seen.

        Returns
        -------
        unlike, size : array, shape (N,)
            Logarithms: of the mean square of the uncorrelated coordinates, and of the extent over
            what poses of that shape have. NaN where a joint was not seen.
        """
        shapes, extents = shapes_of(points[:, self.joints.numpy()])
        off = torch.from_numpy(shapes) - self.mean
        unlike = ((off @ self.whitening).square().mean(1) + TINY).log()
        known = (off @ self.coarse).clamp(-FAR, FAR)
        usual = known @ self.sizes[:-1] + self.sizes[-1]
        return unlike.numpy(), extents - usual.numpy()

    def state(self) -> dict[str, Tensor]:
        """Everything needed to build it again."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Shapes:
        """Build it from what `state` gave."""
        return cls(**state)


@dataclass(frozen=True)
class Statistics:
    """What shapes are fitted by, so that settings can be tried at little cost.

    Parameters
    ----------
    joints : tensor of int, shape (U,)
    mean : tensor, shape (2 U,)
    values, vectors : tensor, shape (2 U,) and (2 U, 2 U)
        Eigenvalues and eigenvectors of the covariance of the shapes.
    products : tensor, shape (2 U, 2 U)
        Mean products of the coarse coordinates.
    middle, slopes : tensor, shape (2 U,)
        Their means, and mean products with the logarithms of the extents less their mean.
    level : float
        This mean.
    patterns : tensor, shape (E, 2 U)
    """

    joints: Tensor
    mean: Tensor
    values: Tensor
    vectors: Tensor
    products: Tensor
    middle: Tensor
    slopes: Tensor
    level: float
    patterns: Tensor

    @classmethod
    def of(cls, points: Floats, joints: Tensor) -> Statistics:
        """Take the statistics of poses (N, J, 2), in pixels, that are complete."""
        flat, logarithms = shapes_of(points[:, joints.numpy()])
        # PyTorch keeps to the threads that it is allowed, NumPy's products do not.
        shapes, extents = torch.from_numpy(flat), torch.from_numpy(logarithms)
        mean, level = shapes.mean(0), float(extents.mean())
        off = shapes - mean
        values, vectors = torch.linalg.eigh(off.T @ off / len(off))
        known = (off @ _whitening(values, vectors, COARSE)).clamp(-FAR, FAR)
        products = known.T @ known / len(known)
        slopes = known.T @ (extents - level) / len(known)
        patterns = shapes[_apart(flat)]
        return cls(joints, mean, values, vectors, products, known.mean(0), slopes, level, patterns)

    def shapes(self, nugget: float, ridge: float) -> Shapes:
        """Fit the distribution, with settings of `NUGGETS` and `RIDGES`."""
        whitening, coarse = (
            _whitening(self.values, self.vectors, share) for share in (nugget, COARSE)
        )
        penalty = ridge * torch.eye(len(self.mean), dtype=torch.float64)
        weights = torch.linalg.solve(self.products + penalty, self.slopes)
        constant = self.level - self.middle @ weights
        sizes = torch.cat([weights, constant.unsqueeze(0)])
        return Shapes(self.joints, self.mean, whitening, coarse, sizes, self.patterns)


def shapes_of(points: Floats) -> tuple[Floats, Floats]:
    """Take poses about their middle and in units of their extent.

    Parameters
    ----------
    points : array, shape (N, U, 2)

    Returns
    -------
    shapes : array, shape (N, 2 U)
    extents : array, shape (N,)
        Logarithms of the root mean square of the coordinates about the middle.

    Examples
    --------
    >>> shapes, extents = shapes_of(np.array([[[8.0, 5.0], [4.0, 5.0]]]))
    >>> shapes.round(3).tolist(), np.exp(extents).round(3).tolist()
    ([[1.414, 0.0, -1.414, 0.0]], [1.414])
    """
    apart = points - points.mean(1, keepdims=True)
    extents = np.sqrt(np.square(apart).mean((1, 2)))
    with np.errstate(divide="ignore", invalid="ignore"):  # of a pose that is all in one point
        flat: Floats = (apart / extents[:, None, None]).reshape(len(points), 2 * points.shape[1])
        return flat, np.log(extents)


def _whitening(values: Tensor, vectors: Tensor, nugget: float) -> Tensor:
    whitening: Tensor = vectors / (values.clamp(min=0) + nugget * values.mean()).sqrt()
    return whitening


def _apart(shapes: Floats) -> NDArray[np.intp]:
    """Choose rows, each as far as can be from those before it (Gonzalez 1985)."""
    some = np.arange(len(shapes))[:: -(-len(shapes) // LOOKED_AT)]
    chosen, nearest = [0], np.full(len(some), np.inf)
    while len(chosen) < min(PATTERNS, len(some)):
        off = np.square(shapes[some] - shapes[some[chosen[-1]]]).sum(1)
        nearest = np.minimum(nearest, off)
        chosen.append(int(nearest.argmax()))
    rows: NDArray[np.intp] = some[chosen]
    return rows
