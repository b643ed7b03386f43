"""Where joints that were not seen are, as far as the others tell.

The 2D of all frames is taken for draws of one normal distribution over the pixels of all joints,
with mean ``m`` and covariance ``C``. What was not seen (``h``) of a frame is then expected, given
what was seen (``s``), at ::

    m_h + C_hs C_ss⁻¹ (x_s - m_s)

(Anderson 2003, "An Introduction to Multivariate Statistical Analysis", section 2.5). Mean and
covariance of data that have gaps themselves are those under which the data are likeliest, found by
expectation and maximization (Dempster, Laird and Rubin 1977, "Maximum likelihood from incomplete
data via the EM algorithm").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from liftpose.lifter.batch import is_complete

FEWEST = 2
"""Joints that have to be seen for the others to be inferred."""

NUGGET = 1e-4
"""Variance of each coordinate beside that of the data, as a share of the mean: a joint that was
never seen to move against another may do so all the same."""

ELSEWHERE = 20.0
"""Standard deviation, in extents of a pose, of where a pose may be in the image beside where it was
in training, for those whose place tells nothing."""

ROUNDS = 30
"""Rounds of expectation and maximization at most."""

SETTLED = 1e-3
"""Change of a covariance in a round, in standard deviations of the two, that ends the rounds."""

FRAMES = 5000
"""Frames at most, taken evenly, that a distribution is taken of where there are gaps."""

CHUNK = 512
"""Frames whose equations are solved at a time."""


@dataclass(frozen=True)
class Completion:
    """A normal distribution over the 2D of a pose.

    Parameters
    ----------
    joints : tensor of int, shape (U,)
        Those that it is of.
    mean : tensor, shape (2 U,), float64, pixels
        Coordinates of a joint one after another.
    covariance : tensor, shape (2 U, 2 U), float64, pixels squared
    sizeless : bool
        Whether poses may be of any size in the image; the distribution is of poses of extent 1.
    """

    joints: Tensor
    mean: Tensor
    covariance: Tensor
    sizeless: bool = False

    @classmethod
    def fit(cls, pose_2d: Tensor, joints: Any, placed: bool, sizeless: bool = False) -> Completion:
        """Take the distribution of training poses.

        Parameters
        ----------
        pose_2d : tensor, shape (N, J, 2), float64, pixels
            NaN = not seen.
        joints : sequence of int
            Which of the joints.
        placed : bool
            Whether the poses to come are where these are. Otherwise all of a pose may be anywhere
            in the image.
        sizeless : bool
            Whether they may be of any other size.

        Returns
        -------
        Completion
        """
        joints = torch.as_tensor(joints)
        points = pose_2d[:, joints]
        points = points[points.isfinite().all(2).sum(1) >= FEWEST]
        if sizeless:
            points = points - points.nanmean(1, keepdim=True)
            points = points / points.square().nanmean((1, 2), keepdim=True).sqrt().clamp(min=1e-9)
        points = points.flatten(1)
        seen = points.isfinite()
        count = seen.sum(0).clamp(min=1)
        mean = torch.where(seen, points, 0.0).sum(0) / count
        off = torch.where(seen, points - mean, 0.0)
        variance = off.square().sum(0) / count
        nugget = NUGGET * _extent(points).square()
        covariance = torch.diag(variance + nugget)
        if is_complete(points):
            covariance = off.T @ off / max(1, len(off))
            covariance.diagonal().add_(nugget)
        else:
            mean, covariance = _likeliest(points, mean, covariance, nugget)
        if sizeless or not placed:
            anywhere = torch.eye(2, dtype=mean.dtype).repeat(len(joints), len(joints))
            covariance = covariance + anywhere * (ELSEWHERE * _extent(points)).square()
        return cls(joints, mean, covariance, sizeless)

    def complete(self, pose_2d: Tensor) -> Tensor:
        """Put joints that were not seen where they are expected.

        Parameters
        ----------
        pose_2d : tensor, shape (N, J, 2), float64, pixels
            NaN = not seen.

        Returns
        -------
        tensor, shape (N, J, 2)
            The same tensor where nothing is missing. Frames in which fewer than `FEWEST` of the
            joints were seen stay as they are.
        """
        if is_complete(pose_2d):
            return pose_2d
        points = pose_2d[:, self.joints]
        if is_complete(points):
            return pose_2d
        seen = points.isfinite().all(2)
        rows = (~seen.all(1) & (seen.sum(1) >= FEWEST)).nonzero().squeeze(1)
        completed = pose_2d.clone()
        for part in rows.split(CHUNK):
            completed[part[:, None], self.joints] = self._completed(points[part], seen[part])
        return completed

    def left(self, pose_2d: Tensor) -> tuple[Tensor, Tensor]:
        """Give what is left open where joints were not seen.

        Parameters
        ----------
        pose_2d : tensor, shape (N, J, 2), float64, pixels
            NaN = not seen.

        Returns
        -------
        rows : tensor of int, shape (M,)
            Frames with gaps that `complete` fills.
        covariance : tensor, shape (M, 2 U, 2 U), float64, pixels squared
            Of the coordinates of `joints` given those that were seen; zero for these.
        """
        points = pose_2d[:, self.joints]
        seen = points.isfinite().all(2)
        rows = (~seen.all(1) & (seen.sum(1) >= FEWEST)).nonzero().squeeze(1)
        known = seen[rows].repeat_interleave(2, 1)
        covariance = self.covariance.new_zeros(len(rows), *self.covariance.shape)
        if len(rows):
            covariance = _left(self.covariance, self._factor(known), known)
        if self.sizeless:
            covariance = covariance * self._size(points[rows], seen[rows]).square()[:, None, None]
        return rows, covariance

    def standardised(self, pose_2d: Tensor) -> Tensor:
        """Give the coordinates that the distribution is of.

        Parameters
        ----------
        pose_2d : tensor, shape (N, J, 2), float64, pixels
            NaN = not seen.

        Returns
        -------
        tensor, shape (N, 2 U)
        """
        points = pose_2d[:, self.joints]
        middle, size = self._frame(points, points.isfinite().all(2))
        return ((points - middle) / size).flatten(1)

    def cleaned(self, pose_2d: Tensor, noise: Tensor) -> Tensor:
        """Give where joints are expected that were seen with noise.

        Parameters
        ----------
        pose_2d : tensor, shape (N, J, 2), float64, pixels
            NaN = not seen. In each frame at least `FEWEST` of the joints are.
        noise : tensor, shape (N, U)
            Variance of the noise, in the unit of the covariance.

        Returns
        -------
        tensor, shape (N, U, 2), pixels
            Of `joints`, those that were not seen too.
        """
        points = pose_2d[:, self.joints]
        seen = points.isfinite().all(2)
        middle, size = self._frame(points, seen)
        known = seen.repeat_interleave(2, 1)
        off = torch.where(known, ((points - middle) / size).flatten(1) - self.mean, 0.0)
        factor = self._factor(known, noise.repeat_interleave(2, 1))
        weights = torch.cholesky_solve(off.unsqueeze(2), factor).squeeze(2)
        found = self.mean + weights @ self.covariance
        cleaned: Tensor = found.unflatten(1, (-1, 2)) * size + middle
        return cleaned

    def _frame(self, points: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Middle and size of frames (N, U, 2), where these mean nothing."""
        if not self.sizeless:
            return points.new_zeros(1), points.new_ones(1)
        return points.nanmean(1, keepdim=True), self._size(points, seen)[:, None, None]

    def _completed(self, points: Tensor, seen: Tensor) -> Tensor:
        """Complete frames (N, U, 2) that have gaps."""
        middle, size = self._frame(points, seen)
        found, _ = self._expected(
            ((points - middle) / size).flatten(1), seen.repeat_interleave(2, 1)
        )
        expected = found.unflatten(1, (-1, 2)) * size + middle
        return torch.where(seen.unsqueeze(2), points, expected)

    def _size(self, points: Tensor, seen: Tensor) -> Tensor:
        """Extents of frames (N, U, 2), as shares of what those joints are expected to have."""
        extent = (points - points.nanmean(1, keepdim=True)).square().nanmean((1, 2)).sqrt()
        size: Tensor = (extent / self._extent_of(seen.double())).clamp(min=1e-9)
        return size

    def _extent_of(self, seen: Tensor) -> Tensor:
        """Give the extents that poses are expected to have in the joints (N, U) that are seen."""
        moments = self.covariance + torch.outer(self.mean, self.mean)
        moments = moments.unflatten(1, (-1, 2)).unflatten(0, (-1, 2))
        products = moments.diagonal(dim1=1, dim2=3).mean(-1)
        count = seen.sum(1)
        around = seen @ products.diagonal() - ((seen @ products) * seen).sum(1) / count
        extent: Tensor = (around / count).sqrt()
        return extent

    def _expected(self, points: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Complete some frames; and factors of the covariance of what was seen of each."""
        off = torch.where(seen, points - self.mean, 0.0)
        factor = self._factor(seen)
        weights = torch.cholesky_solve(off.unsqueeze(2), factor).squeeze(2)
        expected = self.mean + weights @ self.covariance
        return torch.where(seen, points, expected), factor

    def _factor(self, seen: Tensor, noise: Tensor | None = None) -> Tensor:
        """Cholesky factors of the covariance of what was seen, and of a unit where nothing was."""
        both = seen.unsqueeze(1) & seen.unsqueeze(2)
        alone = torch.diag_embed((~seen).to(self.covariance))
        covariance = torch.where(both, self.covariance, alone)
        if noise is not None:
            covariance = covariance + torch.diag_embed(noise)
        factor: Tensor = torch.linalg.cholesky(covariance)
        return factor

    def state(self) -> dict[str, Any]:
        """Everything needed to build it again."""
        return {
            "joints": self.joints,
            "mean": self.mean,
            "covariance": self.covariance,
            "sizeless": self.sizeless,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Completion:
        """Build it from what `state` gave."""
        return cls(**state)


def _extent(points: Tensor) -> Tensor:
    """Root mean square distance of coordinates (N, 2 U) from the middle of their pose."""
    pose = points.unflatten(1, (-1, 2))
    spread = (pose - pose.nanmean(1, keepdim=True)).square().nanmean()
    extent: Tensor = spread.sqrt().nan_to_num(1.0).clamp(min=1e-9)
    return extent


def _likeliest(
    points: Tensor, mean: Tensor, covariance: Tensor, nugget: Tensor
) -> tuple[Tensor, Tensor]:
    """Mean and covariance under which coordinates (N, 2 U) with gaps are likeliest."""
    points = points[:: -(-len(points) // FRAMES)]
    seen = points.isfinite()
    for _ in range(ROUNDS):
        before, spread = covariance, covariance.diagonal().sqrt()
        found = Completion(torch.arange(0), mean, covariance)
        total, products = torch.zeros_like(mean), torch.zeros_like(covariance)
        for rows in torch.arange(len(points)).split(CHUNK):
            known = seen[rows]
            complete, factor = found._expected(points[rows], known)
            off = complete - mean
            total += off.sum(0)
            products += off.T @ off
            gaps = ~known.all(1)
            products += _left(covariance, factor[gaps], known[gaps]).sum(0)
        shift = total / len(points)
        mean = mean + shift
        covariance = products / len(points) - torch.outer(shift, shift)
        covariance.diagonal().add_(nugget)
        if bool(((covariance - before) / torch.outer(spread, spread)).abs().max() < SETTLED):
            break
    return mean, covariance


def _left(covariance: Tensor, factor: Tensor, seen: Tensor) -> Tensor:
    """Covariance of what was not seen given what was, shape (N, 2 U, 2 U); zero for the rest."""
    known = torch.where(seen.unsqueeze(2), covariance, 0.0)
    half = torch.linalg.solve_triangular(factor, known, upper=False)
    left = covariance - half.mT @ half
    hidden = ~seen
    open_: Tensor = torch.where(hidden.unsqueeze(1) & hidden.unsqueeze(2), left, 0.0)
    return open_
