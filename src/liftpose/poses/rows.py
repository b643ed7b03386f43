"""Frames of experiments that lie one after another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def parts_of(
    lengths: Sequence[int], start: int, stop: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Cut experiments that lie one after another.

    Parameters
    ----------
    lengths : sequence of int
        Frames of each.
    start, stop : int
        The first row that is kept, and the one after the last.

    Returns
    -------
    kept : tuple of int
        Numbers of the experiments of which something is left.
    lengths : tuple of int
        How much is left of those.

    Examples
    --------
    >>> parts_of([4, 3, 2], 5, 8)
    ((1, 2), (2, 1))
    """
    ends = np.cumsum(lengths)
    starts = ends - lengths
    left = np.minimum(ends, stop) - np.maximum(starts, start)
    kept = np.flatnonzero(left > 0)
    return tuple(int(i) for i in kept), tuple(int(left[i]) for i in kept)
