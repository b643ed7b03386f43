"""How sure a coverage is: its interval, where the frames of a block depend on each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import array_api_compat
import numpy as np

from liftpose.metrics.trust import check_level


@dataclass(frozen=True)
class CoverageInterval:
    """A coverage, and the interval that it is likely to be in.

    Parameters
    ----------
    share : float
        Covered part of what is known; NaN where nothing is.
    lower, upper : float
        Ends of the interval of the share; 0 and 1 where nothing can be said.
    known, unknown : int
        How many values the share is of, and how many are NaN.
    blocks : int
        How many independent blocks they are in.
    trials : float
        How many independent values would be as telling.
    """

    share: float
    lower: float
    upper: float
    known: int
    unknown: int
    blocks: int
    trials: float

    def __str__(self) -> str:
        if math.isnan(self.share):
            return "–"
        return f"{100 * self.share:.1f} % ({100 * self.lower:.0f}–{100 * self.upper:.0f})"


def coverage_interval(
    covered: Any, blocks: Sequence[int] | Any = None, *, confidence: float = 0.95
) -> CoverageInterval:
    """Give a coverage with the interval that it is likely to be in, if only blocks are independent.

    Values of one block may depend on each other in any way: how much they do is taken from how
    much shares differ between blocks, and with it the number of independent trials that would be
    as telling. The interval is Wilson's, of that number.

    Parameters
    ----------
    covered : array, shape (N, ...)
        1 or True where covered, 0 where not, NaN where not known; see `in_interval`, `in_ball`.
    blocks : sequence of int, length N, optional
        Block of each frame, such as its recording or `time_blocks`. Without them every value is a
        trial of its own, which is right for independent values only, hardly for a recording.
    confidence : float, default 0.95
        Probability that the interval holds the coverage that there would be on endless data.

    Returns
    -------
    CoverageInterval
        With ends 0 and 1 if there are fewer than two blocks: one tells nothing of the next. Where
        all is covered, or nothing, each block is taken as one trial.

    Raises
    ------
    ValueError
        If a value is neither 0 nor 1 nor NaN, `blocks` are not one a frame, or `confidence` is no
        probability.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA
    22(158), 1927. E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small
    expected number of positive counts estimated from survey data", Survey Methodology 24(2), 1998
    (effective sample size, corrected for the degrees of freedom).

    Examples
    --------
    >>> import numpy as np
    >>> found = coverage_interval(np.asarray([1.0] * 45 + [0.0] * 5 + [np.nan]))
    >>> print(found, found.unknown)
    90.0 % (79–96) 1
    """
    rows = _as_rows(covered)
    values = ~np.isnan(rows)
    hits, known = np.nansum(rows, axis=1), values.sum(axis=1)
    return counted_interval(hits, known, blocks, int((~values).sum()), confidence=confidence)


def counted_interval(
    hits: Any,
    known: Any,
    blocks: Sequence[int] | Any = None,
    unknown: int = 0,
    *,
    confidence: float = 0.95,
) -> CoverageInterval:
    """Give a coverage with its interval, of values that were counted frame by frame.

    What `coverage_interval` gives, without a table of all values.

    Parameters
    ----------
    hits, known : array, shape (N,)
        How many values of each frame are covered, and how many are known.
    blocks : sequence of int, length N, optional
        Block of each frame. Without them every value is a trial of its own.
    unknown : int, default 0
        How many values are NaN; it is handed on.
    confidence : float, default 0.95
        As of `coverage_interval`.

    Returns
    -------
    CoverageInterval

    Raises
    ------
    ValueError
        If more are covered than known, `blocks` are not one a frame, or `confidence` is no
        probability.

    Examples
    --------
    >>> print(counted_interval([20, 25], [25, 25]))
    90.0 % (79–96)
    """
    z = NormalDist().inv_cdf((1 + check_level(confidence, "confidence")) / 2)
    hits, known = np.asarray(hits, dtype=np.float64), np.asarray(known, dtype=np.float64)
    if hits.ndim != 1 or hits.shape != known.shape or not ((hits >= 0) & (hits <= known)).all():
        raise ValueError("hits and known must be one count a frame, and no hits above the known.")
    total = int(known.sum())
    if not total:
        return CoverageInterval(math.nan, 0.0, 1.0, 0, unknown, 0, 0.0)
    share = float(hits.sum() / total)
    if blocks is None:
        number, trials = total, float(total)
    else:
        of = _as_labels(blocks, len(hits))
        sizes, covered_of = np.bincount(of, known), np.bincount(of, hits)
        number = int((sizes > 0).sum())
        trials = _effective_trials(sizes[sizes > 0], covered_of[sizes > 0], confidence, z)
    lower, upper = _wilson(share, trials, z)
    return CoverageInterval(share, lower, upper, total, unknown, number, trials)


def _as_rows(covered: Any) -> Any:
    """Coverage as numpy, (N, K); the counting is done there, whatever the library."""
    if array_api_compat.is_array_api_obj(covered):
        covered = array_api_compat.to_device(covered, "cpu")
    rows = np.asarray(covered, dtype=np.float64)
    if rows.ndim == 0 or not np.isin(rows[~np.isnan(rows)], (0, 1)).all():
        raise ValueError("covered must have one row a frame, of 1, 0, or NaN where not known.")
    return rows.reshape(len(rows), -1)


def _as_labels(blocks: Any, frames: int) -> Any:
    labels = np.asarray(blocks)
    if labels.shape != (frames,):
        raise ValueError(f"blocks must be one a frame, ({frames},); got {labels.shape}.")
    return np.unique(labels, return_inverse=True)[1]


def _effective_trials(sizes: Any, hits: Any, confidence: float, z: float) -> float:
    """Independent trials as telling as values in blocks: share · (1 - share) over its variance."""
    number, share = len(sizes), hits.sum() / sizes.sum()
    if number < 2:
        return 0.0
    if share in (0, 1):
        return float(number)
    residual = hits - share * sizes
    variance = number / (number - 1) * (residual**2).sum() / sizes.sum() ** 2
    trials = sizes.sum()
    if variance > 0:
        from scipy.special import stdtrit  # late: most who import metrics need none of it

        wider = stdtrit(number - 1, (1 + confidence) / 2) / z
        trials = min(trials, share * (1 - share) / variance / wider**2)
    return float(trials)


def _wilson(share: float, trials: float, z: float) -> tuple[float, float]:
    if trials <= 0:
        return 0.0, 1.0
    square = z * z / trials
    middle = (share + square / 2) / (1 + square)
    half = math.sqrt(square * (share * (1 - share) + square / 4)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)
