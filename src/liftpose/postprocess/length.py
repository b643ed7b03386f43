"""A length of the animal that somebody measured, and how many times too small a pose is by it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from liftpose.names import closest
from liftpose.poses import Lifted

MILLIMETRES = {"um": 1e-3, "µm": 1e-3, "mm": 1.0, "cm": 10.0, "m": 1000.0}
"""Units of length that can be turned into each other."""

_TEXT = re.compile(r"(?P<names>.+)=\s*(?P<value>[-+.\deE]+?)\s*(?P<unit>[^\W\d]*)\s*")
_EXAMPLE = "such as 'nose-tail_base=85mm'"


@dataclass(frozen=True)
class Length:
    """The known distance of two joints.

    Parameters
    ----------
    joints : tuple of two int
        Which two.
    names : tuple of two str
        What they are called.
    value : float
        Their distance, in `unit`.
    unit : str, optional
        ``"um"``, ``"mm"``, ``"cm"`` or ``"m"``; None is that of the poses.
    """

    joints: tuple[int, int]
    names: tuple[str, str]
    value: float
    unit: str | None = None

    def __str__(self) -> str:
        return f"{'-'.join(self.names)}={self.value:g}{self.unit or ''}"


def as_length(length: Any, joints: Sequence[str]) -> Length:
    """Understand a known length, as it is typed or written in Python.

    Parameters
    ----------
    length : str, or tuple (joint, joint, value) or (joint, joint, value, unit)
        Such as ``"nose-tailbase=85mm"`` or ``("nose", "tail_base", 85.0)``. Where no joint is
        called exactly so, capitals, spaces, dots, dashes and underscores count for nothing.
    joints : sequence of str
        Names of the joints there are.

    Returns
    -------
    Length

    Raises
    ------
    ValueError
        Text of another form, a joint that does not exist (the closest is offered) or is given
        twice, a value that is not positive, or a unit that is none of length.
    TypeError
        Neither text nor such a tuple.

    Examples
    --------
    >>> print(as_length("nose-tailbase=8.5cm", ["nose", "neck", "tail_base"]))
    nose-tail_base=8.5cm
    """
    if isinstance(length, Length):
        return length
    if isinstance(length, str):
        one, other, value, unit = _of_text(length, joints)
    elif isinstance(length, tuple | list) and len(length) in (3, 4):
        one, other, value = length[:3]
        unit = length[3] if len(length) == 4 else None
    else:
        raise TypeError(
            f"length is {length!r}; expected text {_EXAMPLE}, or a tuple such as "
            "('nose', 'tail_base', 85.0)."
        )
    if unit is not None and unit not in MILLIMETRES:
        raise ValueError(f"length: {unit!r} is no unit of length; use {', '.join(MILLIMETRES)}.")
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"length: the value is {value!r}; expected a number.")
    if not 0 < value < math.inf:
        raise ValueError(f"length: the value is {value}; expected a number above 0.")
    numbers = tuple(_number(name, joints) for name in (one, other))
    if numbers[0] == numbers[1]:
        raise ValueError(f"length: {one!r} and {other!r} are the same joint; give two.")
    names = (joints[numbers[0]], joints[numbers[1]])
    return Length((numbers[0], numbers[1]), names, float(value), unit)


def _of_text(text: str, joints: Sequence[str]) -> tuple[str, str, float, str | None]:
    found = _TEXT.fullmatch(text.strip())
    parts = [] if found is None else found["names"].split("-")
    if found is None or len(parts) < 2:
        raise ValueError(f"length is {text!r}; expected two joints and a number, {_EXAMPLE}.")
    try:
        value = float(found["value"])
    except ValueError:
        raise ValueError(
            f"length: {found['value']!r} in {text!r} is no number; expected one, {_EXAMPLE}."
        ) from None
    # Names may have dashes of their own.
    splits = [("-".join(parts[:i]), "-".join(parts[i:])) for i in range(1, len(parts))]
    known = [pair for pair in splits if all(_find(name, joints) is not None for name in pair)]
    one, other = (known or splits)[0]
    return one.strip(), other.strip(), value, found["unit"] or None


def _number(name: Any, joints: Sequence[str]) -> int:
    found = _find(str(name), joints)
    if found is None:
        raise ValueError(f"length: there is no joint {name!r}.{closest(str(name), joints)}")
    return found


def _find(name: str, joints: Sequence[str]) -> int | None:
    if name in joints:
        return list(joints).index(name)
    alike = [number for number, joint in enumerate(joints) if _folded(joint) == _folded(name)]
    return alike[0] if len(alike) == 1 else None


def _folded(name: str) -> str:
    return re.sub(r"[\s._-]", "", name.casefold())


def size_factor(lifted: Lifted, length: Length) -> tuple[float, str | None]:
    """Tell how many times larger poses have to be for a length to come out right.

    Parameters
    ----------
    lifted : Lifted
        Poses; the two joints are at the median of their distances over all frames.
    length : Length
        What that median should be.

    Returns
    -------
    factor : float
        What to multiply the poses with.
    unit : str or None
        Of the poses then: their own, where it is a unit of length or the length has none;
        otherwise that of the length.

    Raises
    ------
    ValueError
        The two joints never are in the same frame, or always are in one place.
    """
    one, other = (lifted.position[:, joint].astype(np.float64) for joint in length.joints)
    apart = np.linalg.norm(one - other, axis=-1)
    known = apart[np.isfinite(apart)]
    median = float(np.median(known)) if len(known) else math.nan
    if not median > 0:
        what = "are in one place" if len(known) else "are never lifted in the same frame"
        raise ValueError(f"length {length}: the two joints {what}; name two others.")
    if length.unit is None:
        return length.value / median, lifted.unit
    if lifted.unit not in MILLIMETRES:
        return length.value / median, length.unit
    value = length.value * MILLIMETRES[length.unit] / MILLIMETRES[lifted.unit]
    return value / median, lifted.unit
