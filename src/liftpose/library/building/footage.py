"""What the cameras of one recording saw: read, checked, and filtered."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera
from liftpose.geometry.synchrony import Sight
from liftpose.geometry.triangulation.found import size_in_image
from liftpose.io import read_calibration
from liftpose.io.calibration import framed
from liftpose.io.filming import cameras_of, reached, read_views
from liftpose.library.building.filtering import filled, jumps
from liftpose.library.building.settings import BuildOptions
from liftpose.poses import Poses
from liftpose.skeleton import Skeleton

Array = npt.NDArray[Any]

# Of the animal's size in the image. Trackers whose peaks lie on a coarse grid stand still and then
# move by a grid step, which is no jump.
_LEAST_JUMP = 0.1


@dataclass(frozen=True, eq=False)
class View:
    """What one camera saw, the joints of all individuals side by side.

    Parameters
    ----------
    name : str
    file : pathlib.Path
    camera : Camera
    given : array, shape (T, K * J, 2), pixels
        As the tracker gave it.
    confidence : array, shape (T, K * J)
        NaN where the tracker does not say.
    counted : array, shape (T, K * J, 2), pixels
        What counts of it.
    unsure, jumped, filled : int
        Pixels that were left out for low likelihood and for jumping, and that were filled in.
    """

    name: str
    file: Path
    camera: Camera
    given: Array
    confidence: Array
    counted: Array
    unsure: int
    jumped: int
    filled: int

    @property
    def frames(self) -> int:
        """Frames T of its file."""
        return len(self.given)

    def sight(self) -> Sight:
        """Give what counts, as rays."""
        return Sight.of(self.camera, self.counted)


@dataclass(frozen=True, eq=False)
class Footage:
    """All cameras of a recording.

    Parameters
    ----------
    views : tuple of View
    poses : Poses
        Of the first file: joints, individuals and rate.
    calibration : pathlib.Path
    """

    views: tuple[View, ...]
    poses: Poses
    calibration: Path

    @property
    def names(self) -> tuple[str, ...]:
        """Of the cameras."""
        return tuple(view.name for view in self.views)

    @property
    def individuals(self) -> int:
        """How many there are, K."""
        return len(self.poses.keys)


def read_footage(
    calibration: str | os.PathLike[str],
    sources: Sequence[str | os.PathLike[str]],
    options: BuildOptions,
    *,
    camera_names: Sequence[str] | None = None,
    crop: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    scale: Mapping[str, float] | float | None = None,
    fps: float | None = None,
    skeleton: Skeleton | None = None,
) -> Footage:
    """Read the 2D of all cameras of one recording, and take out what does not count.

    Parameters
    ----------
    calibration, sources, camera_names, crop, scale, fps, skeleton
        See `liftpose.library.build_library`.
    options : BuildOptions

    Returns
    -------
    Footage

    Raises
    ------
    ValueError
        Files that do not fit each other, the calibration or the skeleton.
    OSError
        A file cannot be read.
    """
    known = read_calibration(calibration)
    files = [Path(source) for source in sources]
    names = cameras_of(files, known, camera_names, Path(calibration))
    cameras = framed({name: known[name] for name in names}, crop, scale, known=known)
    poses = [
        _one_recording(each, file)
        for each, file in zip(read_views(files, fps, same_frames=False), files, strict=True)
    ]
    if skeleton is not None:
        poses = [_named_as(each, skeleton, file) for each, file in zip(poses, files, strict=True)]
    if poses[0].joints is None:
        raise ValueError(f"{files[0]} does not name its joints; give a skeleton of them.")
    views = [
        _view(name, file, cameras[name], each, options)
        for name, file, each in zip(names, files, poses, strict=True)
    ]
    return Footage(tuple(views), poses[0], Path(calibration))


def _one_recording(poses: Poses, file: Path) -> Poses:
    who = poses.individuals
    together = who is not None and len(set(who)) == len(poses.keys)
    if len(poses.keys) > 1 and not (together and len(set(poses.lengths)) == 1):
        raise ValueError(
            f"{file} holds {len(poses.keys)} recordings; build a library of each, and merge them."
        )
    if not poses.frames:
        raise ValueError(f"{file} holds no frames.")
    return poses


def _named_as(poses: Poses, skeleton: Skeleton, file: Path) -> Poses:
    try:
        return poses.matched(skeleton.joints, by_order=poses.joints is None)
    except ValueError as error:
        raise ValueError(f"{file} and the skeleton: {error}") from None


def _view(name: str, file: Path, camera: Camera, poses: Poses, options: BuildOptions) -> View:
    camera.check_fits(poses.sure(options.min_confidence).points, f"the joints of {file}")
    sure, _ = reached(poses.sure(options.min_confidence), camera, file)
    given, counted = (side_by_side(each, len(poses.keys)) for each in (poses.points, sure.points))
    if not np.isfinite(counted).any():
        raise ValueError(
            f"{file}: no joint has a likelihood of {options.min_confidence:g} or more; lower "
            "min_confidence (--min-confidence)."
        )
    leaps = jumps(
        counted, options.max_jump, _LEAST_JUMP * size_in_image(np.asarray(sure.points, np.float64))
    )
    kept = np.where(leaps[..., None], np.nan, counted)
    whole = filled(kept, options.fill_gaps)
    unknown = np.full(poses.points.shape[:2], np.nan, np.float32)
    confidence = unknown if poses.confidence is None else poses.confidence
    seen = [np.isfinite(each).all(axis=2).sum() for each in (given, counted, kept, whole)]
    return View(
        name,
        file,
        camera,
        given,
        side_by_side(confidence[..., None], len(poses.keys))[..., 0],
        whole,
        int(seen[0] - seen[1]),
        int(seen[1] - seen[2]),
        int(seen[3] - seen[2]),
    )


def side_by_side(values: Array, count: int) -> Array:
    """Put the joints of individuals (K * T, J, D) side by side (T, K * J, D).

    Examples
    --------
    >>> side_by_side(np.zeros((6, 4, 2)), 2).shape
    (3, 8, 2)
    """
    rows, joints, dims = values.shape
    apart = values.reshape(count, rows // count, joints, dims)
    return np.ascontiguousarray(apart.transpose(1, 0, 2, 3).reshape(-1, count * joints, dims))


def one_after_another(values: Array, count: int) -> Array:
    """Put them one after another again; tables (T, K * J, ...) become (K * T, J, ...).

    Examples
    --------
    >>> both = np.arange(48.0).reshape(6, 4, 2)
    >>> bool((one_after_another(side_by_side(both, 2), 2) == both).all())
    True
    """
    frames, joints, *rest = values.shape
    apart = values.reshape(frames, count, joints // count, *rest)
    return np.ascontiguousarray(apart.swapaxes(0, 1)).reshape(-1, joints // count, *rest)


def named(view: View, name: str, camera: Camera) -> View:
    """Give what one camera saw as if another had seen it."""
    return replace(view, name=name, camera=camera)
