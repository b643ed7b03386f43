"""Checks of paths before anything is read or written, with errors that say what to do."""

from __future__ import annotations

import os
from pathlib import Path

from liftpose.names import closest


def existing_file(path: str | os.PathLike[str], folders: bool = False) -> Path:
    """Check that there is something to read at a path.

    Parameters
    ----------
    path : path-like
        Of a file.
    folders : bool
        Whether it may be a folder of files.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileNotFoundError
        No such file; the message offers the closest name in its folder.
    IsADirectoryError
        A folder, where none is taken.
    PermissionError
        A file that may not be read.
    ValueError
        An empty file, or something that is no file, such as a pipe.

    Examples
    --------
    >>> existing_file("/nowhere/walk.h5")
    Traceback (most recent call last):
    FileNotFoundError: /nowhere/walk.h5: there is no folder /nowhere.
    """
    found = Path(path)
    if found.is_dir():
        if not folders:
            raise IsADirectoryError(f"{found} is a folder; name a file in it.")
        return found
    if not found.exists():
        if not found.parent.is_dir():
            raise FileNotFoundError(f"{found}: there is no folder {found.parent}.")
        others = sorted(entry.name for entry in found.parent.iterdir() if entry.is_file())
        raise FileNotFoundError(f"there is no file {found}.{closest(found.name, others)}")
    if not found.is_file():
        raise ValueError(f"{found} is no regular file; expected a pose file.")
    if not os.access(found, os.R_OK):
        raise PermissionError(f"{found} may not be read; change its permissions.")
    if found.stat().st_size == 0:
        raise ValueError(f"{found} is empty; perhaps writing it was interrupted.")
    return found


def new_file(path: str | os.PathLike[str], overwrite: bool) -> Path:
    """Check that a file can be made at a path.

    Parameters
    ----------
    path : path-like
        Of the file.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileNotFoundError
        There is no such folder. None is made: it may well be a slip of the pen.
    FileExistsError
        A file is there, and `overwrite` is not set.
    IsADirectoryError
        A folder is there.

    Examples
    --------
    >>> new_file("/nowhere/lifted.nc", overwrite=False)
    Traceback (most recent call last):
    FileNotFoundError: /nowhere/lifted.nc: there is no folder /nowhere; make it first.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder; name a file in it.")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{target}: there is no folder {target.parent}; make it first.")
    if target.exists() and not overwrite:
        raise FileExistsError(
            f"{target} exists; pass overwrite=True (--overwrite) to replace it, or name another."
        )
    return target
