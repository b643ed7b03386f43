"""Whether error bars hold: coverage of intervals and balls, and the score of intervals.

What is covered is 1, what is not is 0, and what is not known, of truth or of bars, is NaN: it is in
no share, and can be counted.
"""

import math
from statistics import NormalDist
from typing import Any

import array_api_compat

from liftpose.geometry.lens import nan_unless
from liftpose.metrics.counting import average
from liftpose.metrics.distance import joint_errors


def normal_interval(prediction: Any, spread: Any, level: float) -> tuple[Any, Any]:
    """Give the interval of each coordinate that holds it with a probability, if errors are normal.

    Parameters
    ----------
    prediction, spread : array, shape (N, J, D)
        Poses, and one standard deviation of each coordinate. NaN where not known.
    level : float
        Probability between 0 and 1.

    Returns
    -------
    lower, upper : array, shape (N, J, D), float64
        NaN where either is.

    Raises
    ------
    ValueError
        If the shapes differ, a spread is negative, or `level` is no probability.

    Examples
    --------
    >>> import numpy as np
    >>> lower, upper = normal_interval(np.zeros((1, 1, 1)), np.ones((1, 1, 1)), 0.9)
    >>> round(float(upper[0, 0, 0]), 3)
    1.645
    """
    xp = array_api_compat.array_namespace(prediction, spread)
    _check_shapes(prediction=prediction, spread=spread)
    check_spread(xp, spread)
    half = NormalDist().inv_cdf((1 + check_level(level)) / 2) * xp.astype(spread, xp.float64)
    middle = xp.astype(prediction, xp.float64)
    return middle - half, middle + half


def in_interval(truth: Any, lower: Any, upper: Any) -> Any:
    """Say of every coordinate whether its interval holds the truth.

    Parameters
    ----------
    truth, lower, upper : array, shape (N, J, D)
        True poses and the ends of the intervals, which are part of them. An end may be infinite.

    Returns
    -------
    array, shape (N, J, D), float64
        1 or 0; NaN in all coordinates of a joint of which any of the three is NaN in any, or whose
        truth is not finite.

    Raises
    ------
    ValueError
        If the shapes differ or are not (N, J, D), or a lower end is above its upper.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.asarray([[[0.0], [2.0], [np.nan]]])
    >>> in_interval(truth, truth * 0 - 1, truth * 0 + 1).tolist()
    [[[1.0], [0.0], [nan]]]
    """
    xp, truth, lower, upper, known = _known_intervals(truth, lower, upper)
    return nan_unless(xp, known, xp.astype((lower <= truth) & (truth <= upper), xp.float64))


def in_ball(truth: Any, prediction: Any, radius: Any) -> Any:
    """Say of every joint whether the ball around its prediction holds the truth.

    Parameters
    ----------
    truth, prediction : array, shape (N, J, D)
        Poses in one unit and frame. NaN where not known.
    radius : array, shape (N, J)
        Of the balls, in the unit of the poses; see `ball_radius`. NaN where not known.

    Returns
    -------
    array, shape (N, J), float64
        1 or 0; NaN where any of the three is not known.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a radius is negative.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.asarray([[[3.0, 4.0, 0.0], [3.0, 4.0, 1.0]]])
    >>> in_ball(truth, np.zeros((1, 2, 3)), np.full((1, 2), 5.0)).tolist()
    [[1.0, 0.0]]
    """
    errors = joint_errors(truth, prediction)
    xp = array_api_compat.array_namespace(errors, radius)
    if tuple(radius.shape) != tuple(errors.shape):
        raise ValueError(
            f"radius must have one value a joint, {tuple(errors.shape)}; got {tuple(radius.shape)}."
        )
    if xp.any(radius < 0):
        raise ValueError(f"a radius must not be negative; got {float(xp.min(radius))}.")
    known = ~(xp.isnan(errors) | xp.isnan(radius))
    within = xp.astype(errors <= xp.astype(radius, xp.float64), xp.float64)
    return xp.where(known, within, xp.full_like(within, math.nan))


def interval_coverage(truth: Any, lower: Any, upper: Any, *, per_joint: bool = False) -> Any:
    """Give the share of coordinates whose interval holds the truth.

    Parameters
    ----------
    truth, lower, upper : array, shape (N, J, D)
        As in `in_interval`.
    per_joint : bool, default False
        Give the share of each joint over frames and coordinates only.

    Returns
    -------
    array, shape () or, with `per_joint`, (J,)
        Share between 0 and 1; NaN where no joint counts.

    Raises
    ------
    ValueError
        As `in_interval`.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.asarray([[[0.0], [2.0], [np.nan]]])
    >>> float(interval_coverage(truth, truth * 0 - 1, truth * 0 + 1))
    0.5
    """
    return _average_of_coordinates(in_interval(truth, lower, upper), per_joint)


def ball_coverage(truth: Any, prediction: Any, radius: Any, *, per_joint: bool = False) -> Any:
    """Give the share of joints whose ball holds the truth.

    Parameters
    ----------
    truth, prediction : array, shape (N, J, D)
        Poses in one unit and frame. NaN where not known.
    radius : array, shape (N, J)
        Of the balls around the predictions.
    per_joint : bool, default False
        Give the share of each joint over frames only.

    Returns
    -------
    array, shape () or, with `per_joint`, (J,)
        Share between 0 and 1; NaN where no joint counts.

    Raises
    ------
    ValueError
        As `in_ball`.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.asarray([[[3.0, 4.0, 0.0], [3.0, 4.0, 1.0]]])
    >>> float(ball_coverage(truth, np.zeros((1, 2, 3)), np.full((1, 2), 5.0)))
    0.5
    """
    return average(in_ball(truth, prediction, radius), per_joint)


def interval_score(
    truth: Any, lower: Any, upper: Any, level: float, *, per_joint: bool = False
) -> Any:
    """Score intervals by their width, and by how far the truth is outside of them; less is better.

    A coordinate scores ``(u - l) + 2/a (l - x)`` where the truth x is below its interval [l, u],
    ``(u - l) + 2/a (x - u)`` where it is above, and ``u - l`` within, ``a`` being ``1 - level``.
    No intervals have a better mean than the true quantiles, so that neither wide nor narrow bars
    are of use to whoever wants to look good.

    Parameters
    ----------
    truth, lower, upper : array, shape (N, J, D)
        As in `in_interval`.
    level : float
        Probability that the intervals are to have, between 0 and 1.
    per_joint : bool, default False
        Average each joint over frames and coordinates only.

    Returns
    -------
    array, shape () or, with `per_joint`, (J,)
        Mean score in the unit of the poses; NaN where no joint counts.

    Raises
    ------
    ValueError
        As `in_interval`, or if `level` is no probability.

    References
    ----------
    T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and estimation",
    JASA 102(477), 2007, equation 43.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.asarray([[[0.0], [2.0]]])  # the second is 1 above
    >>> float(interval_score(truth, truth * 0 - 1, truth * 0 + 1, 0.5))  # (2 + (2 + 4)) / 2
    4.0
    """
    weight = 2 / (1 - check_level(level))
    xp, truth, lower, upper, known = _known_intervals(truth, lower, upper)
    blank = xp.zeros_like(truth)
    below = xp.where(truth < lower, lower - truth, blank)
    above = xp.where(truth > upper, truth - upper, blank)
    return _average_of_coordinates(
        nan_unless(xp, known, upper - lower + weight * (below + above)), per_joint
    )


def check_level(level: float, name: str = "level") -> float:
    """Give a probability back; refuse what is not between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"{name} must be a probability between 0 and 1; got {level}.")
    return float(level)


def check_spread(xp: Any, spread: Any) -> None:
    """Refuse standard deviations that are negative or infinite."""
    if xp.any((spread < 0) | xp.isinf(spread)):
        raise ValueError(
            "a spread is a standard deviation: finite and not negative, or NaN where it is not "
            f"known; the smallest is {float(xp.min(spread[~xp.isnan(spread)]))}, and the largest "
            f"{float(xp.max(spread[~xp.isnan(spread)]))}."
        )


def _check_shapes(**arrays: Any) -> None:
    shapes = {name: tuple(array.shape) for name, array in arrays.items()}
    if len(set(shapes.values())) > 1 or any(len(shape) != 3 for shape in shapes.values()):
        raise ValueError(f"{', '.join(shapes)} must have one shape (N, J, D); got {shapes}.")


def _known_intervals(truth: Any, lower: Any, upper: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Namespace, the three in double precision with 0 where not known, and known joints (N, J)."""
    xp = array_api_compat.array_namespace(truth, lower, upper)
    _check_shapes(truth=truth, lower=lower, upper=upper)
    truth, lower, upper = (xp.astype(values, xp.float64) for values in (truth, lower, upper))
    if xp.any(lower > upper):
        raise ValueError("a lower end is above its upper end; are the two exchanged?")
    known = xp.all(xp.isfinite(truth) & ~xp.isnan(lower) & ~xp.isnan(upper), axis=-1)
    blank = xp.zeros_like(truth)
    truth, lower, upper = (
        xp.where(known[..., None], values, blank) for values in (truth, lower, upper)
    )
    return xp, truth, lower, upper, known


def _average_of_coordinates(values: Any, per_joint: bool) -> Any:
    # All coordinates of a joint are known or none is, so that the mean of means is the mean.
    xp = array_api_compat.array_namespace(values)
    return average(xp.mean(values, axis=-1), per_joint)
