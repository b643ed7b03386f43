"""The camera that a lifter sees through, as its pixels and its 3D have it.

It is given, or recovered from training poses: with a focal length ``f``, a principal point ``c``
and a turn ``R``, a joint ``p`` of a pose relative to its root is seen along the ray
``a = (x - c) / f``, and for some place ``T`` of the root ::

    a (T_z + q_z) = T_xy + q_xy,   q = R p

which is linear in ``T`` (see `Sight.place`), so that only the six numbers of ``f``, ``c`` and ``R``
are to be found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from liftpose.lifter.projection import FITTING

FRAMES = 150
"""Frames that a camera is recovered from; there are six unknowns."""

FOCAL_LENGTHS = (3.0, 10.0, 100.0)
"""Where the search for a focal length begins, in extents of a pose in the image."""

FARTHEST = 1000.0
"""Greatest focal length, in extents of a pose: from there on all cameras see the same."""

FEWEST = 3
"""Joints from which on a pose has a place before the camera."""


@dataclass(frozen=True)
class Sight:
    """From pixels to rays, and from the frame of the 3D to the direction of the camera.

    Parameters
    ----------
    matrix : tensor, shape (3, 3), float64, pixels
        Intrinsics.
    turn : tensor, shape (3, 3), float64
        Rotation from the frame that a lifter lifts to, to that of the camera.
    """

    matrix: Tensor
    turn: Tensor

    @classmethod
    def given(cls, matrix: Any) -> Sight:
        """Build it of known intrinsics, for 3D that has the direction of the camera.

        Parameters
        ----------
        matrix : array, shape (3, 3), pixels
            Intrinsics.

        Returns
        -------
        Sight

        Examples
        --------
        >>> sight = Sight.given([[100.0, 0.0, 50.0], [0.0, 100.0, 40.0], [0.0, 0.0, 1.0]])
        >>> sight.rays(torch.tensor([[150.0, 40.0]], dtype=torch.float64)).tolist()
        [[1.0, 0.0]]
        """
        intrinsics = torch.from_numpy(np.array(matrix, np.float64))
        return cls(intrinsics, torch.eye(3, dtype=torch.float64))

    @classmethod
    def recovered(cls, image: Tensor, space: Tensor) -> Sight | None:
        """Find the camera that shows some 3D where the 2D is, wherever the root is.

        Parameters
        ----------
        image : tensor, shape (N, J, 2), float64, pixels
            NaN = not seen.
        space : tensor, shape (N, J, 3), float64
            Positions, in any one frame; where they lie in it does not matter. NaN = not known.

        Returns
        -------
        Sight or None
            None where no camera shows the 3D near the 2D: as where the 3D of each frame has been
            turned by itself.
        """
        seen = image.isfinite().all(2) & space.isfinite().all(2)
        rows = (seen.sum(1) >= FEWEST).nonzero().squeeze(1)
        rows = rows[:: max(1, len(rows) // FRAMES)]
        if len(rows) < FEWEST:
            return None
        x, p, known = image[rows].numpy(), space[rows].numpy(), seen[rows].numpy()
        p = np.where(known[..., None], p - _mean(p, known), 0.0)
        middle = _mean(x, known)
        flat = np.where(known[..., None], x - middle, 0.0)
        extent = float(np.sqrt((flat**2).sum() / known.sum()))
        begun = _affine(flat[known], p[known])
        centre = middle.mean((0, 1))
        problem = _Problem(x, p, known, extent, centre, begun)
        found = min((problem.solved(length) for length in FOCAL_LENGTHS), key=lambda one: one[0])
        off, values = found
        if not off <= FITTING:
            return None
        focal, centre, turn = problem.camera(values)
        matrix = [[focal, 0.0, centre[0]], [0.0, focal, centre[1]], [0.0, 0.0, 1.0]]
        return cls(torch.tensor(matrix, dtype=torch.float64), torch.from_numpy(turn))

    def rays(self, points: Tensor) -> Tensor:
        """Give the rays of pixels.

        Parameters
        ----------
        points : tensor, shape (..., 2), float64, pixels
            NaN = not seen.

        Returns
        -------
        tensor, shape (..., 2)
        """
        rays: Tensor = points @ self.inverse[:2, :2].T + self.inverse[:2, 2]
        return rays

    @cached_property
    def inverse(self) -> Tensor:
        """Inverse of the intrinsics, shape (3, 3)."""
        return torch.from_numpy(np.linalg.inv(self.matrix.numpy()))

    def pixels(self, positions: Tensor) -> Tensor:
        """Give where positions before the camera are seen.

        Parameters
        ----------
        positions : tensor, shape (..., 3), float64
            In the direction of the camera; any unit.

        Returns
        -------
        tensor, shape (..., 2), float64, pixels

        Examples
        --------
        >>> sight = Sight.given([[100.0, 0.0, 50.0], [0.0, 100.0, 40.0], [0.0, 0.0, 1.0]])
        >>> sight.pixels(torch.tensor([[2.0, 0.0, 2.0]], dtype=torch.float64)).tolist()
        [[150.0, 40.0]]
        """
        rays = positions[..., :2] / positions[..., 2:]
        return rays @ self.matrix[:2, :2].T + self.matrix[:2, 2]

    def place(self, pose: Tensor, rays: Tensor) -> Tensor:
        """Find where the root of each pose is, by least squares over the joints that are seen.

        Parameters
        ----------
        pose : tensor, shape (N, J, 3), float64
            Relative to the root, in the direction of the camera; complete.
        rays : tensor, shape (N, J, 2), float64
            NaN = not seen.

        Returns
        -------
        tensor, shape (N, 3)
            In the unit of the pose; NaN with fewer than three joints.
        """
        seen = np.isfinite(rays.numpy()).all(2).T[:, None]
        count = seen.sum(0)
        share = seen / np.maximum(count, 1)
        a, p = np.where(seen, rays.numpy().transpose(1, 2, 0), 0.0), pose.numpy().transpose(1, 2, 0)
        mean = (a * share).sum(0)
        apart = a - mean
        with np.errstate(all="ignore"):  # where all rays are the same, there is no place
            depth = root_depth(apart * share, apart, a, p)
            across = ((a * p[:, 2:] - p[:, :2]) * share).sum(0) + mean * depth
        placed = np.where(count >= FEWEST, np.concatenate([across, depth[None]]), np.nan)
        return torch.from_numpy(placed.T)

    def state(self) -> dict[str, Tensor]:
        """Everything needed to build it again."""
        return {"matrix": self.matrix, "turn": self.turn}

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> Sight:
        """Build it from what `state` gave."""
        return cls(state["matrix"], state["turn"])


def root_depth(off: Any, apart: Any, rays: Any, pose: Any) -> Any:
    """Find how far away the root of each pose is, by least squares (see `Sight.place`).

    Of what is summed over the joints, one that is at the root and has the root's ray may be left
    out where `rays` and `apart` are relative to it.

    Parameters
    ----------
    off : array, shape (J, 2, N)
        Rays relative to their mean over the joints that are seen; zero, or weighted, elsewhere.
    apart : array, shape (J, 2, N)
        Rays relative to any one ray.
    rays : array, shape (J, 2, N)
        As they are.
    pose : array, shape (J, 3, N)
        Relative to the root, in the direction of the camera.

    Returns
    -------
    array, shape (N,)
        In the unit of the pose.
    """
    across = rays * pose[:, 2:] - pose[:, :2]
    return -np.add.reduce(off * across, (0, 1)) / np.add.reduce(off * apart, (0, 1))


def _mean(points: Any, known: Any) -> Any:
    """Mean of the joints that are known, in each frame, shape (N, 1, D)."""
    total = np.where(known[..., None], points, 0.0).sum(1, keepdims=True)
    return total / known.sum(1)[:, None, None]


def _affine(flat: Any, space: Any) -> Any:
    """Rotation of the affine camera that fits best, shape (3, 3)."""
    solved, *_ = np.linalg.lstsq(space, flat, rcond=None)
    left, _, right = np.linalg.svd(solved.T, full_matrices=False)
    across = left @ right
    return np.vstack([across, np.cross(across[0], across[1])])


@dataclass(frozen=True)
class _Problem:
    """Least squares over focal length, principal point and a further turn."""

    image: Any
    space: Any
    known: Any
    extent: float
    centre: Any
    turn: Any

    def camera(self, values: Any) -> tuple[float, Any, Any]:
        from scipy.spatial.transform import Rotation  # late: it takes longer than all of ours

        turn = Rotation.from_rotvec(values[3:]).as_matrix() @ self.turn
        return float(np.exp(values[0]) * self.extent), self.centre + values[1:3] * self.extent, turn

    def missed(self, values: Any) -> Any:
        """Distances in the image of the joints that are known, in extents of a pose."""
        focal, centre, turn = self.camera(values)
        rays = torch.from_numpy(
            np.where(self.known[..., None], self.image - centre, np.nan) / focal
        )
        pose = torch.from_numpy(self.space @ turn.T)
        bare = Sight(torch.eye(3, dtype=torch.float64), torch.eye(3, dtype=torch.float64))
        whole = pose + bare.place(pose, rays).unsqueeze(1)
        shown = whole[..., :2] / whole[..., 2:]
        off = (shown - rays).numpy()[self.known] * focal / self.extent
        return np.nan_to_num(np.clip(off, -10, 10), nan=10.0).ravel()

    def solved(self, length: float) -> tuple[float, Any]:
        """Median distance of the joints, and the six values, from one start."""
        from scipy.optimize import least_squares

        start = np.array([np.log(length), 0, 0, 0, 0, 0])
        limits = np.array([np.log(FARTHEST), 100, 100, 4, 4, 4])
        low = -limits
        low[0] = np.log(0.5)
        found = least_squares(
            self.missed, start, bounds=(low, limits), loss="soft_l1", f_scale=0.01, max_nfev=50
        )
        return float(np.median(np.abs(found.fun))), found.x
