"""The formats of pose files; one joins by a decorator.

Every module of `liftpose.io.families` is looked through. One that knows a format decorates its
functions::

    @reader("tracker", "what Tracker writes", dims=(2, 3), suffixes=(".trk",),
            recognises=is_tracker, hints=("camera",))
    def read_tracker(path: Path, camera: str | None = None) -> Poses: ...

    @writer("tracker", "what Tracker writes", dims=(2, 3), suffixes=(".trk",))
    def write_tracker(poses: Poses | Lifted, path: Path) -> None: ...

A reader raises `ValueError` without naming the file: `read_poses` does that. It is given, by name,
those of its hints that the caller gave. A writer is given a path beside the final one and need not
clean up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Protocol, TypeVar

from liftpose.io.contents import contents
from liftpose.io.opened import OpenedPoses
from liftpose.names import closest
from liftpose.poses import Key, Lifted, Poses, Verdict

HEAD = 4096
"""Bytes at the start of a file that are shown to every format."""


class Stream(Protocol):
    """What poses are appended to."""

    def append(self, poses: Poses | Lifted) -> None:
        """Write more frames after those that are there."""

    def say(self, verdicts: Mapping[Key, Verdict]) -> None:
        """Write what is said of experiments, once all of them is known."""


Reads = Callable[..., Poses]
Opens = Callable[[Path], AbstractContextManager[OpenedPoses]]
Writes = Callable[[Poses | Lifted, Path], None]
Streams = Callable[[Path], AbstractContextManager[Stream]]


@dataclass(frozen=True)
class Reader:
    """A format that can be read."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    recognises: Callable[[Path, bytes], bool]
    read: Reads
    opens: Opens | None = None
    dims: tuple[int, ...] = (2, 3)
    unproven: tuple[int, ...] = ()
    hints: tuple[str, ...] = ()
    folders: bool = False


@dataclass(frozen=True)
class Writer:
    """A format that can be written: whole, or as a stream as well."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    write: Writes | None = None
    streams: Streams | None = None
    dims: tuple[int, ...] = (2, 3)


@dataclass(frozen=True)
class Format:
    """A row of the table of formats.

    Parameters
    ----------
    name, title : str
        What users pass as ``format=``, and what it is.
    suffixes : tuple of str
        How its files usually end.
    reads, writes : tuple of int
        The numbers of coordinates, 2 and 3, of what can be read and written.
    unproven : tuple of int
        Those of `reads` for which no file was at hand that the tracker itself wrote.
    hints : tuple of str
        What reading it can be told; see `liftpose.io.read_poses`.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    unproven: tuple[int, ...]
    hints: tuple[str, ...]


_readers: dict[str, Reader] = {}
_writers: dict[str, Writer] = {}


def reader(
    name: str,
    title: str,
    *,
    suffixes: tuple[str, ...],
    recognises: Callable[[Path, bytes], bool],
    opens: Opens | None = None,
    dims: tuple[int, ...] = (2, 3),
    unproven: tuple[int, ...] = (),
    hints: tuple[str, ...] = (),
    folders: bool = False,
) -> Callable[[Reads], Reads]:
    """Register a function that reads a format.

    Parameters
    ----------
    name : str
        Short name, which users pass as ``format=``.
    title : str
        What the format is, in a few words.
    suffixes : tuple of str
        How its files usually end, in small letters.
    recognises : callable
        From the path and the first `HEAD` bytes to whether a file is of this format. It must not
        raise, whatever the file.
    opens : callable, optional
        From the path to a context manager that gives `OpenedPoses`, for formats that need not be
        read as a whole.
    dims : tuple of int
        Whether it holds 2D, 3D or either.
    unproven : tuple of int
        Those of `dims` that were tried on files of our own only.
    hints : tuple of str
        Keywords of `read_poses` that the function takes.
    folders : bool
        Whether poses are a folder of files; `recognises` is then given its path and no bytes.

    Returns
    -------
    callable
        A decorator, which gives the function back as it is.
    """

    def register(read: Reads) -> Reads:
        _readers[name] = Reader(
            name, title, suffixes, recognises, read, opens, dims, unproven, hints, folders
        )
        return read

    return register


def writer(
    name: str, title: str, *, suffixes: tuple[str, ...], dims: tuple[int, ...] = (2, 3)
) -> Callable[[Writes], Writes]:
    """Register a function that writes a format, given all poses at once.

    Parameters
    ----------
    name, title, suffixes, dims
        As for `reader`; but only the suffixes of files that get this format without asking. A
        format without any must be asked for by its name. A longer suffix counts more.

    Returns
    -------
    callable
        A decorator, which gives the function back as it is.
    """

    def register(write: Writes) -> Writes:
        _writers[name] = Writer(name, title, suffixes, write=write, dims=dims)
        return write

    return register


def streamer(
    name: str, title: str, *, suffixes: tuple[str, ...], dims: tuple[int, ...] = (2, 3)
) -> Callable[[Streams], Streams]:
    """Register a context manager that writes a format a few frames at a time.

    Parameters
    ----------
    name, title, suffixes, dims
        As for `reader`; but only the suffixes of files that get this format without asking. A
        format without any must be asked for by its name. A longer suffix counts more.

    Returns
    -------
    callable
        A decorator, which gives the function back as it is.
    """

    def register(streams: Streams) -> Streams:
        _writers[name] = Writer(name, title, suffixes, streams=streams, dims=dims)
        return streams

    return register


def formats() -> tuple[Format, ...]:
    """List the formats that can be read or written.

    Returns
    -------
    tuple of Format

    Examples
    --------
    >>> [(entry.name, entry.writes) for entry in formats() if ".npy" in entry.suffixes]
    [('npy', (2, 3))]
    """
    _load()
    return tuple(_row(name) for name in sorted({**_writers, **_readers}))


def _row(name: str) -> Format:
    read, write = _readers.get(name), _writers.get(name)
    either = read or write
    assert either is not None
    return Format(
        name,
        either.title,
        either.suffixes,
        read.dims if read else (),
        write.dims if write else (),
        read.unproven if read else (),
        read.hints if read else (),
    )


def _load() -> None:
    from liftpose.io import families

    for home in iter_modules(families.__path__, f"{families.__name__}."):
        import_module(home.name)


def find_reader(path: Path, format: str | None) -> Reader:
    """Find the format of a file.

    Parameters
    ----------
    path : pathlib.Path
        Of a file, or a folder of files, that is there.
    format : str or None
        Name of the format, where the user says it.

    Returns
    -------
    Reader

    Raises
    ------
    ValueError
        No format of that name, or none that recognises the file; the message says what the file
        looks like.
    """
    _load()
    if format is not None:
        return _named(format, _readers)
    head = _head(path)
    found = _recognising(path, head)
    if not found and path.is_dir():
        folders = [entry for entry in _readers.values() if entry.folders]
        raise IsADirectoryError(
            f"{path} is a folder, and none of what is read as one: "
            f"{_table(folders) or 'nothing is'}. Name a file in it."
        )
    if not found:
        raise ValueError(
            f"{path} is {contents(path, head)}, which is no pose file that can be read here. "
            f"These are: {_table(_readers.values())}. If it is one of them, say so with format=."
        )
    by_name = [entry for entry in found if _ending(path, entry)]
    return (by_name or found)[0]


def is_poses(path: Path) -> bool:
    """Tell whether a file, or a folder, looks like poses of any format.

    Parameters
    ----------
    path : pathlib.Path
        Of anything.

    Returns
    -------
    bool
        False for what cannot be read, or is neither a file nor a folder.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "walk.npy"
    >>> np.save(path, np.zeros((10, 5, 2)))
    >>> is_poses(path), is_poses(path.parent)
    (True, False)
    """
    _load()
    try:
        # A pipe would be waited for.
        return (path.is_file() or path.is_dir()) and bool(_recognising(path, _head(path)))
    except OSError:
        return False


def _head(path: Path) -> bytes:
    if path.is_dir():
        return b""
    with path.open("rb") as file:
        return file.read(HEAD)


def _recognising(path: Path, head: bytes) -> list[Reader]:
    return [
        entry
        for _, entry in sorted(_readers.items())
        if entry.folders == path.is_dir() and entry.recognises(path, head)
    ]


def find_writer(path: Path, format: str | None = None) -> Writer:
    """Find the format that a file is to have, from its suffix where nobody says.

    Parameters
    ----------
    path : pathlib.Path
        Of the file.
    format : str, optional
        Name of the format.

    Returns
    -------
    Writer

    Raises
    ------
    ValueError
        A suffix of no format that can be written, or no such format.

    Examples
    --------
    >>> find_writer(Path("walk.h5")).name
    'movement'
    """
    _load()
    if format is not None:
        return _named(format, _writers)
    asking = max(_writers.values(), key=lambda entry: len(_ending(path, entry)))
    if _ending(path, asking):
        return asking
    ending = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
    others = ", ".join(sorted(name for name, entry in _writers.items() if not entry.suffixes))
    named = f"; and, if the format is named (format=, --to), as {others}" if others else ""
    raise ValueError(
        f"{path} {ending}; poses can be written as: "
        f"{_table(entry for entry in _writers.values() if entry.suffixes)}{named}."
    )


def _ending(path: Path, entry: Reader | Writer) -> str:
    """The longest suffix of a format that a name ends in; nothing if it has none of them."""
    there = [ending for ending in entry.suffixes if path.name.lower().endswith(ending)]
    return max(there, key=len, default="")


Known = TypeVar("Known", Reader, Writer)


def _named(format: str, known: dict[str, Known]) -> Known:
    if format not in known:
        doing = "written" if format in _readers else "read" if format in _writers else ""
        if doing:
            raise ValueError(f"format {format!r} cannot be {doing}; these can: {', '.join(known)}.")
        raise ValueError(f"there is no format {format!r}.{closest(format, known)}")
    return known[format]


def _table(entries: Iterable[Reader | Writer]) -> str:
    return "; ".join(f"{entry.name} ({', '.join(entry.suffixes)})" for entry in entries)
