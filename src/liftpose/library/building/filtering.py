"""What does not count of a track: joints that jump away and come back; and short gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_HALF = 2  # frames on either side: the median of five is on the track if two jumped


def jumps(points: Any, most: float, least: float) -> npt.NDArray[np.bool_]:
    """Find joints that leave their track for a frame or two.

    The median of five frames lies on the track where an animal moves on, however fast, and where
    one or two of the five are wrong (Hampel's identifier). Of the four others as many have to be
    known before as after, so that it does: nothing is said of the ends of a track.

    Parameters
    ----------
    points : array, shape (T, J, D)
        Successive frames; NaN where a joint was not seen.
    most : float
        Distances from that median above so many times their own median (turned into a standard
        deviation, as of Gaussian noise) are jumps.
    least : float, unit of the points
        No distance below it is one.

    Returns
    -------
    array of bool, shape (T, J)

    References
    ----------
    R. Pearson, Y. Neuvo, J. Astola, M. Gabbouj, "Generalized Hampel Filters", EURASIP Journal on
    Advances in Signal Processing 87, 2016.

    Examples
    --------
    >>> walk = np.arange(20.0).reshape(20, 1, 1) * [1.0, 0.5]
    >>> walk[7] += 40
    >>> np.flatnonzero(jumps(walk, 8.0, 3.0)).tolist()
    [7]
    """
    track = np.asarray(points, np.float64)
    if not np.isfinite(most) or len(track) < 2 * _HALF + 1:
        return np.zeros(track.shape[:2], bool)
    padded = np.pad(track, ((_HALF, _HALF), (0, 0), (0, 0)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _HALF + 1, axis=0)
    known = np.asarray(np.isfinite(windows).all(axis=2))
    before, after = known[..., :_HALF].sum(axis=2), known[..., _HALF + 1 :].sum(axis=2)
    even = (before == after) & (before > 0)
    off = np.where(even, np.linalg.norm(track - _median(windows), axis=2), np.nan)
    spread = _median(off.T) / 0.6745
    with np.errstate(invalid="ignore"):
        return np.asarray(off > np.maximum(most * spread, least))


def _median(values: Any) -> Array:
    """Median over the last axis of what is known."""
    ordered = np.sort(values, axis=-1)  # NaN comes last
    number = np.isfinite(values).sum(axis=-1)
    low, high = np.maximum(number - 1, 0) // 2, number // 2
    ends = [
        np.take_along_axis(ordered, np.minimum(k, values.shape[-1] - 1)[..., None], -1)
        for k in (low, high)
    ]
    middle = (ends[0] + ends[1])[..., 0] / 2
    return np.where(number > 0, middle, np.nan)


def filled(points: Any, most: int) -> Array:
    """Fill short gaps on a straight line.

    Parameters
    ----------
    points : array, shape (T, J, D)
        Successive frames; NaN where a joint was not seen.
    most : int
        Frames of the longest gap that is filled. Those at the ends are none.

    Returns
    -------
    array, shape (T, J, D)

    Examples
    --------
    >>> track = np.array([0.0, np.nan, 2.0, np.nan, np.nan, 5.0]).reshape(6, 1, 1)
    >>> filled(track, 1).ravel().tolist()
    [0.0, 1.0, 2.0, nan, nan, 5.0]
    """
    track = np.array(points, np.float64)
    if most < 1 or not len(track):
        return track
    here = np.arange(len(track))[:, None]
    seen = np.isfinite(track).all(axis=2)
    before = np.maximum.accumulate(np.where(seen, here, -1), axis=0)
    after = np.minimum.accumulate(np.where(seen, here, len(track))[::-1], axis=0)[::-1]
    gap = ~seen & (before >= 0) & (after < len(track)) & (after - before - 1 <= most)
    rows, joints = np.nonzero(gap)
    start, stop = before[rows, joints], after[rows, joints]
    share = ((rows - start) / (stop - start))[:, None]
    track[rows, joints] = (1 - share) * track[start, joints] + share * track[stop, joints]
    return track
