"""Pose files become pose files of another format, and it is said what got lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.io import PosesInfo, open_poses, writing
from liftpose.io.batch import Failed, one_by_one, outputs, target_format
from liftpose.io.hints import Hints
from liftpose.io.lifted import BESIDE, holds_lifted, read_lifted
from liftpose.io.opened import opened
from liftpose.io.paths import existing_file, new_file
from liftpose.io.registry import find_reader, find_writer
from liftpose.poses import Lifted, Poses, Swap, SwapSearch
from liftpose.poses.swaps import said
from liftpose.terminal import unheard

CHUNK = 16384
"""Frames read and written at a time, where both formats allow it."""

SUFFIX = ".nc"
"""Of files whose names nobody chose."""

_CLOSE = 1e-4
"""Share by which the numbers of a file may be off before that is said; float32 is far closer."""

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class ConvertSummary:
    """What came of converting a file.

    Parameters
    ----------
    source, path : pathlib.Path
        What was read, and what was written.
    formats : pair of str
        Names of the two formats.
    frames : int
        Rows that were written.
    lost : tuple of str
        What the new file does not hold, or not as it was, as reading it back shows.
    swaps : sequence of Swap
        Frames where two individuals seem to swap their identities.
    """

    source: Path
    path: Path
    formats: tuple[str, str]
    frames: int
    lost: tuple[str, ...]
    swaps: Sequence[Swap] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {
            "status": "converted",
            "source": os.fspath(self.source),
            "path": os.fspath(self.path),
            "from": self.formats[0],
            "to": self.formats[1],
            "frames": self.frames,
            "lost": list(self.lost),
            "swaps": [swap.as_dict() for swap in self.swaps],
        }

    @property
    def warnings(self) -> list[str]:
        """What there is to say of swaps."""
        return [f"{self.source}: {said(self.swaps)}"] if self.swaps else []

    def __str__(self) -> str:
        gone = f"; it does not keep {', '.join(self.lost)}" if self.lost else ""
        return f"{self.path}: {self.frames:,} frames, {' -> '.join(self.formats)}{gone}"


def convert_file(
    source: PathLike,
    out: PathLike,
    *,
    hints: Hints | None = None,
    to: str | None = None,
    rename: Mapping[str, str] | None = None,
    overwrite: bool = False,
    on_progress: Callable[[float, float], None] | None = None,
) -> ConvertSummary:
    """Convert a pose file to another format.

    Parameters
    ----------
    source, out : path-like
        The file to read, and the one to write.
    hints : Hints, optional
        What only the user knows of the source, or wants of it.
    to : str, optional
        Format or ending to write; by default what the name of `out` says.
    rename : mapping of str to str, optional
        From joint names of the source to new ones.
    overwrite : bool
        Replace a file that is there already.
    on_progress : callable, optional
        Called with the frames done and their whole number; reading back counts as well.

    Returns
    -------
    ConvertSummary

    Raises
    ------
    ValueError
        No pose file, a hint that its format has no use for, joints to rename that are not there,
        poses that the new format does not hold, or `out` that is the source.
    FileExistsError
        `out` is there already.
    OSError
        A file cannot be read or written. Nothing half-written is left in any case.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> np.save(folder / "walk.npy", np.zeros((10, 2, 3)))
    >>> hints = Hints(joints=("hip", "knee"), unit="mm")
    >>> done = convert_file(folder / "walk.npy", folder / "walk.nc", hints=hints)
    >>> done.formats, done.frames, done.lost
    (('npy', 'movement'), 10, ())
    """
    given, say = hints or Hints(), on_progress or unheard
    file, target = existing_file(source, folders=True), new_file(out, overwrite)
    if target.exists() and file.samefile(target):
        raise ValueError(f"{file} would be written over by what comes of it; name another file.")
    format = find_writer(target, target_format(to)[0])
    tally = _Tally()
    with (
        _opened(file, given, rename or {}) as (about, chunks),
        writing(target, overwrite=overwrite, format=format.name) as stream,
    ):
        for part in chunks:
            tally.add(part)
            say(tally.frames, 2 * about.frames)
            stream.append(part)
    back = _Tally()
    lost = _lost(target, tally, _read_back(target, format.name, tally, back, say), back)
    return ConvertSummary(
        file, target, (about.format, format.name), tally.frames, tuple(lost), tally.swaps.found()
    )


def convert_files(
    sources: Sequence[PathLike],
    out: PathLike,
    *,
    folder: bool = False,
    to: str | None = None,
    overwrite: bool = False,
    on_progress: Callable[[float, float, str], None] | None = None,
    **asked: Any,
) -> list[ConvertSummary | Failed]:
    """Convert several files; one that fails does not stop the rest.

    Parameters
    ----------
    sources : sequence of path-like
        Pose files; see `liftpose.io.batch.gather` for patterns and folders.
    out : path-like
        For one, the file to write, or an existing folder; for several the folder, which is made.
    folder : bool
        Whether `out` is a folder even for one file.
    to : str, optional
        Format or ending to write; in a folder netCDF by default.
    overwrite : bool
        Replace files that are there already.
    on_progress : callable, optional
        Called with how much is done, of how much, and the name of the file.
    **asked
        See `convert_file`: hints, rename.

    Returns
    -------
    list of ConvertSummary or Failed
        One a file.

    Raises
    ------
    ValueError, OSError
        Before anything is written: two files that would become one, or one that is there already.
        See also `convert_file`, for a single one.
    """
    format, suffix = target_format(to)
    paths = [Path(source) for source in sources]
    files = outputs(paths, out, suffix or SUFFIX, folder)
    if len(files) > 1 or files[0] != Path(out):
        Path(out).mkdir(parents=True, exist_ok=True)
    for file in files:
        new_file(file, overwrite)

    def do(number: int, advance: Callable[[float, float], None]) -> ConvertSummary:
        return convert_file(
            paths[number],
            files[number],
            to=format,
            overwrite=overwrite,
            on_progress=advance,
            **asked,
        )

    return list(one_by_one(paths, do, on_progress))


@contextmanager
def _opened(
    file: Path, hints: Hints, rename: Mapping[str, str]
) -> Iterator[tuple[PosesInfo, Iterator[Poses | Lifted]]]:
    """Give what is in a file piece by piece; what was lifted with all that is known of it."""
    kind = find_reader(file, hints.format)
    if holds_lifted(file) and set(hints.said) <= {"format", "fps"}:
        lifted = read_lifted(file, fps=hints.fps)
        about = opened(kind.name, str(file), _positions(lifted)).about
        yield about, iter([_renamed(lifted, rename, file)])
        return
    with hints.open(file) as poses:
        yield (
            poses.about,
            (_renamed(part, rename, file) for part in poses.chunks(CHUNK)),
        )


def _renamed(part: Any, rename: Mapping[str, str], file: Path) -> Any:
    if not rename:
        return part
    old = Poses.from_experiments(
        np.zeros((1, part.joint_count, 2)), joints=part.joints, source_file=str(file)
    )
    names = [rename.get(name, name) for name in part.joints or ()]
    return replace(part, joints=old.matched(names, rename).joints)


def _positions(part: Poses | Lifted) -> Poses:
    """Give where the joints are, without what else is known of poses that were lifted."""
    if isinstance(part, Poses):
        return part
    shared = ("keys", "lengths", "joints", "confidence", "individuals", "fps", "unit", "frame")
    return Poses(part.position, part.position, **{name: getattr(part, name) for name in shared})


@dataclass
class _Tally:
    """What there is to be kept of poses, counted piece by piece."""

    frames: int = 0
    seen: int = 0
    amount: float = 0.0
    like: Any = None
    confidence: bool = False
    extra: set[str] = field(default_factory=set)
    keys: dict[Any, None] = field(default_factory=dict)
    swaps: SwapSearch = field(default_factory=SwapSearch)

    def add(self, part: Poses | Lifted) -> None:
        points = _positions(part).points
        there = np.isfinite(points)
        self.frames += part.frames
        self.seen += int(there.all(2).sum())
        self.amount += float(np.abs(points[there], dtype=np.float64).sum())
        self.like = part.part(0, 0) if self.like is None else self.like
        self.confidence |= part.confidence is not None and bool(np.isfinite(part.confidence).any())
        self.extra |= set(part.extra) if isinstance(part, Poses) else set()
        self.swaps.add(_positions(part))
        self.keys |= dict.fromkeys(part.keys)


def _read_back(
    target: Path,
    format: str,
    written: _Tally,
    back: _Tally,
    say: Callable[[float, float], None],
) -> str | None:
    """Read a new file as anybody else would; if that fails, say why."""
    hints = Hints(format=format, dims=written.like.dims)
    try:
        with open_poses(target, **hints.of_use(target).said) as poses:
            for part in poses.chunks(CHUNK):
                back.add(part)
                say(written.frames + back.frames, 2 * written.frames)
    except ValueError as error:
        return str(error)
    return None


def _lost(target: Path, written: _Tally, trouble: str | None, back: _Tally) -> Iterator[str]:
    """Name what a file does not hold of what was written to it."""
    if trouble is not None:
        yield f"what could be read back here ({trouble})"
        return
    ours, theirs = written.like, back.like
    if back.frames != written.frames:
        yield f"{written.frames - back.frames:,} of the frames"
    if back.seen != written.seen:
        yield f"which joints were seen ({written.seen:,} were, and {back.seen:,} come back)"
    elif abs(back.amount - written.amount) > _CLOSE * written.amount:
        yield "the numbers as they were"
    if len(back.keys) != len(written.keys):
        yield f"{len(written.keys)} experiments apart"
    for name, words in (
        ("joints", "the names of the joints"),
        ("individuals", "the names of the individuals"),
        ("fps", "frames per second"),
        ("unit", "the unit"),
        ("frame", "the frame of reference"),
        ("source_software", "the source software"),
    ):
        value = getattr(ours, name)
        # Pixels go without saying.
        if value is not None and value != getattr(theirs, name) and value != "px":
            yield words if isinstance(value, tuple) else f"{words} ({value})"
    if written.confidence and not back.confidence:
        yield "the confidence"
    yield from sorted(written.extra - back.extra)
    if isinstance(ours, Lifted) and not holds_lifted(target):
        there = [name for name in BESIDE if getattr(ours, name) is not None]
        yield from (name.replace("_", " ") for name in there)
    if dict(ours.provenance) != dict(theirs.provenance):
        yield "the provenance"
