"""Joints that are asked for by name, found among those that there are."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from liftpose.names import listed

MOST = 40
"""Joints that an error names before it counts them: all of most animals."""

_CLOSE = 0.5
"""How alike two names have to be for one to be offered for the other."""


def places_of(wanted: Sequence[str], names: Sequence[str], who: str) -> list[int]:
    """Find joints by name.

    Parameters
    ----------
    wanted, names : sequence of str
        Joints that are asked for, and those that there are.
    who : str
        Subject and verb of the error, such as ``"walk.csv has"``.

    Returns
    -------
    list of int
        Place of each wanted joint among `names`.

    Raises
    ------
    ValueError
        Joints that are not there, all of them; with those that are there besides, and which of
        these is closest to each that is missing.

    Examples
    --------
    >>> places_of(["tail", "nose"], ["nose", "paw", "tail"], "walk.csv has")
    [2, 0]
    >>> places_of(["nose", "left_paw"], ["nose", "PawL", "Paw_Left"], "walk.csv has")
    Traceback (most recent call last):
    ValueError: walk.csv has no 'left_paw'; it has 'PawL', 'Paw_Left' besides. Joints are matched \
by name (perhaps 'Paw_Left' for 'left_paw'?): rename them, or ask for a match by order.
    """
    missing = [name for name in wanted if name not in names]
    if missing:
        extra = [name for name in names if name not in wanted]
        near = closest_each(missing, extra)
        hints = [f"{found!r} for {name!r}" for name, found in near.items()]
        raise ValueError(
            f"{who} no {listed(missing, MOST)}"
            + (f"; it has {listed(extra, MOST)} besides" if extra else "")
            + ". Joints are matched by name"
            + (f" (perhaps {', '.join(hints[:MOST])}?)" if hints else "")
            + ": rename them, or ask for a match by order."
        )
    return [names.index(name) for name in wanted]


def closest_each(missing: Sequence[str], extra: Sequence[str]) -> dict[str, str]:
    """Offer for each name the closest of some others, each of which is offered once.

    Parameters
    ----------
    missing, extra : sequence of str
        Names that are wanted, and names that nobody wants. Capitals, separators and the order of
        the words in a name count for nothing.

    Returns
    -------
    dict of str to str
        Without those that nothing is close to.

    Examples
    --------
    >>> closest_each(["left_paw", "right_paw", "nose"], ["RightPaw", "paw-left"])
    {'left_paw': 'paw-left', 'right_paw': 'RightPaw'}
    """
    ours, theirs = ({name: _plain(name) for name in names} for names in (missing, extra))
    alike = [
        (difflib.SequenceMatcher(None, ours[name], theirs[other]).ratio(), name, other)
        for name in ours
        for other in theirs
    ]
    found: dict[str, str] = {}
    # The surest first; a sort keeps the order in which names of one likeness came.
    for ratio, name, other in sorted(alike, key=lambda entry: -entry[0]):
        if ratio >= _CLOSE and name not in found and other not in found.values():
            found[name] = other
    return {name: found[name] for name in missing if name in found}


def _plain(name: str) -> str:
    """Give the words of a name, in alphabetical order."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)", " ", name)
    return " ".join(sorted(re.split(r"[\W_]+", spaced.casefold())))
