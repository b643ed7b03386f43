"""The ball that holds a joint with a probability, from the spread of its coordinates.

The squared distance of a joint from its mean is a sum of squares of independent normals of unequal
spread: a generalised chi-square, whose quantiles have no closed form. They are worked out once a
level on a grid of ratios of the three spreads, and interpolated.
"""

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import array_api_compat
import numpy as np
import numpy.typing as npt

from liftpose.metrics.trust import check_level, check_spread

Floats = npt.NDArray[np.float64]

_GRID = 33
"""Ratios on each side of the grid: measured, the probability of a ball is then within 4e-6 of its
level, and within 1e-6 for levels of 0.9 and more."""
_NODES = 40
"""Nodes of the quadrature along each of the two angles."""


def ball_radius(spread: Any, level: float) -> Any:
    """Give the radius of the ball that holds a joint with a probability, if errors are normal.

    Parameters
    ----------
    spread : array, shape (..., D), D from 1 to 3
        One standard deviation of each coordinate; errors of the coordinates are independent. NaN
        where not known.
    level : float
        Probability between 0 and 1.

    Returns
    -------
    array, shape (...), float64
        In the unit of `spread`; NaN where a coordinate's is.

    Raises
    ------
    ValueError
        If `spread` has another shape, is negative or infinite, or `level` is no probability.

    References
    ----------
    J. P. Imhof, "Computing the distribution of quadratic forms in normal variables", Biometrika
    48, 1961 (the distribution; here it is the mean over all directions of the probability of the
    length along one, a chi distribution of three degrees of freedom).

    Examples
    --------
    >>> import numpy as np
    >>> ball_radius(np.asarray([[1.0, 1.0, 1.0], [2.0, 0.0, 0.0]]), 0.9).round(3).tolist()
    [2.5, 3.29]
    """
    check_level(level)
    xp = array_api_compat.array_namespace(spread)
    if spread.ndim < 1 or not 1 <= spread.shape[-1] <= 3:
        raise ValueError(f"spread must have shape (..., 1 to 3); got {tuple(spread.shape)}.")
    check_spread(xp, spread)
    spread = xp.astype(spread, xp.float64)
    largest = xp.max(spread, axis=-1)
    unit = xp.where(largest > 0, largest, xp.ones_like(largest))
    others = xp.sort(spread / unit[..., None], axis=-1)[..., :-1]
    ratios = [others[..., place] for place in range(others.shape[-1])]
    first, second = [*ratios, *[xp.zeros_like(largest)] * (2 - len(ratios))]
    thin = _thinnest(level)
    table = xp.asarray(_log_radii(level), device=array_api_compat.device(spread))
    step = math.asinh(1 / thin) / (_GRID - 1)
    known = ~xp.isnan(largest)
    for ratio in ratios:
        known = known & ~xp.isnan(ratio)
    # Where a spread is not known, any place on the grid will do.
    blank = xp.zeros_like(largest)
    places = [xp.asinh(xp.where(known, r, blank) / thin) / step for r in (first, second)]
    radius = largest * xp.exp(_interpolated(xp, table, *places))
    return xp.where(known, radius, xp.full_like(radius, math.nan))[()]


def _thinnest(level: float) -> float:
    """Radius, in spreads, if only one coordinate has any: that of one normal."""
    return NormalDist().inv_cdf((1 + level) / 2)


def _interpolated(xp: Any, table: Any, row: Any, column: Any) -> Any:
    """Values of a square table between its nodes, by cubics through four nodes each way."""
    flat = xp.reshape(table, (-1,))
    size = table.shape[0]
    corners, weights = zip(*(_cubic(xp, place, size) for place in (row, column)), strict=True)
    total = xp.zeros_like(row)
    for i, weight in enumerate(weights[0]):
        line = xp.zeros_like(row)
        for j, other in enumerate(weights[1]):
            at = (corners[0] + i) * size + corners[1] + j
            line = line + other * xp.reshape(xp.take(flat, xp.reshape(at, (-1,))), row.shape)
        total = total + weight * line
    return total


def _cubic(xp: Any, place: Any, size: int) -> tuple[Any, tuple[Any, ...]]:
    """First of the four nodes around a place, and their weights (Lagrange)."""
    first = xp.clip(xp.floor(place) - 1, 0, size - 4)
    t = place - first
    weights = (
        -(t - 1) * (t - 2) * (t - 3) / 6,
        t * (t - 2) * (t - 3) / 2,
        -t * (t - 1) * (t - 3) / 2,
        t * (t - 1) * (t - 2) / 6,
    )
    return xp.astype(first, xp.int64), weights


@lru_cache(maxsize=64)
def _log_radii(level: float) -> Floats:
    """Logarithms of the radii for one spread of 1 and two of every ratio to it on the grid.

    The grid is even in asinh(ratio / radius of one coordinate): a coordinate adds to the radius
    when its spread comes near that, so that the radii are smooth on it at every level.
    """
    thin = _thinnest(level)
    ratios = np.sinh(np.linspace(0, math.asinh(1 / thin), _GRID)) * thin
    larger, smaller = np.tril_indices(_GRID)
    share, weight = _squared_lengths(ratios[larger], ratios[smaller], thin)
    log_radius = np.full(len(larger), math.log(thin))
    # The ball of one coordinate is too small, and log P is concave over log r (the B theorem:
    # Cordero-Erausquin et al., J. Funct. Anal. 214, 2004), so Newton's steps never pass the root.
    for _ in range(50):
        inside, slope = _log_probability(log_radius, share, weight)
        step = (math.log(level) - inside) / slope
        log_radius += step
        if np.abs(step).max() < 1e-10:
            break
    table = np.empty((_GRID, _GRID))
    table[larger, smaller] = table[smaller, larger] = log_radius
    return table


def _squared_lengths(larger: Floats, smaller: Floats, thin: float) -> tuple[Floats, Floats]:
    """Variance along directions in an octant, (M, K), and the weights of the directions, (K,).

    The spreads are 1 ≥ larger ≥ smaller. Nodes are denser towards directions in which a flat or
    thin distribution has next to no variance, at the scale of the radius.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    nodes, weights = (nodes + 1) / 2, weights / 2

    def graded(end: float) -> tuple[Floats, Floats]:
        reach = math.asinh(end / thin)
        return thin * np.sinh(reach * nodes), weights * thin * reach * np.cosh(reach * nodes)

    (along, by_along), (angle, by_angle) = graded(1.0), graded(math.pi / 2)
    flat = (np.outer(larger, np.sin(angle)) ** 2 + np.outer(smaller, np.cos(angle)) ** 2)[:, None]
    square = (along**2)[:, None]
    variance = square + (1 - square) * flat
    weight = np.outer(by_along, by_angle) * 2 / math.pi
    return variance.reshape(len(larger), -1), weight.ravel()


def _log_probability(log_radius: Floats, variance: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Logarithm of the probability of each ball, and its slope over the logarithm of the radius."""
    from scipy.special import erf  # late: most who import metrics need none of it

    x = np.exp(log_radius)[:, None] / np.sqrt(variance)
    density = math.sqrt(2 / math.pi) * x * np.exp(-(x**2) / 2)
    inside = (erf(x / math.sqrt(2)) - density) @ weight
    return np.log(inside), (density * x**2) @ weight / inside
