"""Products of arrays, in the library that keeps to its number of threads and begins soonest."""

from __future__ import annotations

from typing import Any

import torch

SMALL = 9000
"""Multiplications up to which NumPy does a product with a single row or column.

It begins sooner than PyTorch, but of larger products it makes several threads, as many as it finds
processors, which wait for each other where something else is at work.
"""

SMALL_OF_MATRICES = 250_000
"""The same where neither of the two is a single row or column."""


def product(one: Any, other: Any) -> Any:
    """Multiply two arrays by one thread, or by as many as PyTorch was allowed.

    Parameters
    ----------
    one, other : array, shape (A, B) or (B,), and (B, C) or (B,)

    Returns
    -------
    array, shape (A, C), (A,) or (C,)

    Examples
    --------
    >>> import numpy as np
    >>> product(np.ones((1, 2)), np.ones(2)).tolist()
    [2.0]
    """
    rows = one.shape[0] if one.ndim > 1 else 1
    columns = other.shape[1] if other.ndim > 1 else 1
    if rows * columns * len(other) <= (SMALL if 1 in (rows, columns) else SMALL_OF_MATRICES):
        return one @ other
    return torch.matmul(torch.from_numpy(one), torch.from_numpy(other)).numpy()
