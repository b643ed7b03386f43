"""Writing tables of text, so that `liftpose.io.decoding.tables` reads the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from liftpose.io.decoding.tables import Floats

_CELLS = 1 << 17
"""Cells that are written at a time."""

_QUOTED = re.compile(r'[,;\t"\r\n]|^\s|\s$|^$')


def writable(name: str) -> str:
    """Check that a name can be written to a file.

    Parameters
    ----------
    name : str
        Of a joint or the like.

    Returns
    -------
    str
        The same.

    Raises
    ------
    ValueError
        It cannot.

    Examples
    --------
    >>> writable("nose")
    'nose'
    """
    if "\0" in name or any("\ud800" <= letter <= "\udfff" for letter in name):
        raise ValueError(
            f"the name {name!r} holds a null character or half of a surrogate pair, which no file "
            "keeps; use other text."
        )
    return name


def quoted(cell: str) -> str:
    r"""Write a cell so that it is read as it is.

    Parameters
    ----------
    cell : str
        Any text that a file can hold.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        Text that no file keeps.

    Examples
    --------
    >>> quoted("left, front"), quoted('5" paw'), quoted("nose")
    ('"left, front"', '"5"" paw"', 'nose')
    """
    cell = writable(cell)
    return '"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell


def write_rows(
    file: TextIO,
    firsts: Sequence[Sequence[str]],
    numbers: Floats,
    lasts: Sequence[Sequence[str]] = (),
    delimiter: str = ",",
) -> None:
    """Write rows of a table of text.

    Parameters
    ----------
    file : text file
        Open for writing, without translation of line ends.
    firsts : sequence of sequence of str
        The columns that come first, each of all rows, quoted where needed.
    numbers : array, shape (rows, columns), float32 or float64
        What follows them, written with as few digits as give the same number again; NaN is an
        empty cell.
    lasts : sequence of sequence of str
        The columns that come last, as the first.
    delimiter : str
        What parts the cells.
    """
    size = max(_CELLS // max(numbers.shape[1], 1), 1)
    for start in range(0, len(numbers), size):
        block = numbers[start : start + size]
        cells = block.astype(np.str_)
        cells[np.isnan(block)] = ""
        rows: list[list[str]] = cells.tolist()
        for number, row in enumerate(rows, start):
            before = [column[number] for column in firsts]
            after = [column[number] for column in lasts]
            file.write(delimiter.join([*before, *row, *after]) + "\n")


def decimal(values: Floats) -> Floats:
    """Give numbers of single precision those of double precision with as few digits.

    Parameters
    ----------
    values : array, float32 or float64
        Of any shape.

    Returns
    -------
    array, float64

    Examples
    --------
    >>> decimal(np.array([0.1], np.float32)).tolist(), float(np.float32(0.1))
    ([0.1], 0.10000000149011612)
    """
    if values.dtype == np.float32:
        return values.astype(np.str_).astype(np.float64)
    return values.astype(np.float64)


def as_cells(values: npt.NDArray[Any]) -> list[str]:
    """Give numbers as the cells of a column.

    Examples
    --------
    >>> as_cells(np.array([1, 2]))
    ['1', '2']
    """
    found: list[str] = values.astype(np.str_).tolist()
    return found
