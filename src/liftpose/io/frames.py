"""Frames that a file lists by number, put where they belong: row i is frame i."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

_MOST = 1_000_000
_MOST_EACH = 1000


def at_frames(values: npt.NDArray[Any], frames: Any, count: int | None = None) -> npt.NDArray[Any]:
    """Put rows where their frames are, and NaN where no frame is listed.

    Parameters
    ----------
    values : array, shape (R, ...)
        One row each of the frames that are listed, in any order.
    frames : array of int, shape (R,)
        Their numbers, from 0.
    count : int, optional
        Number of frames N of the recording; by default as many as the last number needs.

    Returns
    -------
    array, shape (N, ...)
        Of floats.

    Raises
    ------
    ValueError
        A number below 0, beyond the recording, or listed twice; or numbers so far apart that
        they are none of frames.

    Examples
    --------
    >>> at_frames(np.array([[1.0], [2.0]]), [0, 3]).ravel()
    array([ 1., nan, nan,  2.])
    """
    numbers = [int(number) for number in np.ravel(frames).tolist()]
    if len(numbers) != len(values):
        raise ValueError(f"{len(numbers)} numbers of frames for {len(values)} of them.")
    twice = [number for number, times in Counter(numbers).items() if times > 1]
    if twice:
        raise ValueError(f"frame {twice[0]} is there twice; expected every frame once.")
    first, last = min(numbers, default=0), max(numbers, default=-1)
    if first < 0 or (count is not None and last >= count):
        wrong, stop = (first if first < 0 else last), "" if count is None else f" to {count - 1}"
        raise ValueError(f"there is a frame {wrong}; expected numbers from 0{stop}.")
    if count is None and last >= max(_MOST, _MOST_EACH * len(numbers)):
        raise ValueError(
            f"the last of its {len(numbers)} frames is number {last}; nearly all of the frames "
            "before it would be empty. Are these numbers of frames? Give them numbers from 0."
        )
    kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
    table = np.full((last + 1 if count is None else count, *values.shape[1:]), np.nan, kind)
    table[numbers] = values
    return table
