"""MATLAB's ``.mat`` files of version 5 to 7: arrays, texts, cells and structs of those.

Read by ourselves, since SciPy's reader can crash the interpreter on a damaged file. Only the
variables that are asked for are unpacked.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
# The numbers of a file are of any of these types, whatever MATLAB shows them as.
_TYPES = {
    **{1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"},
    **{12: "i8", 13: "u8", 16: "u1", 17: "u2", 18: "u4"},
}
_CELL, _STRUCT, _TEXT = 1, 2, 4
_NUMBERS = range(6, 16)
_COMPLEX = 0x0800
_NAMED = 4096
"""Bytes that have a variable's name in them."""

_DAMAGE = (
    *(ValueError, TypeError, LookupError, OverflowError, struct.error, zlib.error),
    # Of an element that should follow and does not.
    *(StopIteration, RuntimeError),
)


def variables(data: bytes, wanted: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """Read variables of a ``.mat`` file.

    Parameters
    ----------
    data : bytes
        The file.
    wanted : collection of str
        Names of variables; those that are not there are left out.

    Returns
    -------
    found : dict
        Arrays of numbers as numpy arrays, texts as str (of several rows, as lists of str), cells
        as lists (by columns), structs as lists of dicts.
    names : list of str
        Of all variables of the file.

    Raises
    ------
    ValueError
        A file of version 7.3 (which is HDF5), of another kind, or damaged; or a variable of a
        kind that is not read, such as an object.
    """
    if data[:19].startswith(b"MATLAB 7.3"):
        raise ValueError(
            "it is a .mat file of version 7.3; save it with save(file, '-v7') in MATLAB."
        )
    order = {b"IM": "<", b"MI": ">"}.get(data[126:_HEADER])
    if order is None:
        raise ValueError("it is a damaged .mat file (its head is cut off).")
    found: dict[str, Any] = {}
    names: list[str] = []
    try:
        for kind, content in _elements(data[_HEADER:], order):
            packed = kind == _COMPRESSED
            begin = zlib.decompressobj().decompress(content, _NAMED) if packed else content
            name = _name(begin[8:] if packed else begin, order)
            names.append(name)
            if name in wanted:
                if packed:
                    content = next(_elements(zlib.decompress(content), order))[1]
                found[name] = _array(content, order)
    except RecursionError:
        raise ValueError("it is a damaged .mat file (cells within cells without end).") from None
    except _DAMAGE as error:
        raise ValueError(
            f"it is a damaged .mat file ({str(error) or 'it ends too early'})."
        ) from None
    return found, names


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Type and content of one element after another."""
    place = 0
    while place < len(data):
        kind, length = struct.unpack_from(f"{order}II", data, place)
        if kind >> 16:
            # Up to four bytes stand in the tag itself.
            kind, length, begin = kind & 0xFFFF, kind >> 16, place + 4
            following = place + 8
        else:
            begin = place + 8
            padding = 0 if kind == _COMPRESSED else -length % 8
            following = begin + length + padding
        if begin + length > len(data):
            raise ValueError(f"{begin + length - len(data)} bytes are missing")
        yield kind, data[begin : begin + length]
        place = following


def _name(data: bytes, order: str) -> str:
    elements = _elements(data, order)
    next(elements)
    next(elements)
    return next(elements)[1].decode("latin1")


def _array(data: bytes, order: str) -> Any:
    """What a matrix element holds."""
    if not data:
        return np.empty((0, 0))
    elements = _elements(data, order)
    (flags, *_), shape = _numbers(next(elements), order).tolist(), _numbers(next(elements), order)
    next(elements)  # its name
    kind, size = flags & 0xFF, prod(shape.tolist())
    if size > len(data):
        raise ValueError(f"{len(data)} bytes for an array of the shape {shape.tolist()}")
    if kind == _CELL:
        return [_array(content, order) for _, content in _some(elements, size)]
    if kind == _STRUCT:
        (width,) = _numbers(next(elements), order).tolist()
        text = next(elements)[1].decode("latin1")
        starts = range(0, len(text), width)
        fields = [text[begin : begin + width].rstrip("\0") for begin in starts]
        rows = [_array(content, order) for _, content in _some(elements, size * len(fields))]
        count = len(fields)
        return [
            dict(zip(fields, rows[row * count : (row + 1) * count], strict=True))
            for row in range(size)
        ]
    if kind == _TEXT:
        kind, content = next(elements)
        if kind in (16, 2, 1):
            return lines(content.decode("utf-8"), shape.tolist())
        letters = map(chr, _numbers((kind, content), order).tolist())
        return lines("".join(letters), shape.tolist())
    if kind not in _NUMBERS or flags & _COMPLEX:
        raise ValueError(f"an array of the kind {kind} is not read")
    return _numbers(next(elements), order).reshape(shape.tolist(), order="F")


def lines(letters: str, shape: Sequence[int]) -> str | list[str]:
    """Put the letters of a text, which come by columns, in rows.

    Parameters
    ----------
    letters : str
        All of them.
    shape : sequence of int
        Of the array of letters.

    Returns
    -------
    str or list of str
        One text; or, of several rows, each without the spaces that fill it up.

    Examples
    --------
    >>> lines("etaori l", (2, 4))
    ['ear', 'toil']
    """
    if len(shape) != 2 or shape[0] < 2 or prod(shape) != len(letters):
        return letters
    return [letters[row :: shape[0]].rstrip(" ") for row in range(shape[0])]


def _some(elements: Iterator[tuple[int, bytes]], count: int) -> Iterator[tuple[int, bytes]]:
    """The next elements, all of them matrices."""
    for _ in range(count):
        found = next(elements, None)
        if found is None or found[0] != _MATRIX:
            raise ValueError("a cell or struct ends too early")
        yield found


def _numbers(element: tuple[int, bytes], order: str) -> Any:
    kind, content = element
    if kind not in _TYPES:
        raise ValueError(f"numbers of the type {kind}")
    return np.frombuffer(content, np.dtype(order + _TYPES[kind])).astype(_TYPES[kind])
