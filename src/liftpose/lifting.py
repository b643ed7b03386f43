"""A pose file is lifted to a file, some frames at a time, however many there are."""

from __future__ import annotations

import os
import time
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.geometry.camera import Camera
from liftpose.io import open_poses, read_calibration, read_poses, writing
from liftpose.io.calibration import chosen, crops, framed, scales
from liftpose.lifter.lifter import Lifter
from liftpose.poses import Lifted, Poses
from liftpose.postprocess.length import as_length, size_factor
from liftpose.postprocess.placing import place

CHUNK = 8192
"""Frames read, lifted and written at a time."""

SUFFIX = ".nc"
"""Of files whose names nobody chose."""


@dataclass(frozen=True)
class LiftSummary:
    """What came of lifting a file.

    Parameters
    ----------
    source, path : pathlib.Path
        The 2D, and the 3D that was written.
    frames : int
        In both.
    seconds : float
        From opening one to closing the other.
    blind : int
        Frames in which nothing was seen, and which are NaN.
    missing : dict of str to float
        Share of the frames in which each joint was not seen in 2D, or too unsurely.
    unplaced : int, optional
        Where poses were put at their place, frames that have none.
    """

    source: Path
    path: Path
    frames: int
    seconds: float
    blind: int
    missing: dict[str, float]
    unplaced: int | None = None

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.frames / max(self.seconds, 1e-9)

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {
            "source": os.fspath(self.source),
            "path": os.fspath(self.path),
            "frames": self.frames,
            "seconds": self.seconds,
            "blind_frames": self.blind,
            "missing": self.missing,
            "unplaced_frames": self.unplaced,
        }

    def __str__(self) -> str:
        blind = f", {self.blind:,} of them blind" if self.blind else ""
        if self.unplaced:
            blind += f", {self.unplaced:,} without a place"
        return (
            f"{self.path}: {self.frames:,} frames{blind}, in {self.seconds:.1f} s "
            f"({self.rate:,.0f} frames/s)"
        )


def lift_file(
    lifter: Lifter,
    path_in: str | os.PathLike[str],
    path_out: str | os.PathLike[str],
    *,
    rename: Mapping[str, str] | None = None,
    by_order: bool = False,
    fps: float | None = None,
    overwrite: bool = False,
    camera: Camera | None = None,
    placed: bool = False,
    length: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> LiftSummary:
    """Lift a file of 2D poses to a file of 3D poses, in memory that does not grow with it.

    Parameters
    ----------
    lifter : Lifter
        A fitted one.
    path_in, path_out : path-like
        The 2D, and the netCDF file to write.
    rename : mapping of str to str, optional
        From joint names in the file to those of the lifter.
    by_order : bool
        Take the joints as they come in the file, whatever they are called.
    fps : float, optional
        Frames per second, where the file does not say.
    overwrite : bool
        Replace a file that is there already.
    camera : Camera, optional
        What filmed the 2D, for a lifter that learned with cameras; see `Lifter.lift`.
    placed : bool
        Put the poses where they are in the world, or in the camera's frame; see
        `liftpose.postprocess.place`.
    length : str, optional
        A known distance that sets the size of the poses, such as ``"nose-tailbase=85mm"``: of
        the two joints, the median over the whole file.
    on_progress : callable, optional
        Called with the frames done and their whole number.

    Returns
    -------
    LiftSummary

    Raises
    ------
    ValueError
        Joints that do not fit, with those that are missing and the closest there are; no 2D;
        joints far outside of the camera's image; or a file that is no pose file.
    FileExistsError
        `path_out` is there already.
    OSError
        A file cannot be read or written. Nothing half-written is left in any case.

    Warns
    -----
    UserWarning
        Pixels at which the camera's distortion cannot be inverted, with their number.
    """
    begin = time.perf_counter()
    source, target = Path(path_in), Path(path_out)
    joints, known = lifter.skeleton_known.joints, lifter.options.min_confidence
    unseen, blind, done, unreached = np.zeros(len(joints), dtype=np.int64), 0, 0, 0
    filmed = lifter.camera if camera is None else camera
    if placed and filmed is None:
        raise ValueError(
            "placing poses needs the camera that filmed them; name its calibration (--calibration)."
        )
    lost = 0
    factor, unit = 1.0, lifter.unit
    if length is not None:
        factor, unit = _size(lifter, source, length, rename, by_order, camera)
    with open_poses(source, fps=fps) as poses, writing(target, overwrite=overwrite) as out:
        for chunk in poses.chunks(CHUNK):
            part = as_learned(lifter, chunk, rename, by_order)
            sure = part.sure(known).points
            if isinstance(filmed, Camera):
                filmed.check_fits(sure, f"the joints of {source}")
                unreached += int(np.sum(filmed.unreached(sure)))
            lifted = lifter.lift(part, camera)
            if length is not None:
                lifted = _resized(lifted, factor, unit)
            if placed:
                there = place(lifted, part, filmed, min_confidence=known)
                lost += int((~there.placed).sum())
                lifted = replace(
                    there.lifted, provenance={**there.lifted.provenance, **lifted.provenance}
                )
            out.append(lifted)
            unseen += np.isnan(sure).any(axis=2).sum(axis=0)
            blind, done = blind + lifted.blind, done + part.frames
            if on_progress is not None:
                on_progress(done, poses.about.frames)
    if unreached and isinstance(filmed, Camera):
        called = "" if filmed.name is None else f" {filmed.name!r}"
        warnings.warn(
            f"{source}: the distortion of the camera{called} cannot be inverted at {unreached} "
            f"pixels, which count as not seen.",
            stacklevel=2,
        )
    missing = dict(zip(joints, (unseen / max(done, 1)).tolist(), strict=True))
    seconds = time.perf_counter() - begin
    return LiftSummary(source, target, done, seconds, blind, missing, lost if placed else None)


def _size(
    lifter: Lifter,
    source: Path,
    length: str,
    rename: Mapping[str, str] | None,
    by_order: bool,
    camera: Camera | None,
) -> tuple[float, str | None]:
    """Factor that a known distance gives, and the unit after it, from all frames of a file."""
    known = as_length(length, lifter.skeleton_known.joints)
    pair, ends = list(known.joints), []
    with open_poses(source) as poses:
        for chunk in poses.chunks(CHUNK):
            lifted = lifter.lift(as_learned(lifter, chunk, rename, by_order), camera)
            ends.append(lifted.position[:, pair])
    both = np.concatenate(ends)
    two = Lifted(both, both, ("",), (len(both),), known.names, unit=lifter.unit)
    return size_factor(two, replace(known, joints=(0, 1)))


def _resized(lifted: Lifted, factor: float, unit: str | None) -> Lifted:
    scale = np.float32(factor)
    return replace(
        lifted,
        position=lifted.position * scale,
        root_relative=lifted.root_relative * scale,
        spread=None if lifted.spread is None else lifted.spread * scale,
        unit=unit,
        provenance={**lifted.provenance, "size_factor": repr(factor)},
    )


def lift_files(
    lifter: Lifter,
    sources: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    rename: Mapping[str, str] | None = None,
    by_order: bool = False,
    fps: float | None = None,
    overwrite: bool = False,
    camera: Camera | None = None,
    placed: bool = False,
    length: str | None = None,
    on_progress: Callable[[float, float, str], None] | None = None,
) -> list[LiftSummary]:
    """Lift several files, after looking whether all of them can be lifted.

    Parameters
    ----------
    lifter : Lifter
        A fitted one.
    sources : sequence of path-like
        Files of 2D poses.
    out : path-like
        See `outputs`.
    rename, by_order, fps, overwrite, camera, placed, length
        See `lift_file`.
    on_progress : callable, optional
        Called with the frames done, their whole number, and the name of the file.

    Returns
    -------
    list of LiftSummary
        One a file.

    Raises
    ------
    ValueError, OSError
        See `lift_file` and `outputs`.
    """
    files = outputs(sources, out, overwrite)
    frames = [_frames(lifter, Path(source), rename, by_order) for source in sources]
    whole, done = sum(frames), []
    if len(files) > 1:
        Path(out).mkdir(parents=True, exist_ok=True)
    for number, (source, file) in enumerate(zip(sources, files, strict=True)):
        before, name = sum(frames[:number]), Path(source).name

        def advance(now: int, _: int, before: int = before, name: str = name) -> None:
            if on_progress is not None:
                on_progress(before + now, whole, name)

        done.append(
            lift_file(
                lifter,
                source,
                file,
                rename=rename,
                by_order=by_order,
                fps=fps,
                overwrite=overwrite,
                camera=camera,
                placed=placed,
                length=length,
                on_progress=advance,
            )
        )
    return done


def _frames(lifter: Lifter, source: Path, rename: Mapping[str, str] | None, by_order: bool) -> int:
    """Number of frames of a file whose joints fit."""
    with open_poses(source) as poses:
        if poses.about.dims != 2:
            raise ValueError(f"{source} holds {poses.about.dims}D poses; expected 2D ones.")
        for chunk in poses.chunks(1):
            as_learned(lifter, chunk, rename, by_order)
            break
        return int(poses.about.frames)


def read_for(
    lifter: Lifter,
    path: str | os.PathLike[str],
    rename: Mapping[str, str] | None = None,
    by_order: bool = False,
) -> Poses:
    """Read a pose file and give the joints of a lifter, in its order; see `as_learned`."""
    poses = read_poses(path)
    there = poses.joints or ()
    # 2D and 3D may come from programs that name joints differently, and have one table.
    return as_learned(
        lifter, poses, {old: new for old, new in (rename or {}).items() if old in there}, by_order
    )


def camera_of(
    lifter: Lifter,
    calibration: str | os.PathLike[str] | None = None,
    name: str | None = None,
    crop: str | Sequence[str] | None = None,
    scale: float | str | Sequence[str] | None = None,
) -> Camera | None:
    """Give the camera that filmed what is to be lifted.

    Parameters
    ----------
    lifter : Lifter
        A fitted one, whose camera it is where no calibration is named.
    calibration : path-like, optional
        A calibration file; see `liftpose.io.read_calibration`.
    name : str, optional
        Which of its cameras; needed where there are several.
    crop : str or sequence of str, optional
        ``"x,y,width,height"``: the part of the calibrated image that the video shows, in pixels;
        or ``"NAME:x,y,width,height"`` for the camera of that name.
    scale : float, str or sequence of str, optional
        Pixels of the video per pixel of the calibrated image, or of the part that `crop` says; or
        ``"NAME:factor"``.

    Returns
    -------
    Camera or None
        None where nothing is said of it.

    Raises
    ------
    ValueError
        A calibration that cannot be read or has no such camera, a crop or scale that is none, or
        one for a lifter that knows no camera.
    """
    boxes, factors = crops(crop), scales(scale)
    if calibration is None:
        if name is not None:
            raise ValueError(f"--camera {name} is a camera of a calibration; name that, too.")
        if not boxes and not factors:
            return None
        if not isinstance(lifter.camera, Camera):
            raise ValueError(
                "--crop and --scale change a camera, and the lifter has not one; name the "
                "calibration of the video, too."
            )
        filmed, known = lifter.camera, [lifter.camera.name] if lifter.camera.name else []
    else:
        cameras = read_calibration(calibration)
        filmed, known = chosen(cameras, name, os.fspath(calibration)), list(cameras)
    called = filmed.name or ""
    return framed({called: filmed}, boxes, factors, known=known)[called]


def read_renames(
    pairs: Sequence[str], table: str | os.PathLike[str] | None = None
) -> dict[str, str]:
    """Read which joints are called otherwise.

    Parameters
    ----------
    pairs : sequence of str
        Each ``"old=new"``.
    table : path-like, optional
        A TOML file with a line ``old = "new"`` for each joint.

    Returns
    -------
    dict of str to str

    Raises
    ------
    ValueError
        A pair without ``=``, a joint that is renamed twice, or a table that is none.

    Examples
    --------
    >>> read_renames(["paw=hand", "snout=nose"])
    {'paw': 'hand', 'snout': 'nose'}
    """
    found: dict[str, str] = {}
    if table is not None:
        file = Path(table)
        try:
            found |= tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{file} is no TOML: {error}.") from None
        wrong = [key for key, value in found.items() if not isinstance(value, str)]
        if wrong:
            raise ValueError(f'{file}: {wrong[0]} is no name; expected {wrong[0]} = "new name".')
    for pair in pairs:
        old, equals, new = pair.partition("=")
        if not (old and equals and new):
            raise ValueError(f"--rename {pair}: expected old=new, such as paw=hand.")
        if found.setdefault(old, new) != new:
            raise ValueError(f"joint {old!r} is renamed to both {found[old]!r} and {new!r}.")
    return found


def as_learned(
    lifter: Lifter,
    poses: Poses,
    rename: Mapping[str, str] | None = None,
    by_order: bool = False,
) -> Poses:
    """Give poses with the joints of a lifter, in its order.

    Parameters
    ----------
    lifter : Lifter
        A fitted one.
    poses : Poses
        With more joints, or in another order.
    rename : mapping of str to str, optional
        From joint names of the poses to those of the lifter.
    by_order : bool
        Take the joints as they come, whatever they are called. That needs no asking where neither
        side has names.

    Returns
    -------
    Poses

    Raises
    ------
    ValueError
        Joints that are missing, with the closest there are, or no names.
    """
    joints = lifter.skeleton_known.joints
    nameless = poses.joints is None and joints == tuple(map(str, range(len(joints))))
    return poses.matched(joints, rename, by_order or nameless)


def outputs(
    sources: Sequence[str | os.PathLike[str]], out: str | os.PathLike[str], overwrite: bool = False
) -> list[Path]:
    """Name the file that each pose file is lifted to.

    Parameters
    ----------
    sources : sequence of path-like
        Files of 2D poses.
    out : path-like
        For one, the file to write, or an existing folder; for several the folder, which is made.
    overwrite : bool
        Whether files that are there already are replaced.

    Returns
    -------
    list of pathlib.Path
        In a folder they have the names of the sources, and the ending ``.nc``.

    Raises
    ------
    ValueError
        Two sources of the same name, or a source that would be written over.
    FileExistsError
        A file is there already, or a file where a folder is meant.
    """
    paths, target = [Path(source) for source in sources], Path(out)
    if len(paths) == 1 and not target.is_dir():
        files = [target]
    else:
        if target.exists() and not target.is_dir():
            raise FileExistsError(
                f"{target} is a file; {len(paths)} pose files need a folder to go to."
            )
        names = [path.stem + SUFFIX for path in paths]
        twice = [name for name, number in Counter(names).items() if number > 1]
        if twice:
            raise ValueError(f"two of the pose files would be written to {target / twice[0]}.")
        files = [target / name for name in names]
    for path, file in zip(paths, files, strict=True):
        if file.exists() and path.exists() and file.samefile(path):
            raise ValueError(f"{path} would be written over by what is lifted from it.")
        if file.exists() and not overwrite:
            raise FileExistsError(f"{file} is there already; use --overwrite to replace it.")
    return files
