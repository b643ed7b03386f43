"""2D poses of several calibrated cameras become a library of 3D poses."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import liftpose
from liftpose.geometry.synchrony import Timing
from liftpose.geometry.triangulation import Triangulated, triangulate
from liftpose.io.filmed import FilmedLibrary
from liftpose.library.building.axes import Axes, World, scale_of, world_of
from liftpose.library.building.filtering import jumps
from liftpose.library.building.footage import Footage, one_after_another, read_footage
from liftpose.library.building.report import Report, reported
from liftpose.library.building.settings import BuildOptions
from liftpose.library.building.singles import Singles, single_cameras
from liftpose.library.building.timing import matched_frames, timed
from liftpose.poses import Poses
from liftpose.postprocess.results import body_length
from liftpose.skeleton import Skeleton

_LEAST_NOISE = 0.1  # pixels
_LEAST_JUMP = 0.1  # body lengths
# The median of chi squared with one degree of freedom.
_MEDIAN_OF_ONE = 0.4549
_KNOWN = 0.9
"""Share of the frames of the best known joint in which a root has to be known."""

Says = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Built:
    """A library, and what came of building it."""

    library: FilmedLibrary
    report: Report


def build_library(
    calibration: str | os.PathLike[str],
    sources: Sequence[str | os.PathLike[str]],
    *,
    name: str = "recording",
    camera_names: Sequence[str] | None = None,
    crop: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    scale: Mapping[str, float] | float | None = None,
    unit: str | None = None,
    length: Any = None,
    fps: float | None = None,
    skeleton: Skeleton | None = None,
    axes: Axes | None = None,
    options: BuildOptions | None = None,
    on_progress: Says | None = None,
    **settings: Any,
) -> Built:
    """Build a library of 3D poses from the 2D of several calibrated cameras.

    Files are matched to cameras, offsets between their frames found and mended, pixels that do not
    count left out, joints triangulated and held against the pixels again, axes and scale set, and
    every camera measured as if it were the only one.

    Parameters
    ----------
    calibration : path-like
        See `liftpose.io.read_calibration`.
    sources : sequence of path-like
        Files of 2D poses of one recording, one of each camera. Joints are matched by name to those
        of the skeleton, or of the first file.
    name : str
        What the recording is called.
    camera_names, crop, scale
        Which camera filmed each file, and how videos were cropped and resized; see
        `liftpose.triangulating.triangulate_files`.
    unit : str, optional
        What the calibration measures in; its file does not say.
    length : str or tuple, optional
        A known distance of the animal, such as ``"nose-tailbase=85mm"``; the world is scaled by it.
    fps : float, optional
        Frames per second, where the files do not say.
    skeleton : Skeleton, optional
        Names the joints, their bones and roots. Without it there are no bones, and the joint in
        the middle is the root.
    axes : Axes, optional
        What the world is to be; without it, that of the calibration.
    options : BuildOptions, optional
        All settings; or name them one by one.
    on_progress : callable, optional
        Called with what is being done and the share that is.
    **settings
        Options by name.

    Returns
    -------
    Built
        `library`, and `report`, which can be printed.

    Raises
    ------
    ValueError
        Files that do not fit each other or the calibration, cameras that disagree, lost frames
        (unless ``drops="mend"``), a length that contradicts the unit, or axes that cannot be set.
    TypeError
        Options together with settings.
    OSError
        A file cannot be read.

    Warns
    -----
    UserWarning
        See `liftpose.triangulate`.
    """
    if options is not None and settings:
        raise TypeError("give either options or settings by name, not both.")
    options, axes = options or BuildOptions(**settings), axes or Axes()
    say = on_progress or (lambda what, share: None)
    say("reading", 0.0)
    footage = read_footage(
        calibration,
        sources,
        options,
        camera_names=camera_names,
        crop=crop,
        scale=scale,
        fps=fps,
        skeleton=skeleton,
    )
    say("matching frames", 0.1)
    timings = timed(footage, options)
    frames = matched_frames(footage, timings, options)
    say("triangulating", 0.4)
    found, lost = _triangulated(footage, frames, options)
    poses = _named(footage, found, name, unit)
    factor, poses, text = _scaled(poses, length, unit)
    world = replace(world_of(poses, axes), scale=1.0)
    first = World(np.eye(3), np.zeros(3), factor)
    poses = _moved(poses, world.points)
    cameras = {view.name: world.camera(first.camera(view.camera)) for view in footage.views}
    about = _about(footage, timings, options, found, lost, {"axes": str(axes), "scale": text})
    library = FilmedLibrary(
        poses,
        _skeleton(poses, skeleton),
        footage.names,
        dict.fromkeys(poses.keys, cameras),
        **_tables(footage, frames, found),
        about=dict.fromkeys(poses.keys, about),
    )
    singles = single_cameras(
        library, options, lambda name, share: say(f"lifting from {name} alone", 0.6 + 0.4 * share)
    )
    library = replace(library, about=dict.fromkeys(poses.keys, about | _singles(singles)))
    say("done", 1.0)
    return Built(library, reported(library, footage, timings, found, lost, singles))


def _triangulated(
    footage: Footage, frames: Mapping[str, Any], options: BuildOptions
) -> tuple[Triangulated, dict[str, int]]:
    """3D of all joints, and how many were left out and why."""
    pixels, weights = [], []
    for view in footage.views:
        rows = frames[view.name]
        there = (rows >= 0)[:, None]
        pixels.append(np.where(there[..., None], view.counted[rows], np.nan))
        # Pixels that were filled in have no likelihood of their own.
        sure = np.fmax(view.confidence[rows], options.min_confidence)
        known = np.isfinite(view.confidence[rows])
        weights.append(np.where(there & known, sure, np.nan))
    found = triangulate(
        np.stack(pixels), [view.camera for view in footage.views], np.stack(weights)
    )
    number = found.used.sum(axis=0)
    square = np.where(found.used, np.nan_to_num(found.errors) ** 2, 0.0).sum(axis=0)
    there = np.isfinite(found.points[..., 0])
    needed = np.where(there, np.sqrt(square / np.maximum(2 * number - 3, 1)), np.nan)
    noise = (
        found.noise if np.isfinite(found.noise) else _noise_of_two(needed[there & (number == 2)])
    )
    limit = min(options.max_error * max(noise, _LEAST_NOISE), options.max_error_px)
    if np.isnan(noise):
        limit = options.max_error_px
    with np.errstate(invalid="ignore"):
        far = there & (needed > limit)
    few = there & ~far & (number < options.min_cameras)
    points = np.where((far | few)[..., None], np.nan, found.points)
    size = body_length(one_after_another(points, footage.individuals))
    leaps = jumps(points, options.max_jump, _LEAST_JUMP * size)
    points = np.where(leaps[..., None], np.nan, points)
    if not np.isfinite(points).any():
        raise ValueError(
            "no joint has 3D: no two cameras agree on any. Do the files, the cameras and the "
            "calibration belong together?"
        )
    lost = {"reprojection": int(far.sum()), "cameras": int(few.sum()), "jumps": int(leaps.sum())}
    gone = np.isnan(points[..., 0])
    return (
        replace(
            found,
            points=points,
            errors=np.where(gone, np.nan, found.errors),
            used=found.used & ~gone,
            noise=float(noise),
        ),
        lost,
    )


def _noise_of_two(needed: Any) -> float:
    """Noise of pixels of which all joints have two, by how far their rays miss each other."""
    if not len(needed):
        return float("nan")
    return float(np.sqrt(np.median(needed**2) / _MEDIAN_OF_ONE))


def _named(footage: Footage, found: Triangulated, name: str, unit: str | None) -> Poses:
    count, who = footage.individuals, footage.poses.individuals
    points = one_after_another(found.points, count)
    keys = [name] if count == 1 or who is None else [f"{name} {each}" for each in who]
    return Poses.from_experiments(
        dict(zip(keys, np.split(points, count), strict=True)),
        dims=(3,),
        joints=footage.poses.joints,
        individuals=who,
        fps=footage.poses.fps,
        unit=unit,
        frame="world",
        source_software="liftpose",
        source_file=None,
    )


def _moved(poses: Poses, move: Callable[[Any], Any]) -> Poses:
    points = np.asarray(move(poses.points))
    return replace(poses, points=points, given=points)


def _scaled(poses: Poses, length: Any, unit: str | None) -> tuple[float, Poses, str]:
    factor, found, text = scale_of(poses, length, unit)
    return factor, replace(_moved(poses, lambda points: factor * points), unit=found), text


def _skeleton(poses: Poses, given: Skeleton | None) -> Skeleton:
    """The skeleton that was given, in the unit; else one whose root is the joint in the middle."""
    if given is not None:
        said = {**given.as_dict(), "unit": poses.unit}
        return Skeleton.from_dict({key: value for key, value in said.items() if value is not None})
    joints = poses.joints or ()
    known = np.isfinite(poses.points[..., 0]).mean(axis=0)
    some = poses.points[:: max(1, poses.frames // 500)]
    far = np.linalg.norm(some[:, :, None] - some[:, None], axis=3)
    both = np.isfinite(far)
    apart = np.where(both, far, 0.0).sum(axis=0) / np.maximum(both.sum(axis=0), 1)
    # A joint that is never known with another says nothing of how far it is.
    apart = np.where(both.any(axis=0), apart, np.max(apart)).sum(axis=1)
    middle = int(np.argmin(np.where(known >= _KNOWN * known.max(), apart, np.inf)))
    others = [joint for joint in range(len(joints)) if joint != middle]
    return Skeleton(joints, roots=[middle], target_sets=[others], unit=poses.unit)


def _tables(
    footage: Footage, frames: Mapping[str, Any], found: Triangulated
) -> dict[str, np.ndarray]:
    """What each camera saw, frame by frame of the library."""
    count = footage.individuals
    pixels, confidence = [], []
    for view in footage.views:
        rows = frames[view.name]
        there = (rows >= 0)[:, None]
        given = np.where(there[..., None], view.given[rows], np.nan)
        pixels.append(one_after_another(given.astype(np.float32), count))
        sure = np.where(there, view.confidence[rows], np.nan)
        confidence.append(one_after_another(sure.astype(np.float32), count))
    return {
        "pixels": np.stack(pixels),
        "confidence": np.stack(confidence),
        "errors": np.stack(
            [one_after_another(each.astype(np.float32), count) for each in found.errors]
        ),
        "used": np.stack([one_after_another(each, count) for each in found.used]),
        "frames": np.stack([np.tile(frames[name], count) for name in footage.names]),
    }


def _about(
    footage: Footage,
    timings: Mapping[str, Timing],
    options: BuildOptions,
    found: Triangulated,
    lost: Mapping[str, int],
    world: Mapping[str, str],
) -> dict[str, Any]:
    """How it was made, as plain values."""
    said = {name: getattr(options, name) for name in options.__dataclass_fields__}
    plain = {
        name: str(value) if isinstance(value, float) and np.isinf(value) else value
        for name, value in said.items()
    }
    return {
        "calibration": footage.calibration.as_posix(),
        "files": {view.name: view.file.as_posix() for view in footage.views},
        "offsets": {name: timing.offset for name, timing in timings.items()},
        "changes": {
            name: [vars(change) for change in timing.changes]
            for name, timing in timings.items()
            if timing.changes
        },
        "noise_px": None if np.isnan(found.noise) else found.noise,
        "left_out": dict(lost),
        "options": plain | {"offsets": dict(options.offsets)},
        "liftpose": liftpose.__version__,
        **world,
    }


def _singles(singles: Singles) -> dict[str, Any]:
    if not singles.errors:
        return {}
    return {
        "singles": dict(singles.errors),
        "mean_pose": singles.mean_pose,
        "body_length": singles.body_length,
    }
