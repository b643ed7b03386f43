"""Skeletons of common animals, which ship with the package as files in the folder ``animals``."""

from __future__ import annotations

import os
from pathlib import Path

from liftpose.names import closest

_FOLDER = Path(__file__).parent / "animals"


def shipped_names() -> tuple[str, ...]:
    """Name the skeletons that ship with the package.

    Returns
    -------
    tuple of str
        In the order of the alphabet.

    Examples
    --------
    >>> "mouse22" in shipped_names()
    True
    """
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def shipped_file(name: str) -> Path:
    """Find the file of a skeleton that ships with the package.

    Parameters
    ----------
    name : str
        One of `shipped_names`.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        There is no such skeleton; the closest name is offered.
    TypeError
        The name is no text.

    Examples
    --------
    >>> shipped_file("rat23").name
    'rat23.toml'
    """
    if not isinstance(name, str):
        raise TypeError(f"a skeleton is called by its name, such as 'mouse22'; got {name!r}.")
    known = shipped_names()
    if name not in known:
        raise ValueError(f"no skeleton {name!r} ships with LiftPose.{closest(name, known)}")
    return _FOLDER / f"{name}.toml"


def is_shipped(path: str | os.PathLike[str]) -> bool:
    """Tell whether what stands for a file is the name of a shipped skeleton.

    A file or folder of that name goes first.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    bool

    Examples
    --------
    >>> is_shipped("mouse22"), is_shipped("mouse22.toml")
    (True, False)
    """
    return os.fspath(path) in shipped_names() and not Path(path).exists()
