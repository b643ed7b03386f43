"""Rows of tables and the frames that they are of: a table may begin late and leave some out."""

from __future__ import annotations

import numpy as np

from liftpose.io.tables import Floats, Rows

_ROOM = 25_000_000
"""Values that may be filled in for frames that a table leaves out, however few rows it has."""


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


def spread_out(values: Floats, frames: Rows, length: int) -> Floats:
    """Put rows where their frames are.

    Parameters
    ----------
    values : array, shape (rows, columns)
        Of the frames that a table holds.
    frames : array of int, shape (rows,)
        Which those are, counted from 0.
    length : int
        Frames there are in all.

    Returns
    -------
    array, shape (length, columns)
        NaN for frames that the table leaves out.

    Examples
    --------
    >>> spread_out(np.array([[5.0], [6.0]]), np.array([1, 2]), 3).tolist()
    [[nan], [5.0], [6.0]]
    """
    if len(frames) == length:
        return values
    filled = np.full((length, *values.shape[1:]), np.nan)
    filled[frames] = values
    return filled
