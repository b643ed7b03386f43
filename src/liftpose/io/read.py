"""Reading pose files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from liftpose.io.opened import OpenedPoses, PosesInfo, opened
from liftpose.io.paths import existing_file
from liftpose.io.registry import Reader, find_reader
from liftpose.poses import Poses

Known = TypeVar("Known", Poses, PosesInfo)


def read_poses(
    path: str | os.PathLike[str], *, format: str | None = None, fps: float | None = None
) -> Poses:
    """Read a pose file of any format that is known.

    Parameters
    ----------
    path : path-like
        Of the file. Its format is recognised from what is in it.
    format : str, optional
        Name of the format, one of `formats`, where it is not to be found out.
    fps : float, optional
        Frames per second; counts more than what the file says.

    Returns
    -------
    Poses
        2D or 3D, with the names that the file gives. A file of several individuals gives one
        experiment each, with their names; a file of one gives an experiment without a name.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        There is nothing that can be read.
    ValueError
        A file that is of no known format, is damaged, or holds no poses; names the file.
    ImportError
        A package that the format needs is not installed.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "walk.npy"
    >>> np.save(path, np.zeros((10, 5, 2)))
    >>> poses = read_poses(path, fps=100)
    >>> poses.frames, poses.joint_count, poses.dims, poses.fps
    (10, 5, 2, 100.0)
    """
    file = existing_file(path)
    found = find_reader(file, format)
    with _naming(file, found):
        return _told(found.read(file), file, _rate(fps))


@contextmanager
def open_poses(
    path: str | os.PathLike[str], *, format: str | None = None, fps: float | None = None
) -> Iterator[OpenedPoses]:
    """Open a pose file, to see what it holds and to read it a few frames at a time.

    netCDF and ``.npy`` are read piece by piece, in memory that does not grow with the file; other
    formats are read as a whole.

    Parameters
    ----------
    path, format, fps
        As for `read_poses`.

    Yields
    ------
    OpenedPoses
        `about` says what is there; `chunks` gives the poses.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError, ValueError, ImportError
        As `read_poses`.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "walk.npy"
    >>> np.save(path, np.zeros((10, 5, 2)))
    >>> with open_poses(path) as walk:
    ...     print(walk.about.frames, [chunk.frames for chunk in walk.chunks(4)])
    10 [4, 4, 2]
    """
    file = existing_file(path)
    found = find_reader(file, format)
    rate = _rate(fps)
    if found.opens is None:
        yield opened(found.name, str(file), read_poses(file, format=found.name, fps=fps))
        return
    source = found.opens(file)
    with _naming(file, found):
        inside = source.__enter__()
    try:
        yield OpenedPoses(
            _told(inside.about, file, rate),
            lambda size: _named_chunks(inside, size, file, found, rate),
        )
    finally:
        source.__exit__(None, None, None)


def _named_chunks(
    inside: OpenedPoses, size: int, file: Path, found: Reader, rate: float | None
) -> Iterator[Poses]:
    chunks = inside.piecewise(size)
    while True:
        with _naming(file, found):
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield _told(chunk, file, rate)


def _told(known: Known, file: Path, rate: float | None) -> Known:
    """Fill in what only the caller knows: the rate that was asked for, and the file."""
    source = file.as_posix() if known.source_file is None else known.source_file
    return replace(known, fps=known.fps if rate is None else rate, source_file=source)


def _rate(fps: float | None) -> float | None:
    if fps is None:
        return None
    if not 0 < fps < float("inf"):
        raise ValueError(f"fps is {fps}; expected frames per second, more than 0.")
    return float(fps)


@contextmanager
def _naming(file: Path, found: Reader) -> Iterator[None]:
    """Give every error the name of the file."""
    try:
        yield
    except (ImportError, PermissionError):
        raise
    except (ValueError, TypeError) as error:
        raise ValueError(f"{file}: {_line(error)}") from error
    except Exception as error:
        # What decoders say of a damaged file has as many types as there are decoders.
        raise ValueError(
            f"{file} cannot be read as {found.title}; it is damaged or of another kind "
            f"({type(error).__name__}: {_line(error)})."
        ) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
