"""Any rows of a pose file, read when they are asked for: for files that are looked at in places."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from liftpose.io.families import netcdf
from liftpose.io.hints import Hints
from liftpose.io.lifted import read_lifted
from liftpose.io.opened import TABLES, SlicedPoses, info_of
from liftpose.io.paths import existing_file
from liftpose.io.registry import find_reader
from liftpose.poses import Lifted, Poses


@contextmanager
def open_slices(
    path: str | os.PathLike[str], *, dims: int, fps: float | None = None
) -> Iterator[SlicedPoses]:
    """Open a pose file, to read rows of it wherever they are.

    Files in the layout of `movement` are read in places; other formats as a whole.

    Parameters
    ----------
    path : path-like
        Of the file.
    dims : int
        2 or 3: what it has to hold.
    fps : float, optional
        Frames per second; counts more than what the file says.

    Yields
    ------
    SlicedPoses
        Not to be read from two threads at a time.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        There is nothing that can be read.
    ValueError
        A file that is of no known format, is damaged, or holds poses of other dimensions; names
        the file.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from liftpose.io import write_poses
    >>> still = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    >>> lifted = Lifted(still, still, ("walk",), (2,), spread=still + 1)
    >>> with open_slices(write_poses(lifted, Path(tempfile.mkdtemp()) / "walk.nc"), dims=3) as walk:
    ...     walk.tables, walk.rows("spread", 1, 2).tolist()
    (('position', 'spread'), [[[7.0, 8.0, 9.0], [10.0, 11.0, 12.0]]])
    """
    file = existing_file(path)
    kind = find_reader(file, None).name
    if kind == netcdf.NAME:
        with _in_places(file) as found:
            _check(found.about.dims, dims, file)
            yield found if fps is None else replace(found, about=replace(found.about, fps=fps))
        return
    if dims == 3:
        whole: Lifted | Poses = read_lifted(file, fps=fps)
    else:
        whole = Hints(dims=dims, fps=fps).of_use(file).read(file)
        _check(whole.dims, dims, file)
    yield _of_memory(whole, kind, file)


@contextmanager
def _in_places(file: Path) -> Iterator[SlicedPoses]:
    source = netcdf.open_slices(file)
    try:
        found = source.__enter__()
    except (ValueError, TypeError, OSError, KeyError, RuntimeError) as error:
        raise ValueError(f"{file}: {error}") from error
    try:
        yield found
    finally:
        source.__exit__(None, None, None)


def _check(there: int, wanted: int, file: Path) -> None:
    if there != wanted:
        raise ValueError(f"{file} holds {there}D poses; expected {wanted}D ones.")


def _of_memory(whole: Lifted | Poses, kind: str, file: Path) -> SlicedPoses:
    names = {"position": "points"} if isinstance(whole, Poses) else {}
    tables = {name: getattr(whole, names.get(name, name), None) for name in TABLES}
    known = {name: values for name, values in tables.items() if values is not None}
    return SlicedPoses(
        info_of(kind, str(file), whole),
        tuple(known),
        whole.provenance,
        lambda name, start, stop: known[name][start:stop],
        in_memory=True,
    )
