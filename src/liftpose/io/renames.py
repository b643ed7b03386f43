"""Which joints are called otherwise, as the command line says it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path


def read_renames(
    pairs: Sequence[str], table: str | os.PathLike[str] | None = None
) -> dict[str, str]:
    """Read which joints are called otherwise.

    Parameters
    ----------
    pairs : sequence of str
        Each ``"old=new"``.
    table : path-like, optional
        A TOML file with a line ``old = "new"`` for each joint.

    Returns
    -------
    dict of str to str

    Raises
    ------
    ValueError
        A pair without ``=``, a joint that is renamed twice, or a table that is none.

    Examples
    --------
    >>> read_renames(["paw=hand", "snout=nose"])
    {'paw': 'hand', 'snout': 'nose'}
    """
    found: dict[str, str] = {}
    if table is not None:
        file = Path(table)
        try:
            found |= tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{file} is no TOML: {error}.") from None
        wrong = [key for key, value in found.items() if not isinstance(value, str)]
        if wrong:
            raise ValueError(f'{file}: {wrong[0]} is no name; expected {wrong[0]} = "new name".')
    for pair in pairs:
        old, equals, new = pair.partition("=")
        if not (old and equals and new):
            raise ValueError(f"--rename {pair}: expected old=new, such as paw=hand.")
        if found.setdefault(old, new) != new:
            raise ValueError(f"joint {old!r} is renamed to both {found[old]!r} and {new!r}.")
    return found
