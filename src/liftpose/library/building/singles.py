"""The error that each single camera would have as the one to keep."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from liftpose import metrics
from liftpose.io.filmed import FilmedLibrary
from liftpose.library.building.settings import BuildOptions
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.opt import Options
from liftpose.names import listed
from liftpose.poses import Poses
from liftpose.postprocess.results import Truth, body_length
from liftpose.skeleton import Skeleton

_BLOCKS, _HELD_OUT = 5, (1, 3)
_TESTED = 600  # frames
_LEAST = 20  # frames to learn from


@dataclass(frozen=True)
class Singles:
    """How well the 3D is told from one camera, by a quick lifter on held-out blocks.

    Parameters
    ----------
    errors : dict of str to float
        Of each camera the mean distance from the 3D of all cameras, both relative to their roots,
        in the unit of the library; the best comes first. Where the camera saw nothing of the
        animal, the mean pose is taken.
    mean_pose : float
        Error of always saying the mean pose.
    body_length : float
        The median of the largest distance of two joints.
    trained, tested : int
        Frames.
    failed : dict of str to str
        Cameras that no lifter could learn from, and why.
    """

    errors: dict[str, float] = field(default_factory=dict)
    mean_pose: float = float("nan")
    body_length: float = float("nan")
    trained: int = 0
    tested: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def single_cameras(
    library: FilmedLibrary,
    options: BuildOptions,
    on_camera: Callable[[str, float], None] | None = None,
) -> Singles:
    """Train a quick lifter on each camera, and measure it on blocks that it has not seen.

    Every recording is cut into five blocks; the second and the fourth are held out. All cameras
    are measured on the same joints of the same frames, seen by them or not. The 3D was found from
    them as well, so that errors are of lifting, not of triangulating; a camera that is far noisier
    than the others pulls the 3D towards itself, and looks better than it is.

    Parameters
    ----------
    library : FilmedLibrary
    options : BuildOptions
        `lift_with` and `lift_frames`.
    on_camera : callable, optional
        Called with the name of each camera before its turn, and the share that is done.

    Returns
    -------
    Singles
        Without errors where there are too few frames, or none are asked for.
    """
    roots = list(library.skeleton.sets.roots)
    rows = [
        np.flatnonzero(
            (library.poses.experiment == number)
            & np.isfinite(library.poses.points[:, roots]).all(axis=(1, 2))
        )
        for number in range(len(library.poses.keys))
    ]
    blocks = [block for own in rows for block in np.array_split(own, _BLOCKS)]
    held = [block for number, block in enumerate(blocks) if number % _BLOCKS in _HELD_OUT]
    kept = [block for number, block in enumerate(blocks) if number % _BLOCKS not in _HELD_OUT]
    learned, tested = _some(kept, options.lift_frames), _some(held, _TESTED)
    count = sum(map(len, learned))
    if not options.lift_frames or count < _LEAST or not sum(map(len, tested)):
        return Singles()
    found = Singles(trained=count, tested=sum(map(len, tested)))
    errors, failed = {}, {}
    truth = _truth(library, tested)
    mean = _mean_pose(library, learned, truth)
    for place, name in enumerate(library.names):
        if on_camera is not None:
            on_camera(name, place / len(library.names))
        try:
            with _unheard():
                guess = _lifted(library, place, learned, tested, options)
        except ValueError as error:
            failed[name] = str(error)
            continue
        guess = np.where(np.isfinite(guess), guess, mean)
        errors[name] = float(metrics.mpjpe(truth, guess))
    return Singles(
        dict(sorted(errors.items(), key=lambda entry: entry[1])),
        float(metrics.mpjpe(truth, np.broadcast_to(mean, truth.shape))),
        body_length(library.poses.points),
        found.trained,
        found.tested,
        failed,
    )


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep what quick lifters log, which nobody will use, from being taken for the library's."""
    log = logging.getLogger("liftpose")

    def nothing(record: logging.LogRecord) -> bool:
        return False

    log.addFilter(nothing)
    try:
        yield
    finally:
        log.removeFilter(nothing)


def _some(blocks: list[Any], most: int) -> list[Any]:
    """At most so many frames of blocks, evenly taken; empty blocks are left out."""
    step = max(1, -(-sum(map(len, blocks)) // max(most, 1)))
    return [block[::step] for block in blocks if len(block)]


def _deep(library: FilmedLibrary, blocks: list[Any]) -> Poses:
    return Poses.from_experiments(
        {f"block {number}": library.poses.points[rows] for number, rows in enumerate(blocks)},
        dims=(3,),
        joints=library.poses.joints,
        unit=library.poses.unit,
        frame="world",
    )


def _truth(library: FilmedLibrary, blocks: list[Any]) -> Any:
    """Targets relative to their roots, wherever there is 3D: whatever one camera saw."""
    deep = _deep(library, blocks)
    seen = Poses.from_experiments(
        {
            key: np.zeros((length, deep.joint_count, 2))
            for key, length in zip(deep.keys, deep.lengths, strict=True)
        }
    )
    return Truth(library.skeleton.sets, seen, deep).relative


def _mean_pose(library: FilmedLibrary, learned: list[Any], truth: Any) -> Any:
    """The mean of the targets that are learned from, (T, 3)."""
    known = _truth(library, learned)
    number = np.isfinite(known).sum(axis=0)
    mean = np.where(np.isfinite(known), known, 0.0).sum(axis=0) / np.maximum(number, 1)
    return np.asarray(mean, truth.dtype)


def _lifted(
    library: FilmedLibrary, place: int, learned: list[Any], tested: list[Any], options: BuildOptions
) -> Any:
    """Held-out targets (N, T, 3) relative to their roots, by one camera."""
    name = library.names[place]
    keys = library.poses.keys

    def flat(blocks: list[Any]) -> tuple[Poses, dict[Any, Any]]:
        called = {f"block {number}": rows for number, rows in enumerate(blocks)}
        poses = Poses.from_experiments(
            {key: library.pixels[place, rows].astype(np.float64) for key, rows in called.items()},
            dims=(2,),
            confidence={key: library.confidence[place, rows] for key, rows in called.items()},
            joints=library.poses.joints,
        )
        films = {
            key: library.cameras[keys[library.poses.experiment[rows[0]]]][name]
            for key, rows in called.items()
        }
        return poses, films

    seen, films = flat(learned)
    deep = _deep(library, learned)
    body = _tellable(library.skeleton, seen, deep)
    lifter = Lifter(body, network=options.lift_with, bone_fit=False, mirror=False)
    lifter.fit(seen, deep, camera=films)
    asked, others = flat(tested)
    guess = np.asarray(lifter.relative(asked, others))
    found = np.full((len(guess), len(library.skeleton.sets.targets), 3), np.nan)
    places = [library.skeleton.sets.targets.index(joint) for joint in body.sets.targets]
    found[:, places] = guess[:, : len(places)]
    return found


def _tellable(skeleton: Skeleton, seen: Poses, deep: Poses) -> Skeleton:
    """The skeleton without targets that the camera hardly ever shows together with their root.

    Raises
    ------
    ValueError
        None is left.
    """
    sure = seen.sure(Options.min_confidence)
    known = np.concatenate([sure.points, deep.points], axis=2)
    there = np.asarray(np.isfinite(known).all(axis=2))
    sets = skeleton.sets
    kept = [
        [joint for joint in own if (there[:, joint] & there[:, root]).sum() >= _LEAST]
        for root, own in zip(sets.roots, sets.sets, strict=True)
    ]
    if not any(kept):
        names = listed([skeleton.joints[root] for root in sets.roots])
        raise ValueError(f"it hardly ever sees the root {names}")
    told = [(root, own) for root, own in zip(sets.roots, kept, strict=True) if own]
    said = {key: value for key, value in skeleton.as_dict().items() if value is not None}
    said["roots"] = [skeleton.joints[root] for root, _ in told]
    said["target_sets"] = [[skeleton.joints[joint] for joint in own] for _, own in told]
    return Skeleton.from_dict(said)
