"""What all formats that are tables of text have in common.

Cells are parted by commas, tabs or semicolons, and quoted where they hold one. Reading goes a few
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
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.int64]

DELIMITERS = (",", "\t", ";")

_LINE = 1 << 20
"""Letters of a line that are looked at to find out what a file is."""

_CELLS = 1 << 17
"""Cells that are read or written at a time."""

_UNKNOWN = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "--", "."})
"""What stands, in small letters, where there is no number."""

_QUOTED = re.compile(r'[,;\t"\r\n]|^\s|\s$|^$')

_ROOM = 25_000_000
"""Values that may be filled in for frames that a table leaves out, however few rows it has."""


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
        tables.append(_numbers(rows, numbers, names, first))
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
    rows: list[list[str]], places: Sequence[int], names: Sequence[str], first: int
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
        values = np.fromiter(
            (
                _number(cell, names[places[number % len(places)]], first + number // len(places))
                for number, cell in enumerate(kept)
            ),
            np.float64,
            count,
        )
    return values.reshape(len(rows), len(places))


def _number(cell: str, name: str, row: int) -> float:
    """Understand a cell that may say in words that there is no number."""
    if cell.strip().lower() in _UNKNOWN:
        return float("nan")
    try:
        return float(cell)
    except ValueError:
        raise ValueError(
            f"row {row + 1}, column {name!r} is {cell[:40]!r}; expected a number."
        ) from None


def is_number(cell: str) -> bool:
    """Whether a cell could stand in a column of numbers.

    Examples
    --------
    >>> is_number("1e-3"), is_number("NA"), is_number("img001.png")
    (True, True, False)
    """
    try:
        _number(cell, "", 0)
    except ValueError:
        return False
    return True


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
        raise ValueError(
            f"row {row + 1}, column {what!r} is {values[row]:g}; expected the number of a frame, "
            "0 or more."
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
