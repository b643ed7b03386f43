"""Arrays of numbers out of pickles, without running anything, numpy included.

What such a pickle asks of numpy is answered by stand-ins of ours, which check what they are given
and can do nothing but put numbers in rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod
from typing import Any, NoReturn

import numpy as np

from liftpose.io.decoding.pickles import BUILDS, Plain, Refused, unpickled

_CALLS = BUILDS | {
    *("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"),
    *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_NUMBERS = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248])")


def numbers(data: bytes) -> Any:
    """Read a pickle that holds nothing but plain values and numpy arrays and numbers.

    Parameters
    ----------
    data : bytes
        The pickle.

    Returns
    -------
    str, int, float, bool, bytes, None, numpy array, or list, tuple or dict of those
        numpy's numbers come as Python's; arrays are of booleans, integers or floats.

    Raises
    ------
    ValueError
        A pickle that does anything else, or that is damaged.

    Examples
    --------
    >>> import pickle
    >>> numbers(pickle.dumps({"t": np.asarray([1.0, 2.0])}))
    {'t': array([1., 2.])}
    >>> numbers(pickle.dumps({"t": print}))
    Traceback (most recent call last):
    ValueError: the pickle asks for builtins.print; it is not opened.
    """
    made = unpickled(data, _CALLS, _Numeric, "plain values and arrays of numbers")
    try:
        return _finished(made, {})
    except RecursionError:
        raise ValueError("the pickle is damaged (values within values without end).") from None


class _Numeric(Plain):
    """An unpickler that answers with stand-ins where a pickle asks for numpy."""

    def find_class(self, module: str, name: str, /) -> Any:
        # numpy 2 moved its insides from core to _core.
        wanted = f"{module.replace('numpy._core', 'numpy.core')}.{name}"
        if wanted not in _STAND_INS:
            raise Refused(f"{module}.{name}")
        return _STAND_INS[wanted]


class _StandIn:
    """Something that a pickle may call, and cannot change."""

    def __init__(self, answer: Callable[..., Any]):
        self._answer = answer

    def __call__(self, *values: Any) -> Any:
        return self._answer(*values)

    def __setstate__(self, state: Any) -> NoReturn:
        raise ValueError("it changes what it may only call")


class _Kind:
    """A dtype of numbers: its name, and then the order of its bytes."""

    def __init__(self, name: Any):
        if not isinstance(name, str) or not _NUMBERS.fullmatch(name):
            raise ValueError(f"an array of {name!r} is no array of numbers")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: Any) -> None:
        order, *fields = state[1:5]
        if order not in ("<", ">", "|", "=") or fields != [None] * 3:
            raise ValueError("an array of records is no array of numbers")
        self.dtype = self.dtype.newbyteorder(order)


class _Growing:
    """An array that is made empty and then filled, as numpy pickles it."""

    array: Any = None

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, by_columns, content = state
        self.array = _array(content, kind, shape, "F" if by_columns else "C")


def _array(content: Any, kind: Any, shape: Any, order: Any = "C") -> Any:
    if not isinstance(kind, _Kind) or not isinstance(content, bytes | bytearray):
        raise ValueError("an array that is not made of numbers")
    if not all(isinstance(length, int) and length >= 0 for length in shape):
        raise ValueError(f"an array of the shape {shape!r}")
    if order not in ("C", "F") or prod(shape) * kind.dtype.itemsize != len(content):
        raise ValueError(f"{len(content)} bytes for an array of the shape {shape!r}")
    values = np.frombuffer(bytes(content), kind.dtype).reshape(shape, order=order)
    return values.astype(kind.dtype.newbyteorder("="))


def _number(kind: Any, content: Any) -> Any:
    return _array(content, kind, ()).item()


def _encoded(text: Any, encoding: Any) -> bytes:
    """Bytes, as protocols before the third write them."""
    if encoding != "latin1" or not isinstance(text, str):
        raise ValueError(f"bytes in {encoding!r}")
    return text.encode("latin1")


_STAND_INS = {
    "numpy.ndarray": _StandIn(lambda *_: _Growing()),
    "numpy.dtype": _StandIn(lambda name, *_: _Kind(name)),
    "numpy.core.multiarray._reconstruct": _StandIn(lambda *_: _Growing()),
    "numpy.core.multiarray.scalar": _StandIn(_number),
    "numpy.core.numeric._frombuffer": _StandIn(_array),
    "_codecs.encode": _StandIn(_encoded),
    # No bytes at all, in protocols before the third.
    "__builtin__.bytes": _StandIn(lambda: b""),
}


def _finished(value: Any, done: dict[int, Any]) -> Any:
    """The value with arrays in place of what they grew in."""
    if isinstance(value, _Growing):
        if value.array is None:
            raise ValueError("the pickle is damaged (an array without values).")
        return value.array
    if isinstance(value, _StandIn | _Kind):
        raise ValueError("the pickle holds a part of numpy, not values; it is not opened.")
    if isinstance(value, tuple):
        return tuple(_finished(entry, done) for entry in value)
    if id(value) in done:
        return value
    if isinstance(value, list):
        done[id(value)] = value
        value[:] = [_finished(entry, done) for entry in value]
    elif isinstance(value, dict):
        done[id(value)] = value
        for key in value:
            value[key] = _finished(value[key], done)
    return value
