"""Train a lifter on a library."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from liftpose.datasets import Library
from liftpose.geometry.camera import Camera
from liftpose.library.distance import Distance, distance_to_library
from liftpose.library.joints import Common, Source, as_poses
from liftpose.library.variation import Variation
from liftpose.library.views import (
    UP,
    Floor,
    Range,
    as_cameras,
    check_seen,
    far_away,
    from_far,
    through,
)
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.opt import Options
from liftpose.lifter.run import Epoch
from liftpose.names import listed
from liftpose.poses import Poses
from liftpose.postprocess.results import body_length
from liftpose.skeleton import Skeleton

log = logging.getLogger("liftpose")

_PIXEL_NOISE = 1.5  # pixels, of the 2D that cameras are made to see
_FAR_NOISE = 0.01  # body lengths, of the 2D that is seen from far away


@dataclass(frozen=True, eq=False)
class FromLibrary:
    """A lifter that was trained on a library, and what to know of it.

    Parameters
    ----------
    lifter : Lifter
        Fitted; its joints are called as the tracker calls them.
    joints : tuple of str
        Those that library and tracker have in common.
    untracked, unknown : tuple of str
        Joints of the library that the tracker lacks, and of the tracker that the library lacks.
    distance : Distance or None
        Of the tracker's 2D from the library; None where no 2D was given.
    source : str
        What the library is.
    behind : dict of name to int
        Through calibrated cameras, how many joints of the library lie behind each, and count as
        not seen; of those that have any.
    """

    lifter: Lifter
    joints: tuple[str, ...]
    untracked: tuple[str, ...]
    unknown: tuple[str, ...]
    distance: Distance | None
    source: str
    behind: dict[Any, int] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [
            f"trained on {self.source}, on {len(self.joints)} joints: {', '.join(self.joints)}.",
            "Depth is not measured here: it rests on the library as a prior, and is as good as "
            "the library is like the animal.",
            f"Lengths are in {self.lifter.unit or 'the unit of the library'}.",
        ]
        if self.unknown:
            lines.append(f"Not lifted, since the library lacks them: {listed(self.unknown)}.")
        if self.untracked:
            lines.append(f"Not used, since the tracker lacks them: {listed(self.untracked)}.")
        if self.distance is not None:
            text = str(self.distance)
            lines.append(f"{text[0].upper()}{text[1:]}.")
        return "\n".join(lines)


def train_from_library(
    library: Library | Poses | str | os.PathLike[str],
    camera: Camera | Mapping[Any, Camera] | None = None,
    *,
    weak_perspective: bool = False,
    tracker: Poses | str | os.PathLike[str] | None = None,
    joints: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    skeleton: Skeleton | None = None,
    elevation: Range = (20.0, 60.0),
    azimuth: Range = (-180.0, 180.0),
    roll: Range = (-10.0, 10.0),
    up: str = "z",
    ground: float = 0.0,
    length: Any = None,
    kind: str = "anatomical",
    frames: int = 10_000,
    options: Options | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
    **settings: Any,
) -> FromLibrary:
    """Train a lifter on a library of 3D poses, without 3D of the animal that is to be lifted.

    Parameters
    ----------
    library : Library, Poses, path-like or str
        3D poses, a file of such, or the name of a species (see `liftpose.datasets.library`).
    camera : Camera, or mapping of name to Camera, optional
        Calibrated, in the unit of the library. Poses of a species are put where `tracker` saw the
        animal, as far away as its size says, or without it, on the ground that the camera sees;
        other poses are where they say. Each of several cameras sees its share of the frames.
    weak_perspective : bool
        See the library from far away, from any direction in the ranges below, instead of through
        a camera. One of the two must be chosen.
    tracker : Poses or path-like, optional
        2D poses as they will be lifted: which joints there are, and how far they are from the
        library.
    joints : sequence of str, optional
        Names of the tracker's joints, instead of `tracker`; without both, those of the library.
    rename : mapping of str to str, optional
        From the tracker's names to those of the library.
    skeleton : Skeleton, optional
        Of the library; needed for poses and files, which have none.
    elevation, azimuth, roll : pair of float, degrees
        With `weak_perspective`, ranges that directions of view are drawn from: of the camera above
        the ground, about the vertical, and about the line of sight. An anatomical animal is seen
        from its right at an azimuth of 0, from behind at 90, from its left at 180, and from the
        front at -90.
    up : {"x", "y", "z"}
        Which axis of the library points up.
    ground : float
        With `camera` and a species, where the ground is on that axis.
    length : str or tuple, optional
        A known distance of the animal, such as ``"nose-tail_base=85mm"``. Without it, lengths are
        those of the library with `camera`, and body lengths with `weak_perspective`.
    kind, frames
        Of a species; see `liftpose.datasets.library`.
    options : Options, optional
        All settings of the lifter; or name them one by one. Without ``noise``, 1.5 pixels with
        `camera`, and 1 % of a body length with `weak_perspective`.
    on_epoch : callable, optional
        See `Lifter.fit`.
    **settings
        Options by name.

    Returns
    -------
    FromLibrary
        Print it for what to know; the log has it too.

    Raises
    ------
    ValueError
        Neither or both ways, fewer than three joints in common, a species that does not exist, a
        file without a skeleton, a camera that sees nothing of the library, or 2D of `tracker` far
        outside of its image.
    TypeError
        Options together with settings, or something that is no camera.
    ModuleNotFoundError
        The extra ``anatomy`` is not installed.

    Warns
    -----
    UserWarning
        Joints of the library behind a camera, and pixels of `tracker` at which the distortion
        cannot be inverted, with their number.

    Examples
    --------
    >>> found = train_from_library(
    ...     "mouse", weak_perspective=True, kind="simulated", frames=300, network="ridge",
    ...     joints=["snout", "left_ear", "right_ear", "tail_base"], rename={"snout": "nose"},
    ... )
    >>> found.lifter.unit, found.joints[:2]
    ('body length', ('snout', 'left_ear'))
    """
    if (camera is None) != weak_perspective:
        raise ValueError(
            "a library needs to be seen: give either camera=, or weak_perspective=True where "
            "none is calibrated."
        )
    if options is not None and settings:
        raise TypeError("give either options or settings by name, not both.")
    if up not in UP:
        raise ValueError(f"up is {up!r}; expected 'x', 'y' or 'z'.")
    options = options or Options.from_kwargs(settings)
    source = Source.of(library, skeleton, kind, frames, options.seed)
    seen = as_poses(tracker, 2, "the tracker's poses")
    seen = None if seen is None else seen.sure(options.min_confidence)
    common = Common.of(source, joints if seen is None else seen.joints, rename or {})
    poses = common.sized(source, length, in_body_lengths=camera is None)
    rng = np.random.default_rng(options.seed)
    behind: dict[Any, int] = {}
    body = common.skeleton_in(poses.unit)
    # Poses of a species are shown as other animals too, as other trackers mark them.
    others = [Variation(body).of(source.variety)] if source.variety else []
    if camera is None:
        views = azimuth, elevation, roll
        options = _with_noise(options, _FAR_NOISE * body_length(poses.points))
        upright = replace(poses, points=poses.points[..., UP[up]], given=poses.given[..., UP[up]])
        lifter = Lifter(body, options=options)
        steps = [*others, far_away(*views)]
        lifter.fit(None, upright, augmentation=steps, on_epoch=on_epoch)
        looks = from_far(upright.points, views, rng)
    else:
        options = _with_noise(options, _PIXEL_NOISE)
        cameras = as_cameras(camera)
        if seen is not None:
            check_seen(cameras, seen, _called(tracker))
        floor = Floor("xyz".index(up), ground, seen) if source.anywhere else None
        lifter = Lifter(body, options=options)
        looks = through(cameras, poses, floor, rng)[0].points
        for other in others:
            poses = other.poses(poses, options.seed)
        flat, deep, behind = through(cameras, poses, floor, rng)
        _warn_of_hidden(behind, flat)
        # One camera films whatever is lifted; several are told apart by name.
        filming = next(iter(cameras.values())) if len(cameras) == 1 else cameras
        # An animal of unknown size says nothing by its size in the image.
        unsized = source.anywhere and length is None
        lifter.fit(flat, deep, camera=filming, norm_2d=unsized, on_epoch=on_epoch)
    lifter.choice |= {"library": source.called}
    distance = None
    if seen is not None:
        distance = distance_to_library(seen.matched(common.joints).points, looks)
    result = FromLibrary(
        lifter, common.joints, common.untracked, common.unknown, distance, source.called, behind
    )
    log.info("%s", result)
    return result


def _called(tracker: Any) -> str:
    if isinstance(tracker, Poses):
        return tracker.source_file or "the tracker's poses"
    return str(os.fspath(tracker))


def _warn_of_hidden(behind: Mapping[Any, int], flat: Poses) -> None:
    for key, count in behind.items():
        joints = flat.only(key).frames * flat.joint_count
        warnings.warn(
            f"{count:,} of {joints:,} joints that the library shows to camera {key!r} lie behind "
            "it, and count as not seen: are its poses in the world and the unit of the "
            "calibration?",
            stacklevel=3,
        )


def _with_noise(options: Options, noise: float) -> Options:
    return options if options.noise is not None else options.but(noise=noise)
