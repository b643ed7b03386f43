"""Building a library from files to files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftpose.io.filmed import write_library
from liftpose.io.filmed.file import new_library
from liftpose.io.paths import new_file
from liftpose.library.building.build import build_library
from liftpose.library.building.drawing import draw_library
from liftpose.library.building.report import Report


@dataclass(frozen=True)
class BuiltFile:
    """A library that was written, and what came of building it.

    Parameters
    ----------
    path : pathlib.Path
        Of the library.
    figure : pathlib.Path or None
        Of the picture of the report.
    report : Report
    """

    path: Path
    figure: Path | None
    report: Report

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        figure = None if self.figure is None else str(self.figure)
        return {"path": str(self.path), "figure": figure, **self.report.as_dict()}

    def __str__(self) -> str:
        drawn = f"\nfigure: {self.figure}" if self.figure else ""
        return f"{self.path}: {self.report}{drawn}"


def build_library_file(
    calibration: str | os.PathLike[str],
    sources: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    figure: str | os.PathLike[str] | bool = True,
    overwrite: bool = False,
    **settings: Any,
) -> BuiltFile:
    """Build a library of 3D poses from the 2D of several cameras, and write it.

    Parameters
    ----------
    calibration, sources
        See `build_library`.
    out : path-like
        File to write, which ends in ``.library``.
    figure : path-like or bool
        Picture of the report: a ``.png``, beside the library (``fly.library.png``), or none.
    overwrite : bool
        Replace files that are there.
    **settings
        All others of `build_library`; by default the recording is called after the file.

    Returns
    -------
    BuiltFile

    Raises
    ------
    ValueError, TypeError, OSError
        See `build_library`; or an `out` that is there already, is one of the sources or has
        another ending. No file is left then.
    """
    target = new_library(out, overwrite)
    for file in (*map(Path, sources), Path(calibration)):
        if file.exists() and target.exists() and file.samefile(target):
            raise ValueError(f"{file} would be written over by the library that is built from it.")
    picture = _picture(target, figure, overwrite)
    built = build_library(calibration, sources, **({"name": target.stem} | settings))
    if picture is not None:
        draw_library(picture, built.library, built.report)
    try:
        write_library(built.library, target, overwrite=overwrite)
    except BaseException:
        if picture is not None:
            picture.unlink(missing_ok=True)
        raise
    return BuiltFile(target, picture, built.report)


def _picture(target: Path, figure: str | os.PathLike[str] | bool, overwrite: bool) -> Path | None:
    if figure is False:
        return None
    named = target.with_name(f"{target.name}.png") if figure is True else Path(figure)
    if named.suffix.lower() != ".png":
        raise ValueError(f"the figure {named} must end in .png.")
    return new_file(named, overwrite)
