"""Reading pose files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from liftpose.io.opened import OpenedPoses, PosesInfo, opened
from liftpose.io.paths import existing_file
from liftpose.io.registry import Reader, find_reader
from liftpose.names import closest, listed
from liftpose.poses import Lifted, Poses
from liftpose.poses.given import as_names

Known = TypeVar("Known", bound=Poses | PosesInfo | Lifted)


def read_poses(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    fps: float | None = None,
    joints: Sequence[str] | None = None,
    individuals: Sequence[str] | None = None,
    unit: str | None = None,
    min_confidence: float | None = None,
    **hints: Any,
) -> Poses:
    """Read a pose file of any format that is known.

    Parameters
    ----------
    path : path-like
        Of the file; of OpenPose, the folder. Its format is recognised from what is in it.
    format : str, optional
        Name of the format, one of `formats`, where it is not to be found out.
    fps : float, optional
        Frames per second; counts more than what the file says.
    joints : sequence of str, optional
        Names of the joints, in the order of the file, where it does not say.
    individuals : sequence of str, optional
        The individuals that are wanted, by the names that the file gives them; by default all.
    unit : str, optional
        Of the coordinates, where the file does not say.
    min_confidence : float, optional
        Joints of less confidence count as not seen.
    **hints
        What some formats need to be told (`formats` says which): ``camera``, whose 2D is meant,
        in a file of several; ``dims``, 2 or 3, in a file of both; ``size``, the width and height
        of the image, where 2D is a share of it. None is the same as nothing said.

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
        A file that is of no known format, is damaged, or holds no poses, or a hint that its
        format has no use for; names the file.
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
    file = existing_file(path, folders=True)
    found = find_reader(file, format)
    asked = _Asked(_rate(fps), joints, individuals, unit, min_confidence)
    with _naming(file, found):
        return asked.told(found.read(file, **_useful(hints, found)), file)


def read_with(
    read: Callable[[Path], Lifted | Poses], file: Path, found: Reader, fps: float | None
) -> Lifted | Poses:
    """Read poses by another function of their format, with the errors of `read_poses`.

    Parameters
    ----------
    read : callable
        From the path to what the file says.
    file : pathlib.Path
    found : Reader
        Its format.
    fps : float or None
        Frames per second; counts more than what the file says.

    Returns
    -------
    Lifted or Poses

    Raises
    ------
    ValueError
        As `read_poses`; names the file.
    """
    asked = _Asked(_rate(fps), None, None, None, None)
    with _naming(file, found):
        known = read(file)
        return asked.filled(known, file)


@contextmanager
def open_poses(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    fps: float | None = None,
    joints: Sequence[str] | None = None,
    individuals: Sequence[str] | None = None,
    unit: str | None = None,
    min_confidence: float | None = None,
    **hints: Any,
) -> Iterator[OpenedPoses]:
    """Open a pose file, to see what it holds and to read it a few frames at a time.

    netCDF and ``.npy`` are read piece by piece, in memory that does not grow with the file; other
    formats are read as a whole.

    Parameters
    ----------
    path, format, fps, joints, individuals, unit, min_confidence, **hints
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
    file = existing_file(path, folders=True)
    found = find_reader(file, format)
    asked = _Asked(_rate(fps), joints, individuals, unit, min_confidence)
    if found.opens is None or individuals is not None:
        with _naming(file, found):
            whole = asked.told(found.read(file, **_useful(hints, found)), file)
        yield opened(found.name, str(file), whole)
        return
    with _naming(file, found):
        _useful(hints, found)
        source = found.opens(file)
        inside = source.__enter__()
    try:
        with _naming(file, found):
            about = asked.about(inside.about, file)
        yield OpenedPoses(about, lambda size: _named_chunks(inside, size, file, found, asked))
    finally:
        source.__exit__(None, None, None)


def _named_chunks(
    inside: OpenedPoses, size: int, file: Path, found: Reader, asked: _Asked
) -> Iterator[Poses]:
    chunks = inside.piecewise(size)
    while True:
        with _naming(file, found):
            chunk = next(chunks, None)
            told = None if chunk is None else asked.told(chunk, file)
        if told is None:
            return
        yield told


def _useful(hints: Mapping[str, Any], found: Reader) -> dict[str, Any]:
    """The hints that say something, if the format has a use for them."""
    said = {name: value for name, value in hints.items() if value is not None}
    useless = [name for name in said if name not in found.hints]
    if useless:
        known = f"it takes {', '.join(found.hints)}" if found.hints else "it takes none"
        raise ValueError(
            f"{useless[0]}={said[useless[0]]!r} is of no use for a file of the format "
            f"{found.name!r}; {known}."
        )
    return said


@dataclass(frozen=True)
class _Asked:
    """What only the caller knows, or wants, of any format."""

    fps: float | None
    joints: Sequence[str] | None
    individuals: Sequence[str] | None
    unit: str | None
    min_confidence: float | None

    def told(self, poses: Poses, file: Path) -> Poses:
        """Fill it in."""
        if self.individuals is not None:
            poses = _of_individuals(poses, self.individuals)
        if self.min_confidence is not None:
            poses = poses.sure(self.min_confidence)
        return self.filled(poses, file)

    def about(self, about: PosesInfo, file: Path) -> PosesInfo:
        """Say it of what is known before anything is read."""
        return self.filled(about, file)

    def filled(self, known: Known, file: Path) -> Known:
        """Fill in what need not be looked for in the frames."""
        names = self._joints(known)
        if self.unit is not None and known.unit not in (None, self.unit):
            raise ValueError(f"it is in {known.unit}, and unit={self.unit!r} was asked for.")
        return replace(
            known,
            joints=names,
            unit=self.unit if known.unit is None else known.unit,
            fps=known.fps if self.fps is None else self.fps,
            source_file=file.as_posix() if known.source_file is None else known.source_file,
        )

    def _joints(self, known: Poses | PosesInfo | Lifted) -> tuple[str, ...] | None:
        if self.joints is None:
            return known.joints
        if known.joints is not None:
            raise ValueError(
                f"it names its joints ({listed(known.joints)}); joints= is for files that do not. "
                "Match names with rename, or by order."
            )
        return as_names(self.joints, known.joint_count, "the file")


def _of_individuals(poses: Poses, wanted: Sequence[str]) -> Poses:
    there = poses.individuals or ()
    for name in wanted:
        if name not in there:
            known = closest(name, there) if there else " It names none."
            raise ValueError(f"it has no individual {name!r}.{known}")
    chosen = [poses.only(key) for key, who in zip(poses.keys, there, strict=True) if who in wanted]
    return Poses.joined(chosen)


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
