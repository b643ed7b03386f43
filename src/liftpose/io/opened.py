"""What a pose file holds, and its poses a few frames at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from liftpose.poses import Key, Lifted, Poses
from liftpose.poses.given import Floats
from liftpose.poses.layout.to_dataset import side_by_side

TABLES = ("position", "spread", "novelty", "confidence")
"""What may be read of a file row by row."""


@dataclass(frozen=True)
class PosesInfo:
    """What a pose file says of itself.

    Parameters
    ----------
    format : str
        Name of the format, as in `liftpose.io.formats()`.
    path : str
        Of the file.
    frames : int
        Rows N, of all experiments.
    joint_count : int
        Number of joints J.
    dims : int
        2 or 3.
    keys : tuple
        Name of each experiment.
    lengths : tuple of int
        Frames of each experiment.
    joints : tuple of str, optional
        Name of each joint.
    individuals : tuple of str, optional
        The individual of each experiment.
    has_confidence : bool
        Whether it says how sure the tracker was.
    fps : float, optional
        Frames per second.
    unit, frame, source_software, source_file : str, optional
        See `liftpose.Poses`.
    """

    format: str
    path: str
    frames: int
    joint_count: int
    dims: int
    keys: tuple[Key, ...]
    lengths: tuple[int, ...]
    joints: tuple[str, ...] | None = None
    individuals: tuple[str, ...] | None = None
    has_confidence: bool = False
    fps: float | None = None
    unit: str | None = None
    frame: str | None = None
    source_software: str | None = None
    source_file: str | None = None


@dataclass(frozen=True)
class OpenedPoses:
    """A pose file that is open.

    Parameters
    ----------
    about : PosesInfo
        What it holds.
    piecewise : callable
        From a number of rows to an iterator of poses of at most so many, or of one frame of every
        individual where that is more.
    """

    about: PosesInfo
    piecewise: Callable[[int], Iterator[Poses]]

    def chunks(self, size: int = 10_000) -> Iterator[Poses]:
        """Give the poses a few at a time.

        Parameters
        ----------
        size : int
            Rows that may be in memory at a time.

        Yields
        ------
        Poses
            Part of one experiment; or, where individuals were filmed together, the same frames of
            all of them.

        Raises
        ------
        ValueError
            A size below 1.

        Examples
        --------
        >>> import numpy as np
        >>> walks = Poses.from_experiments({"a": np.zeros((5, 2, 2)), "b": np.ones((2, 2, 2))})
        >>> [chunk.lengths for chunk in opened("arrays", "walks.npz", walks).chunks(3)]
        [(3,), (2,), (2,)]
        """
        if size < 1:
            raise ValueError(f"chunks of {size} rows; expected 1 or more.")
        return self.piecewise(size)


@dataclass(frozen=True)
class SlicedPoses:
    """A pose file of which any rows can be read.

    Parameters
    ----------
    about : PosesInfo
        What it holds.
    tables : tuple of str
        Those of `TABLES` that are there; position always is.
    provenance : mapping of str to str
        Where the poses come from, as `Poses` and `Lifted` have it.
    rows : callable
        From the name of a table, the first row and the one after the last to an array: positions
        and spread of shape (n, J, D), confidence (n, J), novelty (n,).
    in_memory : bool
        Whether all of it was read, since its format cannot be read in places.
    """

    about: PosesInfo
    tables: tuple[str, ...]
    provenance: Mapping[str, str]
    rows: Callable[[str, int, int], Floats]
    in_memory: bool = False

    def lifted(self, start: int, stop: int) -> Lifted:
        """Give some rows as lifted poses.

        Parameters
        ----------
        start, stop : int
            First row and the one after the last; none may be missing, for their skeleton alone.

        Returns
        -------
        Lifted
            Its `root_relative` is NaN.
        """
        about = self.about
        position = self.rows("position", start, stop)
        known: dict[str, Any] = {
            name: self.rows(name, start, stop) for name in self.tables if name != "position"
        }
        begins = [sum(about.lengths[:number]) for number in range(len(about.lengths))]
        spans = [
            max(0, min(begin + length, stop) - max(begin, start))
            for begin, length in zip(begins, about.lengths, strict=True)
        ]
        left = [number for number, count in enumerate(spans) if count]
        who = about.individuals
        return Lifted(
            position,
            position * float("nan"),
            tuple(about.keys[number] for number in left),
            tuple(spans[number] for number in left),
            joints=about.joints,
            individuals=None if who is None else tuple(who[number] for number in left),
            fps=about.fps,
            unit=about.unit,
            frame=about.frame,
            provenance=self.provenance,
            **known,
        )


def opened(format: str, path: str, poses: Poses) -> OpenedPoses:
    """Give poses that are all in memory as an open file.

    Parameters
    ----------
    format, path : str
        As in `PosesInfo`.
    poses : Poses
        All of the file.

    Returns
    -------
    OpenedPoses
    """
    return OpenedPoses(info_of(format, path, poses), lambda size: _pieces(poses, size))


def info_of(format: str, path: str, poses: Poses | Lifted) -> PosesInfo:
    """Say of poses that are in memory what their file would say.

    Parameters
    ----------
    format, path : str
        As in `PosesInfo`.
    poses : Poses or Lifted
        All of the file.

    Returns
    -------
    PosesInfo
    """
    return PosesInfo(
        format,
        path,
        poses.frames,
        poses.joint_count,
        poses.dims,
        poses.keys,
        poses.lengths,
        poses.joints,
        poses.individuals,
        poses.confidence is not None,
        poses.fps,
        poses.unit,
        poses.frame,
        poses.source_software,
        poses.source_file,
    )


def _pieces(poses: Poses, size: int) -> Iterator[Poses]:
    """Cut poses so that no piece mixes frames of one experiment with later ones of another."""
    if side_by_side(poses):
        count, frames = len(poses.keys), poses.lengths[0]
        for start, stop in spans(frames, max(size // count, 1)):
            together = [poses.part(k * frames + start, k * frames + stop) for k in range(count)]
            yield Poses.joined(together)
        return
    begin = 0
    for length in poses.lengths:
        for start, stop in spans(length, size):
            yield poses.part(begin + start, begin + stop)
        begin += length


def spans(count: int, size: int) -> list[tuple[int, int]]:
    """Cut a number of rows into spans.

    Parameters
    ----------
    count, size : int
        Rows in all, and in each but the last.

    Returns
    -------
    list of tuple of int
        First row of each, and the one after its last.

    Examples
    --------
    >>> spans(5, 2)
    [(0, 2), (2, 4), (4, 5)]
    """
    return [(start, min(start + size, count)) for start in range(0, count, size)]
