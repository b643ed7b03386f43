"""The skeleton that a path names, of its own file or of a lifter."""

from __future__ import annotations

import os
from pathlib import Path

from liftpose.skeleton import Skeleton

_LIFTERS = (".lifter", ".safetensors")


def names_lifter(path: str | os.PathLike[str]) -> bool:
    """Whether a path names a lifter, or the folder of a run, rather than a skeleton file.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    bool

    Examples
    --------
    >>> names_lifter("fly.lifter"), names_lifter("mouse22")
    (True, False)
    """
    file = Path(path)
    return file.is_dir() or file.suffix in _LIFTERS or file.name.endswith(".pth.tar")


def read_skeleton(path: str | os.PathLike[str]) -> Skeleton:
    """Read a skeleton file, or take the skeleton of a lifter.

    Parameters
    ----------
    path : path-like
        A skeleton file, the name of a skeleton that ships, a lifter, or the folder of a run.

    Returns
    -------
    Skeleton

    Raises
    ------
    FileNotFoundError
        There is none of these.
    ValueError
        A file of something else.

    Examples
    --------
    >>> read_skeleton("mouse22").joint_count
    22
    """
    if names_lifter(path):
        # Only lifters need torch, which takes longer to load than a preview to film.
        from liftpose.lifter.checkpoint import load

        return load(path).skeleton_known
    return Skeleton.read(path)
