"""Frames that a file lists by number, put where they belong: row i is frame i.

A file may begin late and leave some out. Numbers that can be none of frames are refused, rather
than memory filled with what nobody saw.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.decoding.tables import Floats, Rows

_ROOM = 25_000_000
"""Values that may be filled in for frames that a table leaves out, however few rows it has."""
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
    # Python's integers may be larger than any that numpy has.
    numbers = np.clip(np.ravel(frames), -(1 << 62), 1 << 62).astype(np.int64)
    if len(numbers) != len(values):
        raise ValueError(f"{len(numbers)} numbers of frames for {len(values)} of them.")
    known, times = np.unique(numbers, return_counts=True)
    if (times > 1).any():
        twice = int(known[times.argmax()])
        raise ValueError(f"frame {twice} is there twice; expected every frame once.")
    first, last = int(numbers.min(initial=0)), int(numbers.max(initial=-1))
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


def frame_numbers(values: Floats, what: str = "frame") -> Rows:
    """Check that numbers are those of frames.

    Parameters
    ----------
    values : array, shape (rows,)
        As they stand in a table.
    what : str
        Name of their column.

    Returns
    -------
    array of int, shape (rows,)

    Raises
    ------
    ValueError
        Fractions, numbers below zero, or none.
    """
    with np.errstate(invalid="ignore"):
        whole = values == np.floor(values)
    wrong = ~(whole & (values >= 0) & (values < 2.0**53))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        found = "empty" if np.isnan(values[row]) else f"{values[row]:g}"
        raise ValueError(
            f"row {row + 1}, column {what!r} is {found}; expected the number of a frame, 0 or more."
        )
    return values.astype(np.int64)


def length_of(frames: Rows, per_row: int, whose: str = "") -> int:
    """Check that frames come in order, and say how many there are from the first to the last.

    Parameters
    ----------
    frames : array of int, shape (rows,)
        Number of the frame of each row.
    per_row : int
        Values in a row.
    whose : str
        What errors say before, such as ``"individual 'a': "``.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        A frame that is there twice or comes after a later one, or so many left out that the
        numbers can be none of frames.
    """
    steps = np.diff(frames)
    if (steps <= 0).any():
        row = int(np.flatnonzero(steps <= 0)[0])
        here, after = int(frames[row]), int(frames[row + 1])
        again = f"frame {here} is there twice" if here == after else f"frame {after} follows {here}"
        raise ValueError(
            f"{whose}{again}; expected every frame once, in order. Sort the rows (pandas: "
            "table.sort_index()), and keep recordings in files of their own."
        )
    length = int(frames[-1] - frames[0]) + 1
    check_room(length, len(frames), per_row, whose)
    return length


def check_room(frames: int, there: int, per_row: int, whose: str = "") -> None:
    """Refuse a table that leaves out nearly all frames, rather than fill memory with them.

    Parameters
    ----------
    frames : int
        Rows there are to be.
    there : int
        Those of them that are there.
    per_row : int
        Values in a row.
    whose : str
        What errors say before.

    Raises
    ------
    ValueError
        The numbers can be none of frames.
    """
    if (frames - 100 * there) * per_row > _ROOM:
        raise ValueError(
            f"{whose}by their numbers there are {frames} frames, of which only {there} are there; "
            "expected frames one after another."
        )
