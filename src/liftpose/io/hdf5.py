"""What all formats that are HDF5 have in common.

The HDF5 library trusts what files say of the types of values: damaged ones made it write beyond
its memory, or take 4 GB for a text of some letters. So types and lengths are checked before values
are read.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

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
    claimed = values.size * values.dtype.itemsize
    # What is stored is said by the file as well, and can be no more than there is of it.
    there = min(values.id.get_storage_size(), values.file.id.get_filesize())
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
        See `check_size`; or they are of a type that makes no sense.
    """
    kind = values.id.get_type()
    _check_type(kind, values.name)
    check_size(values)
    if getattr(kind, "is_variable_str", bool)():
        _check_lengths(values)
    return values[()]


def attribute(entry: Any, name: str, otherwise: Any = None) -> Any:
    """Load an attribute, if it is a text or numbers.

    Parameters
    ----------
    entry : h5py.Group or h5py.Dataset
        What has it.
    name : str
        Of the attribute.
    otherwise : any
        What to give where there is none.

    Returns
    -------
    str, bytes, number or array

    Raises
    ------
    ValueError
        It is of another type, or of one that makes no sense.
    """
    from h5py import h5t  # type: ignore[import-untyped]

    if name not in entry.attrs:
        return otherwise
    kind = entry.attrs.get_id(name).get_type()
    if not isinstance(kind, (h5t.TypeStringID, h5t.TypeIntegerID, h5t.TypeFloatID)):
        raise ValueError(f"the attribute {name!r} of {entry.name} is neither text nor a number.")
    _check_type(kind, name)
    return entry.attrs[name]


def _check_type(kind: Any, name: str) -> None:
    """Refuse types of which h5py makes others that are larger, or whose parts lie outside."""
    from h5py import h5t

    size = kind.get_size()
    parts: list[tuple[int, Any]] = []
    is_sound = True
    if isinstance(kind, h5t.TypeCompoundID):
        count = range(kind.get_nmembers())
        parts = [(kind.get_member_offset(number), kind.get_member_type(number)) for number in count]
    elif isinstance(kind, h5t.TypeArrayID):
        parts = [(0, kind.get_super())]
        is_sound = prod(kind.get_array_dims()) * parts[0][1].get_size() == size
    elif isinstance(kind, h5t.TypeEnumID):
        parts = [(0, kind.get_super())]
        is_sound = parts[0][1].get_size() == size
    elif isinstance(kind, (h5t.TypeIntegerID, h5t.TypeFloatID)):
        is_sound = kind.dtype.itemsize == size
    for offset, part in parts:
        is_sound = is_sound and offset + part.get_size() <= size
        _check_type(part, name)
    if not is_sound:
        raise ValueError(f"{name.lstrip('/')!r} is of a type that makes no sense; it is damaged.")


def _check_lengths(values: Any) -> None:
    """Refuse texts that claim to be longer than the file."""
    begin, most = values.id.get_offset(), values.file.id.get_filesize()
    if begin is None:
        # They lie in chunks, or there are none.
        return
    width = values.id.get_storage_size() // max(values.size, 1)
    with open(values.file.filename, "rb") as file:
        file.seek(begin)
        told = file.read(width * values.size)
    if len(told) == width * values.size and width >= 4:
        lengths = np.frombuffer(told, np.uint8).reshape(-1, width)[:, :4].copy().view("<u4")
        if int(lengths.sum(dtype=np.uint64)) <= most:
            return
    raise ValueError(f"{values.name.lstrip('/')!r} is damaged: its texts are longer than the file.")
