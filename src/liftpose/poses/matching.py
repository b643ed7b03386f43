"""Joints that are asked for by name, found among those that there are."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from liftpose.names import listed


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
        A joint that is not there; the closest that there are are offered.

    Examples
    --------
    >>> places_of(["tail", "nose"], ["nose", "paw", "tail"], "walk.csv has")
    [2, 0]
    """
    missing = [name for name in wanted if name not in names]
    if missing:
        extra = [name for name in names if name not in wanted]
        near = {name: difflib.get_close_matches(name, extra, n=1, cutoff=0.5) for name in missing}
        hints = [f"{found[0]!r} for {name!r}" for name, found in near.items() if found]
        raise ValueError(
            f"{who} no {listed(missing)}"
            + (f"; it has {listed(extra)} besides" if extra else "")
            + ". Joints are matched by name"
            + (f" (perhaps {', '.join(hints[:3])}?)" if hints else "")
            + ": rename them, or ask for a match by order."
        )
    return [names.index(name) for name in wanted]
