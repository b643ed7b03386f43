"""Names that a user wrote, and those that were perhaps meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def closest(name: str, known: Iterable[str]) -> str:
    """Offer the closest of the names there are, or list them, as a sentence to end an error with.

    Parameters
    ----------
    name : str
        What was written.
    known : iterable of str
        What could have been meant. Capital letters count for nothing.

    Returns
    -------
    str
        Begins with a space; empty where no name is known.

    Examples
    --------
    >>> closest("Left_paw", ["nose", "paw_left", "LEFT_PAWS"])
    " Did you mean 'LEFT_PAWS'?"
    >>> closest("wing", ["nose", "tail"])
    " There are 'nose', 'tail'."
    """
    spelled = {entry.casefold(): entry for entry in known}
    close = difflib.get_close_matches(name.casefold(), list(spelled), n=1, cutoff=0.5)
    if close:
        return f" Did you mean {spelled[close[0]]!r}?"
    return f" There are {listed(list(spelled.values()))}." if spelled else ""


def listed(names: Sequence[str], most: int = 8) -> str:
    """Write names one after another, the first few of many.

    Parameters
    ----------
    names : sequence of str
    most : int
        More than these are counted instead of named.

    Returns
    -------
    str

    Examples
    --------
    >>> listed(["hip", "knee", "ankle"], most=2)
    "'hip', 'knee' and 1 more"
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
