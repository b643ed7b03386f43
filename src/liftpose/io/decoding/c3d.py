"""C3D: the header and the parameters at the beginning of a file, and the points after them.

Read by ourselves, in whole arrays. Of 160 copies of a file with three changed bytes, one crashed
the interpreter in `ezc3d` 1.7.2, which also gives what is left of a file that was cut off as if it
were all. The pure `c3d` goes through frames one by one.

References
----------
The C3D File Format: A Technical User Guide, Motion Lab Systems (https://www.c3d.org).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Parameters = dict[str, dict[str, Any]]

BLOCK = 512
INTEL, DEC, MIPS = 84, 85, 86
_KEY = 80
_MOST_LETTERS = 30_000
_UNSIGNED = 1 << 16


@dataclass(frozen=True)
class Content:
    """What a file holds.

    Parameters
    ----------
    points : array, shape (N, P, 3), float32
        NaN where a point was not seen.
    residuals : array, shape (N, P), float32
        How far off a point may be, in its unit; NaN where it was not seen.
    parameters : dict of dict
        Values by group and name, both in capitals: arrays of numbers (in the order of the file),
        or lists of texts.
    first : int
        Number of the first frame.
    rate : float
        Frames per second; 0 where it is not stated.
    """

    points: Array
    residuals: Array
    parameters: Parameters
    first: int
    rate: float


def processor(data: bytes) -> int | None:
    """Say how numbers are kept in a file, by its beginning; None where it is no C3D.

    Parameters
    ----------
    data : bytes
        At least the header and the beginning of the parameters.

    Returns
    -------
    int or None

    Examples
    --------
    >>> processor(bytes(1024)) is None
    True
    """
    if len(data) < BLOCK or data[1] != _KEY or data[0] < 1:
        return None
    place = (data[0] - 1) * BLOCK + 3
    kind = data[place] if place < len(data) else None
    return kind if kind in (INTEL, DEC, MIPS) else None


def read(data: bytes) -> Content:
    """Read a file.

    Parameters
    ----------
    data : bytes
        All of it.

    Returns
    -------
    Content

    Raises
    ------
    ValueError
        No C3D, or one that is damaged or cut off.

    Examples
    --------
    >>> data = written(np.zeros((4, 2, 3)), 100.0, {"POINT": {"LABELS": ["hip", "toe"]}})
    >>> read(data).points.shape
    (4, 2, 3)
    """
    kind = processor(data)
    if kind is None:
        raise ValueError("it is no C3D file, or its header is damaged.")
    numbers = _Numbers(kind)
    words = numbers.words(data[:BLOCK])
    parameters = _parameters(data, (data[0] - 1) * BLOCK, numbers)
    count, analog, first, last = (int(words[place]) for place in (1, 2, 3, 4))
    begin = (int(words[8]) - 1) * BLOCK
    scale = float(numbers.floats(data[12:16])[0])
    if count < 1 or begin < BLOCK or begin >= len(data):
        raise ValueError(
            f"it says that it holds {count} points from byte {begin} on; it is damaged."
        )
    if not np.isfinite(scale):
        raise ValueError(f"its scale is {scale}; it is damaged.")
    width = (4 if scale < 0 else 2) * (4 * count + analog)
    frames = _frames(parameters, last - first + 1, (len(data) - begin) // width)
    raw = data[begin : begin + frames * width]
    table = numbers.floats(raw) if scale < 0 else numbers.words(raw).astype(np.int16)
    table = table.reshape(frames, -1)[:, : 4 * count].reshape(frames, count, 4)
    rate = _first(parameters, "POINT", "RATE", float(numbers.floats(data[20:24])[0]))
    return Content(*_seen(table, scale), parameters, first, rate)


def _seen(table: Array, scale: float) -> tuple[Array, Array]:
    """Points and residuals of what was seen."""
    with np.errstate(invalid="ignore"):
        # The fourth word is -1 where a point was not seen; else a residual and a set of cameras.
        fourth = np.nan_to_num(table[..., 3], nan=-1, posinf=-1, neginf=-1)
        unseen = fourth < 0
        word = np.where(unseen, 0, fourth).astype(np.int64)
    points = table[..., :3].astype(np.float32) * np.float32(1 if scale < 0 else scale)
    residuals = ((word & 0xFF) * abs(scale)).astype(np.float32)
    points[unseen] = residuals[unseen] = np.nan
    return points, residuals


def _frames(parameters: Parameters, header: int, there: int) -> int:
    """How many frames there are: what the file says, in one of four places, and can be.

    The header and ``POINT:FRAMES`` cannot count further than 65535.
    """
    start, end = (_pair(parameters, f"ACTUAL_{name}_FIELD") for name in ("START", "END"))
    said = [
        end - start + 1 if start is not None and end is not None else 0,
        int(_first(parameters, "POINT", "LONG_FRAMES", 0)),
        int(_first(parameters, "POINT", "FRAMES", 0)) % _UNSIGNED,
        header,
    ]
    claims = [frames for frames in said if frames > 0]
    if not claims:
        raise ValueError("it says that it holds no frames.")
    fitting = [frames for frames in claims if frames <= there]
    if not fitting:
        raise ValueError(
            f"it says that it holds {claims[0]} frames, and {there} are there; it was cut off, or "
            "is damaged."
        )
    return fitting[0]


def _pair(parameters: Parameters, name: str) -> int | None:
    """A number of a frame, which takes two words."""
    words = parameters.get("TRIAL", {}).get(name)
    if not isinstance(words, np.ndarray) or words.dtype.kind != "i" or words.size not in (1, 2):
        return None
    low, high = [int(word) % _UNSIGNED for word in [*words.ravel().tolist(), 0]][:2]
    return low + high * _UNSIGNED


def _first(parameters: Parameters, group: str, name: str, default: float) -> float:
    """The first number of a parameter; the default where there is none."""
    values = parameters.get(group, {}).get(name)
    if not isinstance(values, np.ndarray) or not values.size:
        return default
    value = float(values.ravel()[0])
    return value if np.isfinite(value) else default


class _Numbers:
    """How a processor keeps numbers."""

    def __init__(self, kind: int) -> None:
        self._order = ">" if kind == MIPS else "<"
        self._dec = kind == DEC

    def words(self, data: bytes) -> Array:
        """Whole numbers of 16 bits, without sign."""
        return np.frombuffer(data, self._order + "u2")

    def floats(self, data: bytes) -> Array:
        """Numbers of 32 bits; DEC has its halves the other way round, and four times the value."""
        if not self._dec:
            return np.frombuffer(data, self._order + "f4")
        halves = np.frombuffer(data, "<u2").reshape(-1, 2)[:, ::-1]
        return np.frombuffer(halves.tobytes(), "<f4") / np.float32(4)


def _parameters(data: bytes, begin: int, numbers: _Numbers) -> Parameters:
    """Take the chain of groups and parameters apart."""
    groups: dict[int, str] = {}
    found: list[tuple[int, str, Any]] = []
    blocks = data[begin + 2]
    stop = min(begin + blocks * BLOCK, len(data)) if blocks else len(data)
    place = begin + 4
    try:
        while place < stop:
            length, group = struct.unpack_from("bb", data, place)
            if length == 0:
                break
            name = data[place + 2 : place + 2 + abs(length)].decode("latin-1").upper()
            following = place + 2 + abs(length)
            offset = int(numbers.words(data[following : following + 2])[0])
            if group < 0:
                groups[-group] = name
            else:
                found.append((group, name, _value(data, following + 2, numbers)))
            if offset == 0:
                break
            place = following + offset
    except (struct.error, IndexError, ValueError) as error:
        raise ValueError(f"its parameters are damaged ({error}).") from None
    named: Parameters = {name: {} for name in groups.values()}
    for group, name, value in found:
        named.setdefault(groups.get(group, str(group)), {})[name] = value
    return named


def _value(data: bytes, place: int, numbers: _Numbers) -> Any:
    """Numbers, or a list of texts."""
    kind, count = struct.unpack_from("bB", data, place)
    shape = list(data[place + 2 : place + 2 + count])
    begin = place + 2 + count
    size, total = abs(kind), prod(shape)
    if kind not in (-1, 1, 2, 4) or len(shape) < count or begin + size * total > len(data):
        raise ValueError("a value that is not there")
    raw = data[begin : begin + size * total]
    if kind == -1:
        width = shape[0] if shape else 1
        # Any number of empty texts would take no room in the file.
        return [_text(raw[start : start + width]) for start in range(0, total, width or 1)]
    if kind == 1:
        return np.frombuffer(raw, np.int8)
    return numbers.words(raw).astype(np.int16) if kind == 2 else numbers.floats(raw)


def _text(raw: bytes) -> str:
    padded = raw.rstrip(b" \0")
    try:
        return padded.decode("utf-8")
    except UnicodeDecodeError:
        return padded.decode("latin-1")


def written(points: Array, rate: float, parameters: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Make a file of points.

    Parameters
    ----------
    points : array, shape (N, P, 3)
        NaN where a point was not seen.
    rate : float
        Frames per second.
    parameters : mapping of mappings
        Further values by group and name: texts, and lists of them. Lists that are too long for
        one parameter are continued in others (LABELS2, LABELS3, ...), as others read them.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        More points than the format has room for, or texts that are too long.

    Examples
    --------
    >>> read(written(np.ones((2, 1, 3)), 50.0, {"POINT": {"UNITS": ["mm"]}})).rate
    50.0
    """
    frames, count, _ = points.shape
    if count * 4 >= _UNSIGNED:
        raise ValueError(f"{count} points; a C3D file has room for {_UNSIGNED // 4 - 1}.")
    shown = min(frames, _UNSIGNED - 1)
    groups: dict[str, dict[str, Any]] = {
        "POINT": {
            "USED": np.int16(count),
            "FRAMES": np.uint16(shown).astype(np.int16),
            "LONG_FRAMES": np.float32(frames),
            "SCALE": np.float32(-1),
            "RATE": np.float32(rate),
            "DATA_START": np.int16(0),
        },
        "ANALOG": {"USED": np.int16(0), "RATE": np.float32(rate)},
        "TRIAL": {
            "ACTUAL_START_FIELD": np.array([1, 0], np.int16),
            "ACTUAL_END_FIELD": np.array([frames % _UNSIGNED, frames // _UNSIGNED], np.uint16),
        },
    }
    for group, values in parameters.items():
        for name, value in values.items():
            groups.setdefault(group, {}).update(_continued(name, value))
    blocks = -(-(len(_section(groups)) + 4) // BLOCK)
    if blocks > 255:
        raise ValueError("the names take more room than a C3D file has for them; shorten them.")
    start = 2 + blocks
    groups["POINT"]["DATA_START"] = np.int16(start)
    section = bytes([1, _KEY, blocks, INTEL]) + _section(groups)
    header = struct.pack("<BBHHHHHfHHf", 2, _KEY, count, 0, 1, shown, 0, -1.0, start, 1, rate)
    return b"".join(
        [header.ljust(BLOCK, b"\0"), section.ljust(blocks * BLOCK, b"\0"), _packed(points)]
    )


def _packed(points: Array) -> bytes:
    unseen = np.asarray(np.isnan(points).any(axis=-1))
    table = np.zeros((*unseen.shape, 4), "<f4")
    table[..., :3] = np.where(unseen[..., None], 0, points)
    table[..., 3] = np.where(unseen, -1, 0)
    data = table.tobytes()
    # Of more frames than the header can count, others take all that follows to be frames.
    return data if len(points) >= _UNSIGNED else data + b"\0" * (-len(data) % BLOCK)


def _continued(name: str, value: Any) -> dict[str, Any]:
    texts = [text.encode() for text in ([value] if isinstance(value, str) else value)]
    width = max(map(len, texts), default=0)
    if width > 255:
        raise ValueError(f"{max(texts, key=len).decode()!r} has more than the 255 bytes of a name.")
    most = min(255, _MOST_LETTERS // max(width, 1))
    parts = [texts[start : start + most] for start in range(0, len(texts), most)]
    return {
        name if number == 0 else f"{name}{number + 1}": [text.ljust(width) for text in part]
        for number, part in enumerate(parts)
    }


def _section(groups: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Groups, each followed by its parameters."""
    found = []
    for number, (group, values) in enumerate(groups.items(), start=1):
        found.append(_entry(group, -number, b"\0"))
        for name, value in values.items():
            found.append(_entry(name, number, _encoded(value) + b"\0"))
    return b"".join(found) + b"\0\0"


def _entry(name: str, group: int, content: bytes) -> bytes:
    return (
        struct.pack("<bb", len(name), group)
        + name.encode()
        + struct.pack("<H", len(content) + 2)
        + content
    )


def _encoded(value: Any) -> bytes:
    if isinstance(value, list):
        width = len(value[0]) if value else 0
        return struct.pack("<bBBB", -1, 2, width, len(value)) + b"".join(value)
    array = np.asarray(value)
    kind = 4 if array.dtype.kind == "f" else 2
    shape = bytes(array.shape)
    return (
        struct.pack("<bB", kind, len(shape))
        + shape
        + array.astype(array.dtype.newbyteorder("<")).tobytes()
    )
