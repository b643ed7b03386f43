"""Many files at a time: which are meant, where what comes of them goes, and what came of them."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from liftpose.io.registry import find_reader, find_writer, formats, is_poses
from liftpose.names import closest
from liftpose.terminal import unheard

Path_ = str | os.PathLike[str]
Done = TypeVar("Done")


@dataclass(frozen=True)
class Gathered:
    """The files that are meant.

    Parameters
    ----------
    files : tuple of pathlib.Path
        Each once, in the order in which they were named; those of a folder or a pattern by name.
    left_out : tuple of pathlib.Path
        Files in folders that are no pose files.
    many : bool
        Whether there could have been several: more than one, or a pattern, or a folder.
    """

    files: tuple[Path, ...]
    left_out: tuple[Path, ...]
    many: bool


@dataclass(frozen=True)
class Failed:
    """A file that could not be done.

    Parameters
    ----------
    source : pathlib.Path
    reason : str
        One line.
    """

    source: Path
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {"status": "failed", "source": os.fspath(self.source), "error": self.reason}

    @property
    def reason_with_file(self) -> str:
        """The reason, which names the file."""
        return self.reason if str(self.source) in self.reason else f"{self.source}: {self.reason}"

    def __str__(self) -> str:
        return f"failed: {self.reason_with_file}"


@dataclass(frozen=True)
class Skipped:
    """A file that was done before.

    Parameters
    ----------
    source, path : pathlib.Path
        What it was, and what came of it.
    """

    source: Path
    path: Path

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {
            "status": "skipped",
            "source": os.fspath(self.source),
            "path": os.fspath(self.path),
        }

    def __str__(self) -> str:
        return f"{self.path}: done before"


def gather(given: Sequence[Path_], format: str | None = None) -> Gathered:
    """Find the pose files that names, patterns and folders mean.

    Parameters
    ----------
    given : sequence of path-like
        Files; patterns such as ``"recordings/*.h5"``, with ``**`` for any folders; and folders,
        of which all files count that are pose files.
    format : str, optional
        Name of the format; of folders, files that end as it does count.

    Returns
    -------
    Gathered

    Raises
    ------
    FileNotFoundError
        A pattern that fits no file, or a folder without any pose file.

    Examples
    --------
    >>> gather(["a.h5", "b.h5", "a.h5"]).files
    (PosixPath('a.h5'), PosixPath('b.h5'))
    """
    files: dict[Path, None] = {}
    left_out: list[Path] = []
    many = False
    for each in given:
        path = Path(each)
        if path.is_dir() and not _is_poses(path, format):
            many = True
            inside = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
            found = [entry for entry in inside if _is_poses(entry, format)]
            left_out += [entry for entry in inside if entry not in found]
            if not found:
                raise FileNotFoundError(
                    f"{path} is a folder without a pose file"
                    + (f"; it holds {_some(inside)}." if inside else ".")
                )
            files |= dict.fromkeys(found)
        elif not path.exists() and glob.has_magic(str(each)):
            many = True
            files |= dict.fromkeys(_fitting(os.fspath(each)))
        else:
            files[path] = None
    return Gathered(tuple(files), tuple(left_out), many or len(files) > 1)


def _fitting(pattern: str) -> list[Path]:
    found = [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]
    if found:
        return found
    parent = Path(pattern).parent
    there = [p.name for p in parent.iterdir()] if parent.is_dir() else []
    raise FileNotFoundError(f"no file fits {pattern}.{closest(Path(pattern).name, sorted(there))}")


def _is_poses(path: Path, format: str | None) -> bool:
    if format is None or not is_poses(path):
        return is_poses(path)
    found, ends = find_reader(path, None), find_reader(path, format).suffixes
    return found.name == format or (not path.is_dir() and path.name.lower().endswith(ends))


def _some(paths: Sequence[Path], most: int = 5) -> str:
    names = ", ".join(path.name for path in paths[:most])
    return names + (f" and {len(paths) - most} more" if len(paths) > most else "")


def outputs(sources: Sequence[Path_], out: Path_, suffix: str, folder: bool = False) -> list[Path]:
    """Name the file that comes of each of some files.

    Parameters
    ----------
    sources : sequence of path-like
        Files.
    out : path-like
        For one, the file to write, or an existing folder; for several the folder.
    suffix : str
        Of the files in a folder.
    folder : bool
        Whether `out` is a folder even for one, be it there or not. So it is without being said
        where it has no ending.

    Returns
    -------
    list of pathlib.Path
        In a folder they have the names of the sources, with `suffix`.

    Raises
    ------
    ValueError
        Two sources of the same name, or a source that would be written over.
    FileExistsError
        A file where a folder is meant.

    Examples
    --------
    >>> outputs(["walks/a.csv", "walks/b.csv"], "lifted", ".nc")
    [PosixPath('lifted/a.nc'), PosixPath('lifted/b.nc')]
    """
    paths, target = [Path(source) for source in sources], Path(out)
    if len(paths) == 1 and target.suffix and not target.is_dir() and not folder:
        files = [target]
    else:
        if target.exists() and not target.is_dir():
            raise FileExistsError(
                f"{target} is a file; {len(paths)} pose file{'s need' * (len(paths) > 1)}"
                f"{' needs' * (len(paths) == 1)} a folder to go to."
            )
        names = [path.stem + suffix for path in paths]
        twice = [name for name, number in Counter(names).items() if number > 1]
        if twice:
            raise ValueError(f"two of the pose files would be written to {target / twice[0]}.")
        files = [target / name for name in names]
    for path, file in zip(paths, files, strict=True):
        if file.exists() and path.exists() and file.samefile(path):
            raise ValueError(f"{path} would be written over by what comes of it.")
    return files


def target_format(to: str | None) -> tuple[str | None, str | None]:
    """Understand what ``--to`` says: the name of a format that can be written, or an ending.

    Parameters
    ----------
    to : str or None

    Returns
    -------
    format, suffix : str or None
        For `find_writer`, and of new files. None where nothing is said.

    Raises
    ------
    ValueError
        Neither a format that can be written, nor an ending of one.

    Examples
    --------
    >>> target_format("nc"), target_format("movement"), target_format(None)
    (('movement', '.nc'), ('movement', '.nc'), (None, None))
    """
    if to is None:
        return None, None
    known = {entry.name: entry.suffixes for entry in formats() if entry.writes}
    ending = f".{to.removeprefix('.')}"
    if to in known:
        own = find_writer(Path(), to).suffixes or known[to]
        return to, own[0] if own else f".{to}"
    try:
        return find_writer(Path(f"poses{ending}")).name, ending
    except ValueError:
        raise ValueError(
            f"--to {to} is no format that can be written.{closest(to, known)}"
        ) from None


def bytes_of(path: Path) -> int:
    """Size of a file, or of all files in a folder; 0 of what is not there."""
    if path.is_dir():
        return sum(entry.stat().st_size for entry in path.rglob("*") if entry.is_file())
    return path.stat().st_size if path.exists() else 0


def one_by_one(
    sources: Sequence[Path],
    do: Callable[[int, Callable[[float, float], None]], Done],
    on_progress: Callable[[float, float, str], None] | None = None,
) -> Iterator[Done | Failed]:
    """Do something with each of several files; one that fails does not stop the rest.

    Parameters
    ----------
    sources : sequence of pathlib.Path
        Files. The error of a single one is raised.
    do : callable
        Given the number of a file, and a function to say with how much of it is done, of how
        much.
    on_progress : callable, optional
        Called with the bytes done, their whole number, and the name of the file; for a single
        file with what `do` says.

    Yields
    ------
    what `do` returns, or Failed
        One a file, in order.
    """
    sizes = [bytes_of(path) or 1 for path in sources]
    say = on_progress or unheard
    for number, path in enumerate(sources):
        before = sum(sizes[:number])

        def advance(now: float, whole: float, before: int = before, number: int = number) -> None:
            if len(sources) == 1:
                say(now, whole, sources[number].name)
                return
            share = min(now / whole, 1.0) if whole else 1.0
            say(before + share * sizes[number], sum(sizes), sources[number].name)

        try:
            yield do(number, advance)
        except (ValueError, TypeError, OSError) as error:
            if len(sources) == 1:
                raise
            yield Failed(path, _reason(error))
        if len(sources) > 1:
            say(before + sizes[number], sum(sizes), path.name)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__
