"""The formats of pose files; one joins by a decorator.

A module of this package that knows a format decorates its functions::

    @reader("tracker", "what Tracker writes", suffixes=(".trk",), recognises=is_tracker)
    def read_tracker(path: Path) -> Poses: ...

    @writer("tracker", "what Tracker writes", suffixes=(".trk",))
    def write_tracker(poses: Poses | Lifted, path: Path) -> None: ...

and is named in `_HOMES`. A reader raises `ValueError` without naming the file: `read_poses` does
that. A writer is given a path beside the final one and need not clean up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

from liftpose.io.contents import contents
from liftpose.io.opened import OpenedPoses
from liftpose.names import closest
from liftpose.poses import Key, Lifted, Poses, Verdict

_HOMES = ("liftpose.io.netcdf", "liftpose.io.arrays", "liftpose.io.deeplabcut")
HEAD = 4096
"""Bytes at the start of a file that are shown to every format."""


class Stream(Protocol):
    """What poses are appended to."""

    def append(self, poses: Poses | Lifted) -> None:
        """Write more frames after those that are there."""

    def say(self, verdicts: Mapping[Key, Verdict]) -> None:
        """Write what is said of experiments, once all of them is known."""


Reads = Callable[[Path], Poses]
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


@dataclass(frozen=True)
class Writer:
    """A format that can be written: whole, or as a stream as well."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    write: Writes | None = None
    streams: Streams | None = None


@dataclass(frozen=True)
class Format:
    """A row of the table of formats."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    reads: bool
    writes: bool


_readers: dict[str, Reader] = {}
_writers: dict[str, Writer] = {}


def reader(
    name: str,
    title: str,
    *,
    suffixes: tuple[str, ...],
    recognises: Callable[[Path, bytes], bool],
    opens: Opens | None = None,
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

    Returns
    -------
    callable
        A decorator, which gives the function back as it is.
    """

    def register(read: Reads) -> Reads:
        _readers[name] = Reader(name, title, suffixes, recognises, read, opens)
        return read

    return register


def writer(name: str, title: str, *, suffixes: tuple[str, ...]) -> Callable[[Writes], Writes]:
    """Register a function that writes a format, given all poses at once.

    Parameters
    ----------
    name, title, suffixes
        As for `reader`.

    Returns
    -------
    callable
        A decorator, which gives the function back as it is.
    """

    def register(write: Writes) -> Writes:
        _writers[name] = Writer(name, title, suffixes, write=write)
        return write

    return register


def streamer(name: str, title: str, *, suffixes: tuple[str, ...]) -> Callable[[Streams], Streams]:
    """Register a context manager that writes a format a few frames at a time.

    Parameters
    ----------
    name, title, suffixes
        As for `reader`.

    Returns
    -------
    callable
        A decorator, which gives the function back as it is.
    """

    def register(streams: Streams) -> Streams:
        _writers[name] = Writer(name, title, suffixes, streams=streams)
        return streams

    return register


def formats() -> tuple[Format, ...]:
    """List the formats that can be read or written.

    Returns
    -------
    tuple of Format
        With `name`, `title`, `suffixes`, `reads` and `writes`.

    Examples
    --------
    >>> [(entry.name, entry.writes) for entry in formats() if ".npy" in entry.suffixes]
    [('npy', True)]
    """
    _load()
    everything: dict[str, Reader | Writer] = {**_writers, **_readers}
    return tuple(
        Format(entry.name, entry.title, entry.suffixes, name in _readers, name in _writers)
        for name, entry in everything.items()
    )


def _load() -> None:
    for home in _HOMES:
        import_module(home)


def find_reader(path: Path, format: str | None) -> Reader:
    """Find the format of a file.

    Parameters
    ----------
    path : pathlib.Path
        Of a file that is there.
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
    with path.open("rb") as file:
        head = file.read(HEAD)
    found = [entry for entry in _readers.values() if entry.recognises(path, head)]
    if not found:
        raise ValueError(
            f"{path} is {contents(path, head)}, which is no pose file that can be read here. "
            f"These are: {_table(_readers.values())}. If it is one of them, say so with format=."
        )
    by_name = [entry for entry in found if path.suffix.lower() in entry.suffixes]
    return (by_name or found)[0]


def find_writer(path: Path) -> Writer:
    """Find the format that a file is to have, from its suffix.

    Raises
    ------
    ValueError
        A suffix of no format that can be written.
    """
    _load()
    for entry in _writers.values():
        if path.suffix.lower() in entry.suffixes:
            return entry
    ending = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
    raise ValueError(f"{path} {ending}; poses can be written as: {_table(_writers.values())}.")


def _named(format: str, known: dict[str, Reader]) -> Reader:
    if format not in known:
        raise ValueError(f"there is no format {format!r}.{closest(format, known)}")
    return known[format]


def _table(entries: Iterable[Reader | Writer]) -> str:
    return "; ".join(f"{entry.name} ({', '.join(entry.suffixes)})" for entry in entries)
