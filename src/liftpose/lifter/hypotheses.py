"""Whole poses that may be true as well as the lifted one.

How a lifter errs, it has shown on frames that were held out when it learned: there the truth minus
what was lifted is an error of a whole pose, in which all joints go together. A frame that is lifted
now may err as those did whose 2D was most like its own, so that what is drawn of it is the lifted
pose and one of their errors: where two depths explain such an image, some of these have one and
some the other. Such resampling of like cases is the k-nearest-neighbour bootstrap (Lall and Sharma
1996, "A nearest neighbor bootstrap for resampling hydrologic time series").

The draws of a frame are spread over its errors: these are put in order, halved along their widest
direction, each half along the next, and once more; and every draw comes from its own part of that
order (systematic sampling: Cochran 1977, "Sampling Techniques", chapter 8). Each draw by itself is
still any of the errors. Where errors are symmetric as far as held-out frames tell, draws come in
pairs that lie on opposite sides of the lifted pose, and their mean is that pose.

How the errors are gathered is in `hypotheses_measuring`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from liftpose.lifter.batch import is_complete
from liftpose.lifter.members.ridge import Ridge
from liftpose.lifter.normalization import Normalization
from liftpose.lifter.row_numbers import RowNumbers

NEIGHBOURS = 96
"""Frames whose errors a frame may have. With half as many, the energy score on held-out frames of
eight recordings was from 2 % worse to 2 % better."""

TEMPER = 0.25
"""Power of the ratio of two frames' spreads by which an error is scaled. With 0, the energy score
on held-out frames of eight recordings was 0 to 3 % worse; with 0.5 it was 0 to 4 % better, but of
unknown viewpoints the best of ten draws was up to 1 % farther from the truth on held-out frames and
2 to 4 % on test ones."""

LEVELS = 3
"""How often a frame's errors are halved."""

CHUNK = 256
"""Frames drawn for at a time: their neighbours' errors are many numbers."""

NUGGET = 1e-6
"""Share of their variance that hidden coordinates are taken to have at least in any direction."""

ERRORS, HIDDEN = 0, 1 << 20
"""Where the random numbers of a frame begin that choose errors, and that place hidden joints."""


@dataclass(frozen=True)
class Hypotheses:
    """Errors of held-out frames, and where these frames lie.

    Parameters
    ----------
    places : tensor, shape (M, F), float32
        Uncorrelated inputs of these frames; see `Uncertainty.whitening`.
    errors : tensor, shape (M, R), float32
        What the truth is away from the lifted pose, along `directions`, divided by `size_of`.
    directions : tensor, shape (R, K, D), float32
        Orthonormal directions of whole poses, those in which errors are largest.
    symmetric : bool
        Whether an error is as likely as its opposite.
    """

    places: Tensor
    errors: Tensor
    directions: Tensor
    symmetric: bool

    def drawn(self, places: Tensor, square: Tensor, numbers: RowNumbers, count: int) -> Tensor:
        """Draw errors of poses.

        Parameters
        ----------
        places : tensor, shape (N, F), float32
            Where they lie.
        square : tensor, shape (N, K), float64
            Mean square error that is expected of each of their joints.
        numbers : RowNumbers
            Of these frames.
        count : int
            How many.

        Returns
        -------
        tensor, shape (count, N, K, D), float64
        """
        found = square.new_empty(count, *square.shape, self.directions.shape[2])
        for start in range(0, len(places), CHUNK):
            rows = slice(start, start + CHUNK)
            chosen = self._chosen(places[rows], numbers.part(rows), count).double()
            chosen *= size_of(square[rows])[:, None, None]
            found[:, rows] = torch.einsum("nrc,rkd->cnkd", chosen, self.directions.double())
        return found

    def _chosen(self, places: Tensor, numbers: RowNumbers, count: int) -> Tensor:
        """Errors (N, R, count), or their opposites, one to each draw."""
        apart = -(-count // 2) if self.symmetric else count
        pool = min(max(NEIGHBOURS, apart), len(self.places))
        # Without the places' own squares, which are the same to all neighbours.
        far = self.places.square().sum(1) - 2 * (places @ self.places.T)
        # In one order whatever the rounding: only who is a neighbour is to count.
        near = far.topk(pool, largest=False).indices.sort(1).values
        errors = self.errors[near]
        order = _halved(errors)
        drawn = torch.from_numpy(numbers.uniform(2 * apart + 1, ERRORS))
        # Which part a draw comes from is by chance, so that the first is like any other.
        part = drawn[:, :apart].argsort(1)
        within = ((part + drawn[:, -1:]) * (pool / apart)).long().clamp_(max=pool - 1)
        which = order.gather(1, within)
        chosen = errors.gather(1, which.unsqueeze(2).expand(-1, -1, errors.shape[2])).mT
        if not self.symmetric:
            return chosen
        sign = (drawn[:, apart:-1] < 0.5).to(chosen.dtype).mul_(2).sub_(1).unsqueeze(1)
        return torch.stack([sign * chosen, -sign * chosen], 3).flatten(2)[:, :, :count]

    def state(self) -> dict[str, Any]:
        """Everything needed to build it again."""
        return {
            "places": self.places,
            "errors": self.errors,
            "directions": self.directions,
            "symmetric": self.symmetric,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Hypotheses:
        """Build it from what `state` gave."""
        return cls(**state)


def size_of(square: Tensor) -> Tensor:
    """Give the size that errors are divided by, and multiplied with.

    Parameters
    ----------
    square : tensor, shape (N, K)
        Mean square errors that are expected.

    Returns
    -------
    tensor, shape (N,)
        1 where nothing is expected, as of poses that are lifted without any error.
    """
    size = square.mean(1).pow(TEMPER / 2)
    return torch.where(size.isfinite() & (size > 0), size, 1.0)


def _halved(errors: Tensor) -> Tensor:
    """Order in which errors (N, P, R) that follow one another are alike, shape (N, P).

    What does not divide evenly is left to the ends of the order.
    """
    frames, pool, widest = errors.shape
    order = torch.arange(pool).expand(frames, pool)
    for level in range(LEVELS):
        groups = 2**level
        even = pool // groups * groups
        values = errors[..., level % widest].gather(1, order[:, :even])
        turns = values.unflatten(1, (groups, -1)).argsort(2)
        sorted_ = order[:, :even].unflatten(1, (groups, -1)).gather(2, turns).flatten(1)
        order = torch.cat([sorted_, order[:, even:]], 1)
    return order


def of_hidden(
    normalization: Normalization,
    ridge: Ridge,
    pose_2d: Tensor,
    numbers: RowNumbers,
    count: int,
) -> tuple[Tensor, Tensor]:
    """Draw what it does to a pose that its hidden joints may be elsewhere than where expected.

    They are drawn from their distribution given what was seen, and handed on by the linear map.
    Draws come in pairs on opposite sides.

    Parameters
    ----------
    normalization : Normalization
        Of the lifter.
    ridge : Ridge
        Its linear map.
    pose_2d : tensor, shape (N, J, 2), float64, pixels
        NaN = not seen.
    numbers : RowNumbers
        Of these frames.
    count : int
        How many.

    Returns
    -------
    rows : tensor of int, shape (M,)
        Frames in which a joint was not seen.
    moves : tensor, shape (count, M, K, D), float64
    """
    completion, joints = normalization.completion, len(normalization.anchoring.joints)
    rows, moves = [torch.zeros(0, dtype=torch.int64)], []
    moves.append(pose_2d.new_zeros(count, 0, joints, normalization.dims))
    if completion is None or is_complete(pose_2d):
        return rows[0], moves[0]
    half = -(-count // 2)
    for some in torch.arange(len(pose_2d)).split(CHUNK):
        gaps, left = completion.left(pose_2d[some])
        if not len(gaps):
            continue
        which = some[gaps]
        size = left.shape[1]
        tiny = NUGGET * left.diagonal(dim1=1, dim2=2).mean(1).clamp(min=1e-12)
        left = left + tiny[:, None, None] * torch.eye(size, dtype=left.dtype)
        factor = torch.linalg.cholesky(left)
        keys = RowNumbers(numbers.keys[which.numpy()])
        normal = torch.from_numpy(keys.normal(half * size, HIDDEN)).reshape(-1, half, size)
        moved = (normal @ factor.mT).transpose(0, 1).unflatten(2, (-1, 2))
        whole = normalization.complete(pose_2d[which])
        sides = []
        for sign in (1, -1):
            image = whole.repeat(half, 1, 1)
            image[:, completion.joints] += sign * moved.flatten(0, 1)
            sides.append(normalization.restore(ridge.predict(normalization.inputs(image))))
        change = ((sides[0] - sides[1]) / 2).unflatten(0, (half, -1))
        rows.append(which)
        moves.append(torch.stack([change, -change], 1).flatten(0, 1)[:count])
    return torch.cat(rows), torch.cat(moves, 1)
