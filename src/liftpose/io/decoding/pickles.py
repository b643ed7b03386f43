"""Plain values out of pickles, without running anything.

A pickle is a program. Here, only pickles are read whose every instruction builds text, numbers,
None, lists, tuples or dicts of those; they are looked through before the first is carried out.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import warnings
from typing import Any

# fmt: off
BUILDS = frozenset((
    "PROTO", "FRAME", "MARK", "STOP", "NONE", "NEWTRUE", "NEWFALSE",
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT",
    "STRING", "BINSTRING", "SHORT_BINSTRING",
    "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "LIST", "EMPTY_LIST", "APPEND", "APPENDS",
    "TUPLE", "EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3",
    "DICT", "EMPTY_DICT", "SETITEM", "SETITEMS",
    "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET", "LONG_BINGET",
))
# fmt: on
"""Instructions that can do no more than put such values together."""


_DAMAGE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What putting values together in a wrong way ends in."""


class Plain(pickle.Unpickler):
    """An unpickler that knows no classes."""

    def find_class(self, module: str, name: str, /) -> Any:
        """Give what a pickle asks for by name; here it gets nothing."""
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def plain_values(data: bytes) -> Any:
    """Read a pickle that holds nothing but plain values.

    Parameters
    ----------
    data : bytes
        The pickle.

    Returns
    -------
    str, int, float, bool, None, or list, tuple or dict of those

    Raises
    ------
    ValueError
        A pickle that does anything else, or that is damaged.

    Examples
    --------
    >>> plain_values(pickle.dumps([("nose", "x"), ("nose", "y")]))
    [('nose', 'x'), ('nose', 'y')]
    >>> plain_values(pickle.dumps(print))
    Traceback (most recent call last):
    ValueError: the pickle holds more than plain values (STACK_GLOBAL); it is not opened.
    """
    return unpickled(data, BUILDS, Plain, "plain values")


class Refused(Exception):  # noqa: N818 - of a pickle, not of ours
    """A pickle asks for something that is not given to it."""


def unpickled(data: bytes, known: frozenset[str], unpickler: type[Plain], holds: str) -> Any:
    """Carry out a pickle, after looking through it.

    Parameters
    ----------
    data : bytes
        The pickle.
    known : set of str
        Names of the instructions that may stand in it.
    unpickler : type
        Says what a pickle gets that asks for a class.
    holds : str
        What such pickles hold, for the error.

    Returns
    -------
    object
        What the unpickler makes.

    Raises
    ------
    ValueError
        Another instruction, something that is refused, or damage.

    Examples
    --------
    >>> unpickled(pickle.dumps([1, None]), BUILDS, Plain, "plain values")
    [1, None]
    """
    try:
        with warnings.catch_warnings():
            # A text with impossible escapes only warns, and nobody writes such a text.
            warnings.simplefilter("error")
            steps = [(code.name, argument) for code, argument, _ in pickletools.genops(data)]
    except (ValueError, Warning) as error:
        raise ValueError(f"the pickle is damaged ({error}).") from error
    for name, argument in steps:
        if name not in known:
            raise ValueError(f"the pickle holds more than {holds} ({name}); it is not opened.")
        # The unpickler makes room for as many values as the highest number under which one is
        # kept.
        if "PUT" in name and not 0 <= int(argument or 0) <= len(steps):
            raise ValueError(f"the pickle keeps a value under {argument}; it is damaged.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return unpickler(io.BytesIO(data)).load()
    except Refused as error:
        raise ValueError(f"the pickle asks for {error}; it is not opened.") from None
    except (pickle.UnpicklingError, EOFError, Warning, *_DAMAGE) as error:
        raise ValueError(f"the pickle is damaged ({error}).") from error
