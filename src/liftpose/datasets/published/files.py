"""The files of a data set: found, or missed by name; read, or an error that names the file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.decoding.matlab import variables
from liftpose.io.decoding.pickled_numbers import numbers
from liftpose.names import listed

Array = npt.NDArray[Any]
Numbers = npt.NDArray[np.int64]

_MOST = 1e15


def folder_of(data: str | os.PathLike[str], name: str) -> Path:
    """Give the folder of a data set.

    Raises
    ------
    FileNotFoundError
        There is none.
    """
    folder = Path(data)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; expected that of the {name} data.")
    return folder


def pickles(data: str | os.PathLike[str], name: str) -> list[Path]:
    """List the pickles of a data set.

    Parameters
    ----------
    data : path-like
        A folder, or one of its files.
    name : str
        Of the data set, for the error.

    Returns
    -------
    list of pathlib.Path
        By name; not those of folders within.

    Raises
    ------
    FileNotFoundError
        No such folder, or none with a pickle in it.
    """
    if Path(data).is_file():
        return [Path(data)]
    folder = folder_of(data, name)
    found = sorted(path for path in folder.glob("*.pkl") if path.is_file())
    if not found:
        raise FileNotFoundError(
            f"{folder}: no .pkl file of the {name} data is in it; {inside(folder)}."
        )
    return found


def one(folder: Path, name: str) -> Path:
    """Give a file of a folder.

    Raises
    ------
    FileNotFoundError
        It is not there; says what is.
    """
    path = folder / name
    if not path.is_file():
        there = inside(path.parent) if path.parent.is_dir() else "that folder is not there either"
        raise FileNotFoundError(f"{path.parent}: {path.name} is missing; {there}.")
    return path


def inside(folder: Path) -> str:
    """Say what a folder holds."""
    names = sorted(path.name for path in folder.iterdir())
    return f"it holds {listed(names)}" if names else "it is empty"


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Put the name of a file before what is wrong with it."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def pickled(path: Path) -> Mapping[Any, Any]:
    """Read a pickled dict of numbers, without running it.

    Raises
    ------
    ValueError
        Anything else.
    """
    content = numbers(path.read_bytes())
    if not isinstance(content, Mapping):
        raise ValueError(f"the pickle holds a {type(content).__name__}; expected a dict.")
    return content


def matlab(path: Path, *names: str) -> dict[str, Any]:
    """Read variables of a ``.mat`` file, all of which must be there.

    Raises
    ------
    ValueError
        One is missing, or the file cannot be read.
    """
    found, there = variables(path.read_bytes(), names)
    for name in names:
        if name not in found:
            raise ValueError(f"it has no variable {name!r}; there are {listed(there)}.")
    return found


def table(content: Mapping[Any, Any], name: str, shape: tuple[int | str, ...]) -> Array:
    """Give an array of numbers.

    Parameters
    ----------
    content : mapping
        What the file holds.
    name : str
        Of the entry.
    shape : tuple of int or str
        Lengths of the axes; those named by a word may be any.

    Returns
    -------
    array, float64

    Raises
    ------
    ValueError
        No such entry, something else than numbers, an infinite one, or another shape.
    """
    if name not in content:
        raise ValueError(f"there is no {name!r}; there are {listed([str(k) for k in content])}.")
    found = content[name]
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "iufb":
        raise ValueError(f"{name!r} is a {type(found).__name__}; expected an array of numbers.")
    wanted = [length if isinstance(length, int) else None for length in shape]
    fits = found.ndim == len(wanted) and all(
        length in (None, is_) for length, is_ in zip(wanted, found.shape, strict=True)
    )
    if not fits or 0 in found.shape:
        raise ValueError(
            f"{name!r} has the shape {found.shape}; expected ({', '.join(map(str, shape))})."
        )
    values = found.astype(np.float64)
    # Squares of what is larger are infinite in single precision.
    if (np.abs(values) > _MOST).any():
        raise ValueError(f"{name!r} holds the number {values[np.abs(values) > _MOST][0]}.")
    return values


def whole_numbers(content: Mapping[Any, Any], name: str, shape: tuple[int | str, ...]) -> Numbers:
    """Give an array of whole numbers, as `table` does.

    Raises
    ------
    ValueError
        As of `table`, or a number that is not whole.
    """
    values = table(content, name, shape)
    # Beyond, doubles are not exact.
    odd = ~(values == np.round(values)) | (np.abs(values) >= 2.0**53)
    if odd.any():
        raise ValueError(f"{name!r} holds the number {values[odd][0]}; expected whole numbers.")
    return values.astype(np.int64)
