"""What joints that were not seen leave open, in the image and as the linear map hands it on."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from liftpose.lifter.normalization import Normalization

CHUNK = 256
"""Frames with hidden joints whose covariances are handed on at a time."""


class Opened(NamedTuple):
    """What is open of N frames.

    Parameters
    ----------
    rows : tensor of int, shape (M,)
        Frames in which a joint was not seen, and enough of the others.
    covariance : tensor, shape (M, K, D, D)
        Of their joints relative to their anchors.
    variance : tensor, shape (N, J), pixels squared
        Of a coordinate of each joint, zero for those that were seen.
    """

    rows: Tensor
    covariance: Tensor
    variance: Tensor


def opened(normalization: Normalization, weights: Tensor, pose_2d: Tensor) -> Opened | None:
    """Give what joints that were not seen leave open.

    Parameters
    ----------
    normalization : Normalization
        Of the lifter.
    weights : tensor, shape (F + 1, O)
        Of its linear map.
    pose_2d : tensor, shape (N, J, 2), float64, pixels
        NaN = not seen.

    Returns
    -------
    Opened or None
        None for a lifter of before hidden joints were inferred.
    """
    completion, dims = normalization.completion, normalization.dims
    if completion is None:
        return None
    slopes = _slopes(normalization, completion.joints, weights)
    parts = slopes.unflatten(1, (-1, dims))
    variance = pose_2d.new_zeros(pose_2d.shape[:2])
    rows, handed = [], []
    for some in torch.arange(len(pose_2d)).split(CHUNK):
        gaps, left = completion.left(pose_2d[some])
        rows.append(some[gaps])
        each = left.diagonal(dim1=1, dim2=2).unflatten(1, (-1, 2)).mean(2)
        variance[rows[-1][:, None], completion.joints] = each
        products = (left @ slopes).unflatten(2, (-1, dims))
        handed.append(torch.einsum("uki,mukj->mkij", parts, products))
    which, covariance = torch.cat(rows), torch.cat(handed)
    if normalization.norm_2d:
        image = normalization.anchoring.relative(normalization.complete(pose_2d[which]))
        covariance = covariance / image.square().sum((1, 2))[:, None, None, None]
    return Opened(which, covariance, variance)


def _slopes(normalization: Normalization, joints: Tensor, weights: Tensor) -> Tensor:
    """How outputs, in their unit, change with the pixels of some joints, shape (2 U, O)."""
    ends, anchors = normalization.anchoring.places
    known = weights[: 2 * len(ends)] / normalization.std_in[:, None]
    known = known.unflatten(0, (-1, 2))
    slopes = weights.new_zeros(len(joints), 2, weights.shape[1])
    # The joints of a completion are in order.
    slopes.index_add_(0, torch.searchsorted(joints, torch.from_numpy(ends)), known)
    slopes.index_add_(0, torch.searchsorted(joints, torch.from_numpy(anchors)), -known)
    return slopes.flatten(0, 1) * normalization.std_out
