"""What a user says of pose files, passed on to those formats that have a use for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any

from liftpose.io.opened import OpenedPoses
from liftpose.io.paths import existing_file
from liftpose.io.read import open_poses, read_poses
from liftpose.io.registry import find_reader
from liftpose.poses import Poses

_OF_SOME = ("camera", "dims", "size")


@dataclass(frozen=True)
class Hints:
    """What only the user knows of files, or wants of them; see `liftpose.io.read_poses`.

    Parameters
    ----------
    format : str, optional
        Name of the format, where it is not to be found out.
    fps : float, optional
        Frames per second.
    joints : tuple of str, optional
        Names of the joints, in the order of the file.
    individuals : tuple of str, optional
        Those that are wanted.
    unit : str, optional
        Of the coordinates.
    min_confidence : float, optional
        Joints of less count as not seen.
    camera : str, optional
        Whose 2D is meant, in a file of several.
    dims : int, optional
        2 or 3, in a file of both.
    size : tuple of float, optional
        Width and height of the image, where 2D is a share of it.

    Examples
    --------
    >>> Hints(fps=100, camera="left").said
    {'fps': 100, 'camera': 'left'}
    """

    format: str | None = None
    fps: float | None = None
    joints: tuple[str, ...] | None = None
    individuals: tuple[str, ...] | None = None
    unit: str | None = None
    min_confidence: float | None = None
    camera: str | None = None
    dims: int | None = None
    size: tuple[float, ...] | None = None

    @property
    def said(self) -> dict[str, Any]:
        """Those that say something, by name."""
        named = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {name: value for name, value in named.items() if value is not None}

    def of_use(self, path: str | os.PathLike[str]) -> Hints:
        """Leave out what the format of a file has no use for, and name the format.

        Parameters
        ----------
        path : path-like
            Of the file, which is there.

        Returns
        -------
        Hints

        Raises
        ------
        FileNotFoundError, IsADirectoryError, PermissionError, ValueError
            There is no pose file.
        """
        found = find_reader(existing_file(path, folders=True), self.format)
        useless = {name: None for name in _OF_SOME if name not in found.hints}
        return replace(self, format=found.name, **useless)

    def read(self, path: str | os.PathLike[str]) -> Poses:
        """Read a pose file; see `liftpose.io.read_poses`."""
        return read_poses(path, **self.said)

    @contextmanager
    def open(self, path: str | os.PathLike[str]) -> Iterator[OpenedPoses]:
        """Open a pose file; see `liftpose.io.open_poses`."""
        with open_poses(path, **self.said) as poses:
            yield poses
