"""A report on lifted poses: one page that says how good they are, and how far to believe them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftpose.files import replacing
from liftpose.io.paths import existing_file, new_file
from liftpose.lifter.checkpoint import BEST, OPTIONS
from liftpose.lifter.published import is_published
from liftpose.lifter.skeletons import read_skeleton
from liftpose.plot.report import page
from liftpose.reporting.gathered import Gathered
from liftpose.reporting.of_file import gather_file
from liftpose.reporting.of_run import gather_run
from liftpose.reporting.shown import MOST, findings, kept_rows
from liftpose.terminal import plain, unheard

__all__ = ["Report", "report_file"]

PathLike = str | os.PathLike[str]

LARGEST = 8_000_000
"""Bytes of a page: more than that, many mails do not carry."""


@dataclass(frozen=True)
class Report:
    """A page that was written.

    Parameters
    ----------
    source, path : pathlib.Path
        What it is about, and the page.
    answer : str
        Its first sentences.
    frames, shown : int
        How many frames it is about, and how many of them the player shows.
    size : int
        Bytes of the page.
    numbers : dict
        What its headline says, unrounded.
    """

    source: Path
    path: Path
    answer: str
    frames: int
    shown: int
    size: int
    numbers: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {
            "source": os.fspath(self.source),
            "path": os.fspath(self.path),
            "answer": self.answer,
            "frames": self.frames,
            "frames_in_player": self.shown,
            "bytes": self.size,
            **self.numbers,
        }

    def __str__(self) -> str:
        left = "" if self.shown == self.frames else f", of which the player shows {self.shown:,}"
        size = f"{self.size / 1e6:.1f} MB"
        return (
            f"{self.answer}\n{self.path}: {self.frames:,} frames{left}; {size}, open in a browser."
        )


def report_file(
    source: PathLike,
    out: PathLike,
    *,
    truth: PathLike | None = None,
    poses_2d: PathLike | None = None,
    skeleton: PathLike | None = None,
    title: str | None = None,
    frames: tuple[int, int | None] | None = None,
    overwrite: bool = False,
    on_progress: Callable[[float, float, str], None] | None = None,
) -> Report:
    """Write a page on how good lifted poses are, how far to believe them, and what was done.

    Parameters
    ----------
    source : path-like
        The folder of a run that was tested; or a file of lifted poses.
    out : path-like
        The page, which needs no other file.
    truth, poses_2d : path-like, optional
        With a file of poses: 3D and 2D of the same frames. Without them, what they would tell is
        said to be unknown.
    skeleton : path-like, optional
        With a file of poses: a skeleton, or a lifter, instead of the one that the file carries.
    title : str, optional
        Of the page; by default it names the source.
    frames : tuple of int and int or None, optional
        First and last frame that the player shows. Numbers, tables and figures are of all frames.
    overwrite : bool
        Replace a file that is there already.
    on_progress : callable, optional
        Called with how much is done, of how much, and what is going on.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        A run that was not tested, files that do not fit each other, or frames that are not there.
    FileNotFoundError, FileExistsError
        There is no such source, or a page is there already.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from liftpose.io import write_poses
    >>> from liftpose.poses import Lifted
    >>> folder = Path(tempfile.mkdtemp())
    >>> still = np.zeros((9, 2, 3), np.float32)
    >>> lifted = Lifted(still, still, ("walk",), (9,), joints=("hip", "knee"), unit="mm")
    >>> _ = write_poses(lifted, folder / "walk.nc")
    >>> report_file(folder / "walk.nc", folder / "walk.html").frames
    9
    """
    target, say = new_file(out, overwrite), on_progress or unheard
    say(0, 10, "reading and lifting")
    of = _gather(Path(source), truth, poses_2d, skeleton)
    if not of.frames:
        raise ValueError(f"{source} has no frames.")
    say(6, 10, "measuring")
    most = MOST
    while True:
        rows = kept_rows(of, frames, most)
        shown = findings(of, title or f"{of.source.name}: 3D poses", rows)
        say(8, 10, "writing")
        html = page(shown).encode("utf-8")
        if len(html) <= LARGEST or len(rows) <= len(of.lengths):
            break
        # Fewer frames, as many as fit by what these weigh.
        most = int(0.9 * len(rows) * of.skeleton.joint_count * LARGEST / len(html))
    with replacing(target) as beside:
        beside.write_bytes(html)
    say(10, 10, "")
    return Report(
        of.source, target, shown.answer, of.frames, len(rows), len(html), plain(shown.numbers)
    )


def _gather(
    source: Path, truth: PathLike | None, poses_2d: PathLike | None, skeleton: PathLike | None
) -> Gathered:
    if source.is_dir() and ((source / OPTIONS).is_file() or (source / BEST).is_file()
                            or is_published(source)):  # fmt: skip
        given = {"--truth": truth, "--poses-2d": poses_2d, "--skeleton": skeleton}
        named = [name for name, value in given.items() if value is not None]
        if named:
            raise ValueError(
                f"{source} is the folder of a run, which is reported on as it was tested; "
                f"{', '.join(named)} goes with a file of lifted poses."
            )
        return gather_run(source)
    if source.is_dir():
        raise ValueError(
            f"{source} is no folder of a run: it has no {OPTIONS}. Name the out_dir of a training, "
            "or a file of lifted poses."
        )
    file = existing_file(source)
    body = None if skeleton is None else read_skeleton(skeleton)
    deep, flat = (None if path is None else Path(path) for path in (truth, poses_2d))
    return gather_file(file, deep, flat, body)
