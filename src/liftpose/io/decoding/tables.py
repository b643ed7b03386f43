"""Reading tables of text.

Cells are parted by commas, tabs or semicolons, and quoted where they hold one. They are read a few
rows at a time, so that a table takes little more memory than its numbers do.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.int64]

DELIMITERS = (",", "\t", ";")

_LINE = 1 << 20
"""Letters of a line that are looked at to find out what a file is."""

_CELLS = 1 << 17
"""Cells that are read at a time."""

_UNKNOWN = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "--", "."})
"""What stands, in small letters, where there is no number."""


def top(path: Path, head: bytes, count: int = 1, delimiter: str | None = None) -> list[list[str]]:
    """Take the first lines of a table apart.

    Parameters
    ----------
    path : pathlib.Path
        Of a file of any kind.
    head : bytes
        How it begins.
    count : int
        Lines that are wanted.
    delimiter : str, optional
        What parts the cells; by default what is most often in the first line.

    Returns
    -------
    list of list of str
        Cells of at most so many lines; none of a file that is no text.
    """
    if b"\0" in head:
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            parted = delimiter or delimiter_of(file.readline(_LINE))
            file.seek(0)
            lines = iter(lambda: file.readline(_LINE), "")
            return [*islice(_cells(lines, parted), count)]
    except (OSError, ValueError, csv.Error):
        return []


def names_on_top(path: Path) -> tuple[list[str], str]:
    """Read the names of the columns of a table.

    Parameters
    ----------
    path : pathlib.Path
        Of a file of text.

    Returns
    -------
    names : list of str
        None for a file without any.
    delimiter : str
        What parts them.

    Raises
    ------
    ValueError
        Text that is not UTF-8.
    """
    with _understood(), path.open(encoding="utf-8-sig", newline="") as file:
        delimiter = delimiter_of(file.readline(_LINE))
    return next(iter(top(path, b"", delimiter=delimiter)), []), delimiter


def delimiter_of(line: str) -> str:
    r"""Say what parts the cells of a line.

    Parameters
    ----------
    line : str
        The first of a table.

    Returns
    -------
    str

    Examples
    --------
    >>> delimiter_of("frame;nose_x;nose_y"), delimiter_of('frame,"a;;b_x"')
    (';', ',')
    """
    bare = re.sub(r'"[^"]*("|$)', "", line)
    return max(DELIMITERS, key=bare.count)


def _cells(lines: Iterable[str], delimiter: str) -> Any:
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


@dataclass(frozen=True, eq=False)
class Names:
    """A column of names.

    Parameters
    ----------
    known : tuple of str
        All that are in it, in the order in which they come.
    codes : array of int, shape (rows,)
        Which of those each row has.
    """

    known: tuple[str, ...]
    codes: Rows

    def each(self) -> list[str]:
        """Give the name of every row."""
        return [self.known[code] for code in self.codes]


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns of a table of text.

    Parameters
    ----------
    numbers : array, shape (rows, columns), float64
        Those that hold numbers; NaN in empty cells.
    texts : list of Names
        Those that hold names.
    """

    numbers: Floats
    texts: list[Names]


def read_columns(
    path: Path,
    names: Sequence[str],
    *,
    tops: int = 1,
    numbers: Sequence[int] = (),
    texts: Sequence[int] = (),
    delimiter: str = ",",
) -> Columns:
    """Read some columns of a table of text.

    Parameters
    ----------
    path : pathlib.Path
        Of the file.
    names : sequence of str
        What every column is called, in errors; their number is that of the columns.
    tops : int
        Lines on top that are no rows.
    numbers, texts : sequence of int
        Which columns hold numbers, and which names. Others may hold anything.
    delimiter : str
        What parts the cells.

    Returns
    -------
    Columns

    Raises
    ------
    ValueError
        Text that is not UTF-8, no rows, rows of other lengths, or something else than a number.
    """
    tables: list[Floats] = []
    known: list[dict[str, int]] = [{} for _ in texts]
    codes: list[list[Rows]] = [[] for _ in texts]
    for first, rows in _blocks(path, len(names), tops, delimiter):
        tables.append(_numbers(rows, numbers, names, first, delimiter))
        for one, found, place in zip(known, codes, texts, strict=True):
            found.append(np.array([one.setdefault(row[place], len(one)) for row in rows]))
    if not tables:
        raise ValueError("it has names of columns and no rows, so there are no frames.")
    said = [Names(tuple(one), np.concatenate(c)) for one, c in zip(known, codes, strict=True)]
    return Columns(np.concatenate(tables), said)


def _blocks(
    path: Path, width: int, tops: int, delimiter: str
) -> Iterator[tuple[int, list[list[str]]]]:
    """Rows of a table, some at a time, with the number of the first; empty lines are left out."""
    size = max(_CELLS // max(width, 1), 1)
    with _understood(), path.open(encoding="utf-8-sig", newline="") as file:
        rows = _cells(file, delimiter)
        for _ in islice(rows, tops):
            pass
        start = 0
        while block := [*islice(rows, size)]:
            for number, row in enumerate(block):
                if row and len(row) != width:
                    raise ValueError(
                        f"row {start + number + 1} has {len(row)} cells, and the names on top are "
                        f"{width}; expected as many."
                    )
            first, start = start, start + len(block)
            kept = [row for row in block if row]
            if kept:
                yield first, kept


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise ValueError(
            f"it is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8."
        ) from error
    except csv.Error as error:
        raise ValueError(f"it is no table of text ({error}).") from error


def _numbers(
    rows: list[list[str]],
    places: Sequence[int],
    names: Sequence[str],
    first: int,
    delimiter: str,
) -> Floats:
    if list(places) == list(range(len(rows[0]))):
        cells = chain.from_iterable(rows)
    else:
        cells = chain.from_iterable([[row[place] for place in places] for row in rows])
    count = len(rows) * len(places)
    kept = [cell or "nan" for cell in cells]
    try:
        values = np.fromiter(map(float, kept), np.float64, count)
    except ValueError:
        width = len(places)
        told = (
            _number(cell, names[places[number % width]], first + number // width, delimiter)
            for number, cell in enumerate(kept)
        )
        values = np.fromiter(told, np.float64, count)
    return values.reshape(len(rows), len(places))


def _number(cell: str, name: str, row: int, delimiter: str) -> float:
    """Understand a cell that may say in words that there is no number."""
    if cell.strip().lower() in _UNKNOWN:
        return float("nan")
    try:
        # Where semicolons part the cells, it is because the decimals have commas.
        return float(cell.replace(",", ".") if delimiter == ";" else cell)
    except ValueError:
        raise ValueError(
            f"row {row + 1}, column {name!r} is {cell[:40]!r}; expected a number."
        ) from None


def is_number(cell: str, delimiter: str = ",") -> bool:
    """Whether a cell could stand in a column of numbers.

    Parameters
    ----------
    cell : str
        What stands in it.
    delimiter : str
        What parts the cells.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_number("1e-3"), is_number("NA"), is_number("img001.png")
    (True, True, False)
    """
    try:
        _number(cell, "", 0, delimiter)
    except ValueError:
        return False
    return True
