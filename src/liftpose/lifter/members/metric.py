"""In which directions of its inputs two poses are unlike: the metric of the kernel.

A kernel that takes all inputs alike wastes its landmarks on directions that tell nothing. Those
that do are found in a first solution ``f``: its mean gradient outer product
``G = mean of (df/dx)' (df/dx)`` over poses has them as its leading eigenvectors (Radhakrishnan et
al. 2024, "Mechanism for feature learning in neural networks and backpropagation-free machine
learning models", Science 383, 1461-1467). Inputs are then turned to its eigenvectors and
multiplied with a power of its eigenvalues. One round was measured to serve as well as two.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

POWER = 0.25
"""Of the eigenvalues, which a direction is multiplied with; 1/2 would be the published metric."""

POSES = 600
"""Poses that the gradients are averaged over."""


def scaled(inputs: Tensor, scale: Tensor) -> Tensor:
    """Bring inputs to where their distance says how unlike they are.

    Parameters
    ----------
    inputs : tensor, shape (N, F)
        Standardised.
    scale : tensor, shape (F,) or (F, F)
        What each input is multiplied with, or a matrix.

    Returns
    -------
    tensor, shape (N, F)

    Examples
    --------
    >>> scaled(torch.ones(1, 2), torch.tensor([2.0, 3.0])).tolist()
    [[2.0, 3.0]]
    """
    return inputs * scale if scale.ndim == 1 else inputs @ scale


def learned_metric(
    inputs: Tensor, scale: Tensor, landmarks: Tensor, linear: Tensor, near: Tensor
) -> Tensor:
    """Find the metric that a solution of the kernel asks for.

    Parameters
    ----------
    inputs : tensor, shape (N, F), float64
        Standardised; some of them are looked at.
    scale : tensor, shape (F,) or (F, F)
        The metric of that solution.
    landmarks : tensor, shape (M, F)
        Its landmarks, in that metric.
    linear, near : tensor, shape (F, O) and (M, O)
        Its weights: of the inputs, and of the likeness to each landmark.

    Returns
    -------
    tensor, shape (F, F)
        The new one; its own scale means nothing.
    """
    points = scaled(inputs[:: max(1, len(inputs) // POSES)], scale)
    squares = torch.cdist(points, landmarks).square()
    distance = (5 * squares).sqrt()
    # Twice the derivative of Matérn's kernel by the squared distance.
    slope = -(5 / 3) * (1 + distance) * (-distance).exp()
    whole = torch.diag(scale) if scale.ndim == 1 else scale
    products = torch.zeros_like(whole)
    for straight, weights in zip(linear.T, near.T, strict=True):
        pull = slope * weights
        bend = points * pull.sum(1, keepdim=True) - pull @ landmarks
        gradient = bend @ whole.T + straight
        products.addmm_(gradient.T, gradient)
    values, vectors = torch.linalg.eigh(products)
    values = values.clamp(min=0)
    powers = (values / values.max().clamp(min=math.ulp(0.0))).pow(POWER)
    metric: Tensor = vectors * powers
    return metric
