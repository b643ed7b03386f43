"""Training on a library from files, as the command line asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from liftpose.io import read_calibration
from liftpose.io.calibration import chosen, framed
from liftpose.io.filmed import is_library, read_library
from liftpose.library.filmed_training import FromFilmed, train_from_filmed
from liftpose.library.training import FromLibrary, train_from_library
from liftpose.lifter.opt import Options
from liftpose.lifter.run import Epoch
from liftpose.skeleton import Skeleton

if TYPE_CHECKING:
    from liftpose.geometry.camera import Camera


def train_file_from_library(
    library: str,
    out: Path,
    *,
    calibration: Path | None = None,
    camera: str | None = None,
    crop: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    scale: Mapping[str, float] | float | None = None,
    weak_perspective: bool = False,
    tracker: Path | None = None,
    skeleton: Path | None = None,
    elevation: str = "20..60",
    azimuth: str = "-180..180",
    length: str | None = None,
    simulated: bool = False,
    effort: str | None = None,
    rename: Mapping[str, str] | None = None,
    overwrite: bool = False,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> tuple[FromLibrary | FromFilmed, Path]:
    """Train a lifter on a library, and write it to a file.

    A library with its cameras (``.library``) needs nothing else: the lifter learns from what one
    of them saw. With a calibration, or seen from far away, it counts as 3D poses alone.

    Parameters
    ----------
    library : str
        Name of a species, a file of 3D poses, or a library with its cameras.
    out : pathlib.Path
        File to write the lifter to.
    calibration : pathlib.Path, optional
        Calibration file; all of its cameras are used, or the one named by `camera`.
    camera : str, optional
        Name of a camera in it; without a calibration one of those of the library.
    crop, scale
        How the videos were cropped, and then resized, against the calibration: all alike, or each
        by the name of its camera; see `liftpose.io.calibration.framed`.
    weak_perspective : bool
        Without a calibration; see `train_from_library`.
    tracker : pathlib.Path, optional
        File of 2D poses as they will be lifted.
    skeleton : pathlib.Path, optional
        Skeleton file of a library that is a file.
    elevation, azimuth : str
        Ranges in degrees, written ``"20..60"``.
    length : str, optional
        A known distance, such as ``"nose-tailbase=85mm"``.
    simulated : bool
        Whether a species is the simulated animal of that name.
    effort : str, optional
        ``"fast"``, ``"default"`` or ``"best"``.
    rename : mapping of str to str, optional
        From the tracker's names to those of the library.
    overwrite : bool
        Whether `out` is replaced.
    on_epoch : callable, optional
        See `liftpose.Lifter.fit`.

    Returns
    -------
    found : FromLibrary or FromFilmed
    path : pathlib.Path
        Where the lifter is.

    Raises
    ------
    ValueError, OSError
        As `train_from_library`, and a range that is none, a crop or scale without a calibration,
        or an `out` that is there already.
    """
    if out.exists() and not overwrite:
        raise FileExistsError(f"{out} is there already; use --overwrite to replace it.")
    filmed_too = is_library(library)
    if filmed_too and calibration is None and not weak_perspective:
        if crop or scale or simulated or skeleton is not None:
            raise ValueError(
                f"{library} has its own cameras and skeleton; --crop, --scale, --simulated and "
                "--skeleton say nothing here (with --calibration they do)."
            )
        own = train_from_filmed(
            read_library(library),
            camera,
            tracker=tracker,
            rename=rename,
            length=length,
            called=f"the library {library}",
            on_epoch=on_epoch,
            effort=effort or Options.effort,
        )
        return own, own.lifter.save(out, overwrite=overwrite)
    body = None if skeleton is None else Skeleton.read(skeleton)
    if filmed_too and body is None:
        body = read_library(library).skeleton
    if calibration is None and (camera is not None or crop or scale):
        raise ValueError(
            "--camera, --crop and --scale are of the cameras of a calibration; name that, too."
        )
    filmed = None if calibration is None else _filmed(calibration, camera, crop, scale)
    found = train_from_library(
        library,
        filmed,
        weak_perspective=weak_perspective,
        tracker=tracker,
        rename=rename,
        skeleton=body,
        elevation=as_range("elevation", elevation),
        azimuth=as_range("azimuth", azimuth),
        length=length,
        kind="simulated" if simulated else "anatomical",
        on_epoch=on_epoch,
        effort=effort or Options.effort,
    )
    return found, found.lifter.save(out, overwrite=overwrite)


def _filmed(
    calibration: Path,
    name: str | None,
    crop: Mapping[str, Sequence[float]] | Sequence[float] | None,
    scale: Mapping[str, float] | float | None,
) -> dict[str, Camera]:
    known = read_calibration(calibration)
    if name is None:
        return framed(known, crop, scale)
    one = chosen(known, name, str(calibration))
    return framed({name: one}, crop, scale, known=known)


def as_range(name: str, text: str) -> tuple[float, float]:
    """Read a range that is written ``low..high``.

    Parameters
    ----------
    name : str
        What errors call it.
    text : str
        Such as ``"20..60"``.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        Something else.

    Examples
    --------
    >>> as_range("elevation", "-10..35.5")
    (-10.0, 35.5)
    """
    low, dots, high = text.partition("..")
    try:
        found = float(low), float(high)
    except ValueError:
        found = (1.0, 0.0)
    if not dots or found[0] > found[1]:
        raise ValueError(f"{name} is {text!r}; expected a range such as 20..60.")
    return found
