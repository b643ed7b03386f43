"""Writing pose files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from liftpose.files import replacing
from liftpose.io.paths import new_file
from liftpose.io.registry import Stream, find_writer
from liftpose.io.together import together
from liftpose.poses import Key, Lifted, Poses, Verdict


def write_poses(
    poses: Poses | Lifted,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    format: str | None = None,
) -> Path:
    """Write poses to a file.

    Parameters
    ----------
    poses : Poses or Lifted
        Masked values are written as NaN.
    path : path-like
        Its suffix says the format; see `formats`. ``.nc``, ``.h5`` and ``.hdf5`` are netCDF in
        the layout of `movement`, and keep everything. Its folder must exist.
    overwrite : bool
        Whether a file that is there may be replaced.
    format : str, optional
        Name of the format, one of `formats`, where it is not that of the suffix.

    Returns
    -------
    pathlib.Path
        Of the file. It is whole or not there: after an error, what stood there still stands.

    Raises
    ------
    FileExistsError, FileNotFoundError, IsADirectoryError
        The path is taken, or there is no such folder.
    ValueError
        A suffix of no format, or poses that the format does not hold.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> walk = Poses.from_experiments(np.zeros((10, 5, 3)), unit="mm")
    >>> write_poses(walk, Path(tempfile.mkdtemp()) / "walk.nc").name
    'walk.nc'
    """
    with writing(path, overwrite=overwrite, format=format) as file:
        file.append(poses)
    return Path(path)


@contextmanager
def writing(
    path: str | os.PathLike[str], *, overwrite: bool = False, format: str | None = None
) -> Iterator[Stream]:
    """Write poses to a file a few frames at a time.

    netCDF is written in memory that does not grow with the file; other formats are kept in memory
    until the end.

    Parameters
    ----------
    path, overwrite, format
        As for `write_poses`.

    Yields
    ------
    Stream
        Its ``append`` takes `Poses` or `Lifted`: more of the last experiment, or another. Where
        the first that is appended is of several individuals side by side, so must be all others.

    Raises
    ------
    FileExistsError, FileNotFoundError, IsADirectoryError
        The path is taken, or there is no such folder.
    ValueError
        A suffix of no format, nothing that was appended, or poses that do not go together.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "walk.nc"
    >>> with writing(path) as file:
    ...     for _ in range(3):
    ...         file.append(Poses.from_experiments({"walk": np.zeros((10, 5, 3))}))
    >>> from liftpose.io import read_poses
    >>> read_poses(path).frames
    30
    """
    target = new_file(path, overwrite)
    found = find_writer(target, format)
    with replacing(target) as beside:
        if found.streams is not None:
            with found.streams(beside) as stream:
                yield stream
        elif found.write is not None:
            kept = _Kept()
            yield kept
            whole = together(kept.parts)
            if whole.dims not in found.dims:
                raise ValueError(
                    f"{target}: {found.name} ({found.title}) holds no {whole.dims}D poses."
                )
            try:
                found.write(whole, beside)
            except ValueError as error:
                raise ValueError(f"{target}: {error}") from error


class _Kept:
    """A stream for formats that are written as a whole."""

    def __init__(self) -> None:
        self.parts: list[Poses | Lifted] = []

    def append(self, poses: Poses | Lifted) -> None:
        self.parts.append(poses)

    def say(self, verdicts: Mapping[Key, Verdict]) -> None:
        *others, last = self.parts
        if isinstance(last, Lifted):
            self.parts = [*others, replace(last, verdicts={**(last.verdicts or {}), **verdicts})]
