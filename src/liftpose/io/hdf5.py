"""What all formats that are HDF5 have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

HDF5 = b"\x89HDF\r\n\x1a\n"

_MOST_COMPRESSED = 1100
"""What HDF5's filters can save at most: deflate, a little over 1000."""


def holds(path: Path, head: bytes, test: Callable[[Any], bool]) -> bool:
    """Whether a file is HDF5 and passes a test.

    Parameters
    ----------
    path : pathlib.Path
        Of the file.
    head : bytes
        How it begins.
    test : callable
        Given the open `h5py.File`.

    Returns
    -------
    bool
        False for a file that cannot be opened.
    """
    if not head.startswith(HDF5):
        return False
    import h5py  # type: ignore[import-untyped]

    try:
        with h5py.File(path, "r") as file:
            return test(file)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError):
        return False


def check_size(values: Any) -> None:
    """Refuse values of some bytes that claim to be more than those can be.

    Parameters
    ----------
    values : h5py.Dataset
        Not yet read.

    Raises
    ------
    ValueError
        They cannot be all there.
    """
    claimed, there = values.size * values.dtype.itemsize, values.id.get_storage_size()
    if claimed > _MOST_COMPRESSED * there:
        raise ValueError(
            f"{values.name.lstrip('/')!r} is to be {claimed} bytes, of which the file holds "
            f"{there}; it is damaged, or was never finished."
        )


def whole(values: Any) -> Any:
    """Load all values, if they can be all there.

    Parameters
    ----------
    values : h5py.Dataset
        Of any type.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        See `check_size`.
    """
    check_size(values)
    return values[()]
