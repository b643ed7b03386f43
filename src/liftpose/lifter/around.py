"""What the training poses look like from other sides, to tell a recording of another camera.

The 3D of the training poses, about their middles and in the direction of the camera, are taken for
draws of one normal distribution. Seen from far away along any other direction their 2D are such
draws, too, with a mean and a covariance that follow from it. A recording that is likelier from
another direction than from that of the training camera is one of another camera.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from liftpose.lifter.shapes import TINY, shapes_of
from liftpose.poses import Floats

STEP = 30
"""Degrees between directions, and how far the nearest other one is."""

HIGHEST = 60
"""Degrees by which a camera may stand higher or lower."""

NUGGET = 1e-3
"""Variance in every direction beside that of the data, as a share of the mean."""

FRAMES = 60
"""Frames at most, taken evenly, that directions are compared on."""


@dataclass(frozen=True)
class Around:
    """Poses in 3D, to be seen from all around.

    Parameters
    ----------
    joints : tensor of int, shape (U,)
    mean : tensor, shape (3 U,), float64
        In the direction of the camera.
    covariance : tensor, shape (3 U, 3 U), float64
    """

    joints: Tensor
    mean: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, space: Tensor, joints: Tensor) -> Around:
        """Take the distribution of poses (N, J, 3) that are complete."""
        points = space[:, joints].double()
        flat = (points - points.mean(1, keepdim=True)).flatten(1)
        mean = flat.mean(0)
        return cls(joints, mean, (flat - mean).T @ (flat - mean) / len(flat))

    def gain(self, points: Floats) -> float:
        """Tell how much likelier a recording is from elsewhere than from the training camera.

        Parameters
        ----------
        points : array, shape (N, J, 2), float64, pixels
            NaN = not seen.

        Returns
        -------
        float
            Logarithm for each coordinate; below zero where it is less likely. NaN where no frame
            is complete.
        """
        whole = points[:, self.joints.numpy()]
        flat, extents = shapes_of(whole[np.isfinite(whole).all((1, 2))])
        flat = flat[np.isfinite(extents)]
        if len(flat) == 0:
            return float("nan")
        shapes = torch.from_numpy(flat[:: -(-len(flat) // FRAMES)])
        own, *others = (view.unlikely(shapes) for view in self._views)
        return own - min(others)

    @cached_property
    def _views(self) -> list[_View]:
        """The view of the training camera, and the others."""
        return [self._view(turn) for turn in (np.eye(3), *_turns())]

    def _view(self, turn: Floats) -> _View:
        count = len(self.joints)
        seen = torch.from_numpy(np.kron(np.eye(count), turn[:2]))
        mean, covariance = seen @ self.mean, seen @ self.covariance @ seen.T
        size = (covariance.trace() + mean.square().sum()) / (2 * count)
        values, vectors = torch.linalg.eigh(covariance / size)
        values = values.clamp(min=0) + NUGGET * values.mean()
        return _View(mean / size.sqrt(), vectors / values.sqrt(), float(values.log().mean()))

    def state(self) -> dict[str, Tensor]:
        """Everything needed to build it again."""
        return {"joints": self.joints, "mean": self.mean, "covariance": self.covariance}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Around:
        """Build it from what `state` gave."""
        return cls(**state)


@dataclass(frozen=True)
class _View:
    """Normal distribution of the shapes that are seen from one side."""

    mean: Tensor
    whitening: Tensor
    volume: float

    def unlikely(self, shapes: Tensor) -> float:
        square = ((shapes - self.mean) @ self.whitening).square().mean(1)
        return float((square + TINY).log().median()) + self.volume


def _turns() -> list[Floats]:
    """Turns of a body before the camera, about its vertical and then its horizontal axis."""
    from scipy.spatial.transform import Rotation  # late: it takes longer than all of ours

    around, over = range(-180, 180, STEP), range(-HIGHEST, HIGHEST + 1, STEP)
    return [
        Rotation.from_euler("yx", [one, other], degrees=True).as_matrix()
        for one in around
        for other in over
        if (one, other) != (0, 0)
    ]
