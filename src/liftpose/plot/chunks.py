"""Poses of a stretch of frames in few bytes, for a page: 16-bit steps, and what changes of them.

A chunk is gzip of its layers, one after another. A layer of n frames, J joints and D coordinates
is: the lowest value of each coordinate (D float32), the step of each (D float32), then n * J * D
numbers of 16 bits, frame by frame, each the value in steps above the lowest, less that of the
frame before, modulo 65536: first all their low bytes, then all their high ones. 65535 steps mean
not seen. All is little-endian.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from liftpose.poses import Floats

ABSENT = 65535
"""The step that means not seen."""

_STEPS = {"spread": 4094}  # an error bar needs no more, and what is noise in it takes room
_LEVEL = 6  # of gzip: the highest takes five times as long for half a percent


def encode_chunk(layers: Mapping[str, Floats], order: Sequence[str]) -> bytes:
    """Put some frames of every layer into bytes.

    Parameters
    ----------
    layers : mapping of str to array, shape (n, J, D)
        NaN where a joint was not seen.
    order : sequence of str
        The layers that are written, in this order.

    Returns
    -------
    bytes
        See `decode_chunk`. A value is kept to half a step; a step is a 65,534th of what the
        coordinate spans in these frames, and of the layer ``"spread"`` a 4,094th.

    Raises
    ------
    ValueError
        A layer that is missing.

    Examples
    --------
    >>> walk = np.linspace(0, 3, 12).reshape(2, 2, 3)
    >>> back = decode_chunk(encode_chunk({"pose": walk}, ["pose"]), [("pose", 3)], joints=2)
    >>> bool(np.abs(back["pose"] - walk).max() < 1e-4)
    True
    """
    missing = [name for name in order if name not in layers]
    if missing:
        raise ValueError(f"there is no layer {missing[0]!r}; there are {list(layers)}.")
    return gzip.compress(
        b"".join(_packed(layers[name], _STEPS.get(name, ABSENT - 1)) for name in order),
        _LEVEL,
        mtime=0,
    )


def _packed(values: Floats, most: int) -> bytes:
    seen = np.asarray(np.isfinite(values).all(axis=-1, keepdims=True))
    low, step = _scale(values, seen, most)
    with np.errstate(invalid="ignore"):
        steps = np.rint((values - low) / np.where(step > 0, step, 1))
    held = np.where(seen, np.clip(steps, 0, most), ABSENT).astype("<u2")
    change = np.diff(held, axis=0, prepend=np.zeros_like(held[:1]))
    planes = np.ascontiguousarray(change.reshape(-1).view(np.uint8).reshape(-1, 2).T)
    return low.tobytes() + step.tobytes() + planes.tobytes()


def _scale(
    values: Floats, seen: npt.NDArray[np.bool_], most: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Lowest value and step of each coordinate, as they are stored."""
    low = np.where(seen, values, np.inf).min(axis=(0, 1), initial=np.inf)
    high = np.where(seen, values, -np.inf).max(axis=(0, 1), initial=-np.inf)
    known = np.isfinite(low)
    low32 = np.where(known, low, 0).astype("<f4")
    span = np.where(known, high, 0) - low32
    return low32, (np.maximum(span, 0) / most).astype("<f4")


def decode_chunk(
    data: bytes, order: Sequence[tuple[str, int]], joints: int
) -> dict[str, npt.NDArray[np.float32]]:
    """Read what `encode_chunk` wrote.

    Parameters
    ----------
    data : bytes
    order : sequence of (str, int)
        Name and number of coordinates D of each layer, as they were written.
    joints : int
        Number of joints J.

    Returns
    -------
    dict of str to array, shape (n, J, D), float32
        NaN where a joint was not seen.

    Raises
    ------
    ValueError
        Bytes that do not hold whole frames of these layers.

    Examples
    --------
    >>> absent = {"pose": np.full((2, 1, 3), np.nan)}
    >>> decode_chunk(encode_chunk(absent, ["pose"]), [("pose", 3)], joints=1)["pose"].shape
    (2, 1, 3)
    """
    plain = gzip.decompress(data)
    scales, row = sum(8 * dims for _, dims in order), sum(2 * joints * dims for _, dims in order)
    frames, rest = divmod(len(plain) - scales, row) if row else (0, len(plain) - scales)
    if rest or frames < 0:
        raise ValueError(
            f"the chunk has {len(plain)} bytes; expected {scales} and {row} for each frame of "
            f"{joints} joints."
        )
    read, at = {}, 0
    for name, dims in order:
        low, step = np.frombuffer(plain, "<f4", 2 * dims, at).reshape(2, dims)
        count, at = frames * joints * dims, at + 8 * dims
        planes = np.frombuffer(plain, np.uint8, 2 * count, at).reshape(2, count)
        change = np.ascontiguousarray(planes.T).view("<u2").reshape(frames, joints, dims)
        held = np.cumsum(change, axis=0, dtype="<u2")
        read[name] = np.where(held == ABSENT, np.float32(np.nan), low + step * held.astype("<f4"))
        at += 2 * count
    return read
