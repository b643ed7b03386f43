"""Pose files of several cameras become one file of 3D poses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import liftpose
from liftpose.geometry.triangulation import Triangulated, triangulate
from liftpose.io import read_calibration, writing
from liftpose.io.calibration import framed
from liftpose.io.filming import cameras_of, reached, read_views
from liftpose.lifter.opt import Options
from liftpose.poses import Poses
from liftpose.poses.lifted import inherited
from liftpose.terminal import unheard


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
    names = cameras_of(files, known, camera_names, Path(calibration))
    cameras = framed({name: known[name] for name in names}, crop, scale, known=known)
    for file in (*files, Path(calibration)):
        if file.exists() and Path(out).exists() and file.samefile(out):
            raise ValueError(f"{file} would be written over by the 3D that is found from it.")
    say = on_progress or unheard
    with writing(out, overwrite=overwrite) as target:
        poses = read_views(
            files, fps, on_read=lambda n, file: say(n, 4 * len(files), f"reading {file.name}")
        )
        seen, unreached = {}, {}
        for name, file, each in zip(names, files, poses, strict=True):
            sure = each.sure(min_confidence)
            cameras[name].check_fits(sure.points, f"the joints of {file}")
            seen[name], unreached[name] = reached(sure, cameras[name], file)
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


def _plain(value: Any) -> Any:
    """Crops and scales as JSON takes them."""
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    return np.asarray(value).tolist() if value is not None else None


def _deep(first: Poses, found: Triangulated, unit: str | None, done: Mapping[str, str]) -> Poses:
    return replace(
        first,
        points=found.points,
        given=found.points,
        confidence=None,
        extra={
            "reprojection_error": found.reprojection_error,
            "camera_count": found.camera_count.astype(np.float32),
        },
        unit=unit,
        frame="world",
        source_software="liftpose",
        source_file=None,
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
