"""Pose files of several cameras become one file of 3D poses."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import liftpose
from liftpose.geometry.camera import Camera
from liftpose.geometry.triangulation import Triangulated, triangulate
from liftpose.io import read_calibration, writing
from liftpose.io.calibration import framed
from liftpose.io.hints import Hints
from liftpose.lifter.opt import Options
from liftpose.names import closest, listed
from liftpose.poses import Poses
from liftpose.poses.lifted import inherited

_LETTERS = 3
"""Names of fewer letters are found in every file name."""


@dataclass(frozen=True)
class TriangulateSummary:
    """What came of triangulating.

    Parameters
    ----------
    path : pathlib.Path
        The 3D that was written.
    frames, joints : int
        In it.
    sources : dict of str to pathlib.Path
        The 2D of each camera.
    errors : dict of str to float
        Of each camera the median distance of its pixels from where the 3D is shown, in pixels.
    left_out : dict of str to float
        Share of each camera's pixels that did not agree with the others.
    noise : float
        Standard deviation of a coordinate of the pixels that do, in pixels; NaN where no joint was
        seen by three cameras.
    missing : float
        Share of the joints of all frames without 3D.
    behind : int
        How many of those would have been behind a camera.
    behind_each : dict of str to int
        How many behind each.
    unreached : dict of str to int
        How many pixels of each camera count as not seen since its distortion cannot be inverted
        there.
    """

    path: Path
    frames: int
    joints: int
    sources: dict[str, Path]
    errors: dict[str, float]
    left_out: dict[str, float]
    noise: float
    missing: float
    behind: int
    behind_each: dict[str, int]
    unreached: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {
            "path": os.fspath(self.path),
            "frames": self.frames,
            "joints": self.joints,
            "sources": {name: os.fspath(file) for name, file in self.sources.items()},
            "reprojection_error": self.errors,
            "left_out": self.left_out,
            "noise": self.noise,
            "missing": self.missing,
            "behind": self.behind,
            "behind_each": self.behind_each,
            "unreached": self.unreached,
        }

    def __str__(self) -> str:
        behind = f", {self.behind:,} of them behind a camera" if self.behind else ""
        head = (
            f"{self.path}: {self.frames:,} frames of {self.joints} joints, "
            f"{100 * self.missing:.1f} % without 3D{behind}"
        )
        return "\n".join([head, *map(self._of_camera, self.sources)])

    def _of_camera(self, name: str) -> str:
        width = max(map(len, self.sources))
        behind = f", {self.behind_each[name]:,} behind it" if self.behind_each[name] else ""
        return (
            f"  {name:<{width}}  {self.errors[name]:6.2f} px off (median), "
            f"{100 * self.left_out[name]:4.1f} % left out{behind}  {self.sources[name]}"
        )


def triangulate_files(
    calibration: str | os.PathLike[str],
    sources: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    camera_names: Sequence[str] | None = None,
    crop: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    scale: Mapping[str, float] | float | None = None,
    unit: str | None = None,
    fps: float | None = None,
    min_confidence: float = Options.min_confidence,
    overwrite: bool = False,
    on_progress: Callable[[float, float, str], None] | None = None,
) -> TriangulateSummary:
    """Triangulate files of 2D poses, one of each camera, and write the 3D.

    Parameters
    ----------
    calibration : path-like
        See `liftpose.io.read_calibration`.
    sources : sequence of path-like
        Files of 2D poses of the same frames. Joints are matched by name to those of the first.
    out : path-like
        The file to write.
    camera_names : sequence of str, optional
        Which camera filmed each file. Without it, that whose name is in the file's name, if that
        is so of every file; else, where no file's name says otherwise, the cameras in the order of
        the calibration, all of them.
    crop, scale
        How the videos were cropped, and then resized, against the calibration: all alike, or each
        by the name of its camera; see `liftpose.io.calibration.framed`.
    unit : str, optional
        What the calibration measures in; calibration files do not say.
    fps : float, optional
        Frames per second, where the files do not say.
    min_confidence : float
        A joint of less confidence counts as not seen. What is left is weighted by it.
    overwrite : bool
        Replace a file that is there already.
    on_progress : callable, optional
        Called with how much is done, of how much, and what is going on.

    Returns
    -------
    TriangulateSummary

    Raises
    ------
    ValueError
        A file that is none of 2D poses or does not fit the others, a camera that the calibration
        does not have, joints far outside of a camera's image, or an `out` that is one of the
        sources.
    FileExistsError
        `out` is there already.
    OSError
        A file cannot be read or written.

    Warns
    -----
    UserWarning
        Pixels at which a camera's distortion cannot be inverted, with their number and the file;
        and see `liftpose.triangulate`.
    """
    known = read_calibration(calibration)
    files = [Path(source) for source in sources]
    names = _cameras_of(files, known, camera_names, Path(calibration))
    cameras = framed({name: known[name] for name in names}, crop, scale, known=known)
    for file in (*files, Path(calibration)):
        if file.exists() and Path(out).exists() and file.samefile(out):
            raise ValueError(f"{file} would be written over by the 3D that is found from it.")
    say = on_progress or _unheard
    with writing(out, overwrite=overwrite) as target:
        poses = _matching(files, fps, say)
        seen, unreached = {}, {}
        for name, file, each in zip(names, files, poses, strict=True):
            sure = each.sure(min_confidence)
            cameras[name].check_fits(sure.points, f"the joints of {file}")
            seen[name], unreached[name] = _reached(sure, cameras[name], file)
        say(len(files), 4 * len(files), "triangulating")
        found = triangulate(seen, cameras)
        done = {
            "liftpose_version": str(liftpose.__version__),
            "triangulation": json.dumps(
                {
                    "calibration": Path(calibration).name,
                    "poses": {name: file.name for name, file in zip(names, files, strict=True)},
                    "min_confidence": min_confidence,
                    "crop": _plain(crop),
                    "scale": _plain(scale),
                }
            ),
        }
        target.append(_deep(poses[0], found, unit, done))
    say(1, 1, "")
    return _summary(Path(out), dict(zip(names, files, strict=True)), found, unreached)


def _cameras_of(
    files: Sequence[Path],
    cameras: Mapping[str, Camera],
    given: Sequence[str] | None,
    calibration: Path,
) -> list[str]:
    if len(files) < 2:
        raise ValueError(f"triangulation needs the poses of two cameras or more; got {len(files)}.")
    if given is None:
        return _by_file_name(files, list(cameras), calibration)
    if len(given) != len(files):
        raise ValueError(f"{len(given)} camera names are given for {len(files)} pose files.")
    for name in given:
        if name not in cameras:
            raise ValueError(f"{calibration} has no camera {name!r}.{closest(name, cameras)}")
        if given.count(name) > 1:
            raise ValueError(f"camera {name!r} is named for {given.count(name)} pose files.")
    return list(given)


def _by_file_name(files: Sequence[Path], cameras: list[str], calibration: Path) -> list[str]:
    """Camera of each file: the one in its name, or for names that say nothing, the next one."""
    own = [_named_in(file.stem, cameras) for file in files]
    said = [name for name in own if name is not None]
    if len(said) == len(set(said)) == len(files):
        return said
    if len(files) != len(cameras):
        raise ValueError(
            f"{calibration} has {len(cameras)} cameras, {listed(cameras)}, and there "
            f"are {len(files)} pose files; say with --camera-names which filmed each."
        )
    # What every file is called, such as the laptop it was filmed with, tells none from another.
    telling = len(said) < len(files) or len(set(said)) > 1
    for file, name, turn in zip(files, own, cameras, strict=True):
        if telling and name not in (None, turn):
            raise ValueError(
                f"{file.name} sounds like camera {name!r}, and is given in the place of camera "
                f"{turn!r} of {calibration}; say with --camera-names which filmed each file."
            )
    return cameras


def _named_in(stem: str, cameras: Sequence[str]) -> str | None:
    """The one camera whose name is in that of a file, a longer name before one within it."""
    there = [name for name in cameras if len(name) >= _LETTERS and _is_in(name, stem)]
    inner = {name for name in there for other in there if name != other and name in other}
    longest = [name for name in there if name not in inner]
    return longest[0] if len(longest) == 1 else None


def _is_in(name: str, stem: str) -> bool:
    """Whether a camera is named; Cam1 is not in Cam10."""
    before, after = (r"(?<!\d)" * name[0].isdigit(), r"(?!\d)" * name[-1].isdigit())
    return re.search(before + re.escape(name) + after, stem) is not None


def _reached(poses: Poses, camera: Camera, file: Path) -> tuple[Poses, int]:
    """Take out pixels that the lens does not reach, and say how many they are."""
    lost = np.asarray(camera.unreached(poses.points))
    count = int(lost.sum())
    if not count:
        return poses, 0
    warnings.warn(
        f"{file}: the distortion of camera {camera.name!r} cannot be inverted at {count} of "
        f"{np.isfinite(poses.points).all(axis=2).sum()} pixels, which count as not seen.",
        stacklevel=3,
    )
    return replace(poses, points=np.where(lost[..., None], np.nan, poses.points)), count


def _unheard(done: float, whole: float, what: str) -> None:
    """Progress that nobody watches."""


def _plain(value: Any) -> Any:
    """Crops and scales as JSON takes them."""
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    return np.asarray(value).tolist() if value is not None else None


def _matching(
    files: Sequence[Path], fps: float | None, say: Callable[[float, float, str], None]
) -> list[Poses]:
    """2D poses of all files, of the same joints and frames."""
    found: list[Poses] = []
    for number, file in enumerate(files):
        say(number, 4 * len(files), f"reading {file.name}")
        poses = Hints(fps=fps, dims=2).of_use(file).read(file)
        if poses.dims != 2:
            raise ValueError(f"{file} holds {poses.dims}D poses; expected 2D ones.")
        first = found[0] if found else poses
        if (poses.lengths, poses.individuals) != (first.lengths, first.individuals):
            raise ValueError(
                f"{file} has {_frames(poses)}, and {files[0]} {_frames(first)}; all cameras "
                f"must have the same frames, and individuals if there are several."
            )
        if (poses.joints is None) != (first.joints is None):
            raise ValueError(f"of {file} and {files[0]} only one names its joints.")
        if first.joints is None and poses.joint_count != first.joint_count:
            raise ValueError(
                f"{file} has {poses.joint_count} joints, and {files[0]} {first.joint_count}."
            )
        try:
            found.append(poses if first.joints is None else poses.matched(first.joints))
        except ValueError as error:
            raise ValueError(f"{file}: {error}") from None
    return found


def _frames(poses: Poses) -> str:
    of_each = " + ".join(f"{length:,}" for length in poses.lengths)
    who = f" of {listed(poses.individuals)}" if poses.individuals else ""
    return f"{of_each} frames{who}"


def _deep(first: Poses, found: Triangulated, unit: str | None, done: Mapping[str, str]) -> Poses:
    return replace(
        first,
        points=found.points,
        given=found.points,
        confidence=None,
        unit=unit,
        frame="world",
        source_software="liftpose",
        source_file=None,
        extra={},
        provenance=inherited(first.provenance) | dict(done),
    )


def _summary(
    path: Path, sources: dict[str, Path], found: Triangulated, unreached: dict[str, int]
) -> TriangulateSummary:
    errors, left_out = {}, {}
    for name, error, used in zip(sources, found.errors, found.used, strict=True):
        known = np.isfinite(error)
        errors[name] = float(np.median(error[known])) if known.any() else float("nan")
        left_out[name] = float((known & ~used).sum() / max(known.sum(), 1))
    frames, joints = found.points.shape[:2]
    missing = float(np.isnan(found.points[..., 0]).mean()) if frames else 0.0
    return TriangulateSummary(
        path,
        frames,
        joints,
        sources,
        errors,
        left_out,
        found.noise,
        missing,
        found.behind,
        dict(zip(sources, found.behind_each, strict=True)),
        unreached,
    )
