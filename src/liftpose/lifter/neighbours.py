"""Neighbours among poses with gaps, and the linear map that fits pairs of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_CHUNK = 512
_REFILLS = 10


def nearest(rows: Array, among: Array) -> tuple[npt.NDArray[np.intp], Array]:
    """Find the nearest of some others for each row, in what both have.

    Parameters
    ----------
    rows, among : array, shape (N, F) and (M, F)
        NaN where something is not known.

    Returns
    -------
    found : array of int, shape (N,)
    distance : array, shape (N,)
        Mean square difference of what both have.

    Examples
    --------
    >>> nearest(np.asarray([[0.0, np.nan]]), np.asarray([[5.0, 0.0], [1.0, 9.0]]))
    (array([1]), array([1.]))
    """
    there = np.isfinite(among)
    others, counts = np.where(there, among, 0.0), there.astype(np.float64)
    found, distance = np.empty(len(rows), np.intp), np.empty(len(rows))
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        here = np.isfinite(chunk)
        values = np.where(here, chunk, 0.0)
        squares = (values**2) @ counts.T - 2 * values @ others.T + here @ (others**2).T
        shared = here @ counts.T
        squares = np.where(shared > 0, squares / np.maximum(shared, 1), np.inf)
        best = squares.argmin(1)
        found[start : start + _CHUNK] = best
        difference = (chunk - among[best]) ** 2
        distance[start : start + _CHUNK] = np.nanmean(difference, 1)
    return found, distance


def least_squares(rows: Array, goals: Array, prior: Array, stiffness: float) -> tuple[Array, Array]:
    """Fit an affine map from rows to goals, with a pull towards a prior matrix and no offset.

    The offset counts as the factor of one more coordinate, as large as the others are.

    Parameters
    ----------
    rows, goals : array, shape (N, F)
        Without gaps.
    prior : array, shape (F, F)
        Multiplied from the right.
    stiffness : float
        Pull, as a share of the mean variance of the rows' coordinates.

    Returns
    -------
    matrix : array, shape (F, F)
    offset : array, shape (F,)

    Examples
    --------
    >>> rows = np.asarray([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> matrix, offset = least_squares(rows, 2 * rows + 1, np.eye(2), 0.0)
    >>> matrix.round(3).tolist(), offset.round(3).tolist()
    ([[2.0, 0.0], [0.0, 2.0]], [1.0, 1.0])
    """
    size = np.sqrt((rows**2).mean())
    longer = np.column_stack([rows, np.full(len(rows), size)])
    square = longer.T @ longer / len(rows)
    # Never quite zero, for limbs whose joints lie on one line.
    variance = np.trace(np.cov(rows.T, bias=True)) / rows.shape[1]
    pull = max(stiffness, 1e-12) * variance + np.finfo(float).tiny
    start = np.vstack([prior, np.zeros(len(prior))])
    change = longer.T @ (goals - longer @ start) / len(rows)
    matrix = start + np.linalg.solve(square + pull * np.eye(len(square)), change)
    return matrix[:-1], size * matrix[-1]


def moments(rows: Array) -> tuple[Array, Array]:
    """Give mean and covariance of rows with gaps, the gaps filled by what these say, and again.

    Parameters
    ----------
    rows : array, shape (N, F)
        NaN where something is not known.

    Returns
    -------
    mean : array, shape (F,)
    covariance : array, shape (F, F)

    Examples
    --------
    >>> mean, covariance = moments(np.asarray([[0.0], [2.0], [np.nan]]))
    >>> mean.tolist()
    [1.0]
    """
    mean = np.nanmean(rows, axis=0)
    whole = np.where(np.isnan(rows), mean, rows)
    covariance = np.atleast_2d(np.cov(whole.T, bias=True))
    if np.isfinite(rows).all():
        return mean, covariance
    for _ in range(_REFILLS):
        whole = filled(rows, mean, covariance)
        mean, covariance = whole.mean(0), np.atleast_2d(np.cov(whole.T, bias=True))
    return mean, covariance


def filled(rows: Array, mean: Array, covariance: Array) -> Array:
    """Fill gaps with the expectation of a normal distribution given the rest of the row.

    Parameters
    ----------
    rows : array, shape (N, F)
        NaN where something is not known.
    mean, covariance : array, shape (F,) and (F, F)
        Of the distribution.

    Returns
    -------
    array, shape (N, F)

    Examples
    --------
    >>> covariance = np.asarray([[1.0, 0.5], [0.5, 1.0]])
    >>> filled(np.asarray([[2.0, np.nan]]), np.zeros(2), covariance).round(3).tolist()
    [[2.0, 1.0]]
    """
    gaps = np.isnan(rows)
    if not gaps.any():
        return rows
    whole = np.where(gaps, mean, rows)
    # The loop is over the different sets of gaps, not over frames.
    patterns, which = np.unique(gaps, axis=0, return_inverse=True)
    floor = 1e-9 * np.trace(covariance) / len(covariance) + np.finfo(float).tiny
    for number, gap in enumerate(patterns):
        if not gap.any() or gap.all():
            continue
        members = np.flatnonzero(which.reshape(-1) == number)
        known = covariance[np.ix_(~gap, ~gap)] + floor * np.eye((~gap).sum())
        slope = np.linalg.solve(known, covariance[np.ix_(~gap, gap)])
        whole[np.ix_(members, gap)] += (rows[np.ix_(members, ~gap)] - mean[~gap]) @ slope
    return whole
