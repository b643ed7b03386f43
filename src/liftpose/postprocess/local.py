"""Polynomials fitted to windows of series, also where some of a window is missing.

Where nothing is missing this is the filter of Savitzky and Golay, its ends those of the polynomials
of the first and last window. Where something is, the same polynomial is fitted to what is there.

References
----------
A. Savitzky and M. J. E. Golay, "Smoothing and differentiation of data by simplified least squares
procedures", Analytical Chemistry 36(8), 1964. The variance of a fitted value: N. R. Draper and H.
Smith, "Applied regression analysis", 3rd edition, 1998, section 8.1 (leverage).
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import savgol_filter

Array = npt.NDArray[np.float64]

_AT_ONCE = 1 << 16


def check_window(window: Any, degree: Any) -> None:
    """Insist on an odd window that has more frames than the degree of its polynomials.

    Raises
    ------
    ValueError
        Another one.
    TypeError
        No whole number.

    Examples
    --------
    >>> check_window(11, 3)
    """
    for name, value in (("window", window), ("degree", degree)):
        try:
            operator.index(value)
        except TypeError:
            raise TypeError(f"{name} is {value!r}; expected a whole number.") from None
    if degree < 0 or window % 2 == 0 or window <= degree:
        raise ValueError(
            f"window is {window} and degree {degree}; expected an odd number of frames, more than "
            "the degree, and a degree of 0 or more."
        )


def locally_fitted(values: Array, window: int, degree: int) -> tuple[Array, Array]:
    """Fit a polynomial to the window of every frame, and give its value there.

    Parameters
    ----------
    values : array, shape (F, B)
        One recording; NaN = missing.
    window, degree : int
        Frames of a window, and degree of its polynomial.

    Returns
    -------
    fitted : array, shape (F, B)
        NaN where a window holds no more values than the degree.
    leverage : array, shape (F, B)
        Its variance, in variances of a measured value.

    Raises
    ------
    ValueError
        Fewer frames than a window has.

    Examples
    --------
    >>> line = np.arange(9.0)[:, None]
    >>> line[4] = np.nan
    >>> locally_fitted(line, 5, 1)[0][4].round(6).tolist()
    [4.0]
    """
    frames = len(values)
    if frames < window:
        raise ValueError(
            f"a recording has {frames} frames and the window {window}; give a shorter window."
        )
    if not values.shape[1]:
        return values.copy(), values.copy()
    begins = np.clip(np.arange(frames) - window // 2, 0, frames - window)
    missing = np.isnan(values)
    count = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(missing, axis=0)])
    holes = count[begins + window] - count[begins]
    # Frames that are filled in here reach none but those that are fitted anew below.
    fitted = savgol_filter(np.where(missing, 0.0, values), window, degree, axis=0, mode="interp")
    leverage = np.repeat(_leverages(begins, window, degree)[:, None], values.shape[1], 1)
    few = holes >= window - degree
    fitted[few] = leverage[few] = np.nan
    rows, columns = np.nonzero((holes > 0) & ~few)
    for first in range(0, len(rows), _AT_ONCE):
        row, column = rows[first : first + _AT_ONCE], columns[first : first + _AT_ONCE]
        places = begins[row, None] + np.arange(window)
        given = values[places, column[:, None]]
        fitted[row, column], leverage[row, column] = _fitted(
            given, places - row[:, None], window, degree
        )
    return fitted, leverage


def _leverages(begins: npt.NDArray[np.intp], window: int, degree: int) -> Array:
    """Of every frame whose window is complete."""
    where = np.arange(len(begins)) - begins
    places = np.arange(window) - np.arange(window)[:, None]
    _, leverage = _fitted(np.zeros((window, window)), places, window, degree)
    return np.asarray(leverage[where])


def _fitted(
    given: Array, places: npt.NDArray[np.intp], window: int, degree: int
) -> tuple[Array, Array]:
    """Value at place 0 of the polynomials through windows (P, W), and its leverage."""
    there = np.isfinite(given)
    powers = (places[..., None] / window) ** np.arange(degree + 1)
    powers = np.where(there[..., None], powers, 0.0)
    turned = powers.swapaxes(1, 2)
    inverse = np.linalg.inv(turned @ powers)[:, :1]
    right = turned @ np.where(there, given, 0.0)[..., None]
    return np.asarray((inverse @ right)[:, 0, 0]), np.asarray(inverse[:, 0, 0])
