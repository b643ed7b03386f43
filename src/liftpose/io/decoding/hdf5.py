"""What all formats that are HDF5 have in common.

The HDF5 library trusts what files say of the types of values: damaged ones made it write beyond
its memory, take 4 GB for a text of some letters, or search one for ever. So types, lengths and
heaps are checked before values are read.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

HDF5 = b"\x89HDF\r\n\x1a\n"

_MOST_COMPRESSED = 1100
"""What HDF5's filters can save at most: deflate, a little over 1000."""

_HEAP = struct.Struct("<4sB3xQ")
_IN_HEAP = struct.Struct("<HH4xQ")
_LEAST_HEAP = 4096
_SEARCHED = 1 << 28
"""Bytes of a file at most for which looking for its heaps takes no time to speak of."""


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


def check_heaps(path: Path) -> None:
    """Refuse texts that the library would search for ever.

    Texts of any length lie in heaps. A gap in one that is of no length is never left again.

    Parameters
    ----------
    path : pathlib.Path
        Of the file. One of more than 256 MB is not looked through.

    Raises
    ------
    ValueError
        There is such a gap.
    """
    size = path.stat().st_size
    if not 0 < size <= _SEARCHED:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        begin = data.find(b"GCOL")
        while begin >= 0:
            if begin + _HEAP.size <= size:
                _check_heap(data, begin, size)
            begin = data.find(b"GCOL", begin + 4)


def _check_heap(data: mmap.mmap, begin: int, size: int) -> None:
    _, version, length = _HEAP.unpack_from(data, begin)
    end = min(begin + length, size)
    if version != 1 or length < _LEAST_HEAP:
        return  # letters of something else
    place = begin + _HEAP.size
    while place + _IN_HEAP.size <= end:
        number, _, taken = _IN_HEAP.unpack_from(data, place)
        if number == 0:
            if taken < _IN_HEAP.size:
                raise ValueError(f"the texts at byte {begin} are damaged.")
            return
        place += _IN_HEAP.size + -(-taken // 8) * 8


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
    from h5py import h5t

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
