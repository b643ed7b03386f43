"""Whether spread tells good predictions from bad ones: risk and coverage."""

import math
from dataclasses import dataclass
from typing import Any

import array_api_compat


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """Mean error of what is kept, against how much is kept, the surest first.

    Parameters
    ----------
    coverage : array, shape (M,)
        Share kept: 1/M, 2/M, ... 1, of the M values that are known.
    risk : array, shape (M,)
        Mean error of what is kept, in the unit of the errors, ordered by spread. Of values of the
        same spread, the mean over all their orders.
    oracle : array, shape (M,)
        The same, ordered by the errors themselves: no order does better.
    unknown : int
        How many values were left out, since error or spread is not known.
    """

    coverage: Any
    risk: Any
    oracle: Any
    unknown: int

    @property
    def aurc(self) -> float:
        """Area under the curve: the mean of `risk`, in the unit of the errors."""
        return _mean(self.risk)

    @property
    def oracle_aurc(self) -> float:
        """Area under the curve of the oracle."""
        return _mean(self.oracle)

    @property
    def unordered(self) -> float:
        """Area without an order: the mean error of all."""
        return float(self.risk[-1]) if self.risk.shape[0] else math.nan

    @property
    def oracle_share(self) -> float:
        """Share of what the oracle gains over no order.

        1 if spread orders as the errors do, 0 if it tells nothing, negative if it misleads; NaN if
        there is nothing to gain, since all errors are equal or none is known.
        """
        gain = self.unordered - self.oracle_aurc
        # Equal errors leave a gain of rounding, which is none.
        if not gain > 1e-12 * abs(self.unordered):
            return math.nan
        return min(1.0, (self.unordered - self.aurc) / gain)


def risk_coverage(errors: Any, spread: Any) -> RiskCoverage:
    """Follow the mean error while the unsurest are left out, one after another.

    Parameters
    ----------
    errors : array, any shape
        Errors, such as those of joints (N, J), or the mean of each frame (N,). NaN or infinite
        where not known.
    spread : array, the same shape
        One number a value, larger where less sure; only its order counts. NaN where not known.

    Returns
    -------
    RiskCoverage

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    Y. Geifman, G. Uziel and R. El-Yaniv, "Bias-reduced uncertainty estimation for deep neural
    classifiers", ICLR 2019, section 2 (AURC, and its excess over the oracle's).

    Examples
    --------
    >>> import numpy as np
    >>> found = risk_coverage(np.asarray([1.0, 3.0, 2.0]), np.asarray([0.1, 0.2, 0.3]))
    >>> found.risk.tolist(), found.oracle.tolist()
    ([1.0, 2.0, 2.0], [1.0, 1.5, 2.0])
    >>> round(found.oracle_share, 3)
    0.667
    """
    xp = array_api_compat.array_namespace(errors, spread)
    if tuple(errors.shape) != tuple(spread.shape):
        raise ValueError(
            f"errors and spread must have one shape; got {tuple(errors.shape)} and "
            f"{tuple(spread.shape)}."
        )
    errors, spread = (
        xp.reshape(xp.astype(values, xp.float64), (-1,)) for values in (errors, spread)
    )
    known = xp.isfinite(errors) & ~xp.isnan(spread)
    kept, of = errors[known], spread[known]
    place = xp.arange(
        1, kept.shape[0] + 1, dtype=xp.float64, device=array_api_compat.device(errors)
    )
    return RiskCoverage(
        place / max(1, kept.shape[0]),
        _mean_in_order(xp, kept, of, place),
        _mean_in_order(xp, kept, kept, place),
        int(errors.shape[0] - kept.shape[0]),
    )


def aurc(errors: Any, spread: Any) -> float:
    """Give the area under the curve of risk against coverage; less is better.

    Parameters
    ----------
    errors, spread : array, any one shape
        As in `risk_coverage`.

    Returns
    -------
    float
        Mean over all shares kept of the mean error of what is kept, in the unit of the errors; NaN
        where nothing is known.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> aurc(np.asarray([1.0, 3.0, 5.0]), np.asarray([0.1, 0.2, 0.3]))
    2.0
    """
    return risk_coverage(errors, spread).aurc


def oracle_share(errors: Any, spread: Any) -> float:
    """Give the share that ordering by spread gains of what ordering by the true errors gains.

    Parameters
    ----------
    errors, spread : array, any one shape
        As in `risk_coverage`.

    Returns
    -------
    float
        At most 1; 0 if spread tells nothing; see `RiskCoverage.oracle_share`.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> oracle_share(np.asarray([1.0, 3.0, 5.0]), np.asarray([0.1, 0.2, 0.3]))
    1.0
    """
    return risk_coverage(errors, spread).oracle_share


def _mean_in_order(xp: Any, errors: Any, key: Any, place: Any) -> Any:
    """Mean error of the first 1, 2, ... M values by a key; ties are taken in every order at once.

    In the mean over the orders of a tie, its errors add up evenly.
    """
    order = xp.argsort(key, stable=True)
    key, errors = xp.take(key, order), xp.take(errors, order)
    total = xp.cumulative_sum(errors, include_initial=True)
    first = xp.searchsorted(key, key, side="left")
    last = xp.searchsorted(key, key, side="right")
    before, after = xp.take(total, first), xp.take(total, last)
    begin, end = xp.astype(first, xp.float64), xp.astype(last, xp.float64)
    return (before + (after - before) * (place - begin) / (end - begin)) / place


def _mean(values: Any) -> float:
    xp = array_api_compat.array_namespace(values)
    return float(xp.mean(values)) if values.shape[0] else math.nan
