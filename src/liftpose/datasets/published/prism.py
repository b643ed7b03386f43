"""Flies and mice above a mirror: seen from below and from the side at once.

A file holds ``points3d`` (frames, joints, 3), whose `x` and `y` are pixels of the ventral view and
whose `z` are pixels of the side view; ``points2d`` (2, frames, joints, 2), the ventral view and
then the side view; and in most, ``good_keypts`` (frames, joints), True where the side view is to
be trusted, and ``index``, the number of each frame in its video. There are no cameras: both views
are all but orthographic.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.datasets.published.files import (
    Array,
    Numbers,
    named,
    pickled,
    pickles,
    table,
    whole_numbers,
)
from liftpose.datasets.published.flies import masks_2d
from liftpose.datasets.published.published import Published
from liftpose.names import listed
from liftpose.poses import Key, Poses
from liftpose.skeleton import Skeleton

_BOTH_SIDES = Skeleton.named("fly38")
FLY = replace(_BOTH_SIDES.subset([*range(19, 34), *range(15)]), unit="px")
"""Six legs, the left ones first, as the tracker has them; pixels, 112 of them to the millimetre."""

MOUSE = Skeleton(
    ["FR_paw", "HR_paw", "FL_paw", "HL_paw", "snout", "tail_base", "body"],
    bones=[("snout", "body"), ("body", "tail_base")],
    roots=["body"],
    target_sets=[["FR_paw", "HR_paw", "FL_paw", "HL_paw", "snout", "tail_base"]],
    limbs=[0, 1, 2, 3, 4, 4, 4],
    colors=[(222, 110, 20), (250, 190, 80), (0, 47, 108), (0, 114, 178), (115, 115, 115)],
    pairs=[("FL_paw", "FR_paw"), ("HL_paw", "HR_paw")],
    unit="px",
)
"""What LocoMouse tracks; ``body`` lies half-way between snout and tail base in the ventral view,
and at the edge of the mirror in the side view."""

MOUSE_FPS = 400.0
"""Of LocoMouse's camera; the files do not say."""


@dataclass(frozen=True)
class _Set:
    name: str
    skeleton: Skeleton
    fps: float | None
    trained: re.Pattern[str]
    tested: re.Pattern[str]
    zero_is_unseen: bool


_FLY = _Set(
    "prism fly",
    FLY,
    None,
    re.compile(r"PR.*(?<!\d)004(?!\d)"),
    re.compile(r"PR.*(?<!\d)002(?!\d)"),
    zero_is_unseen=False,
)
_MOUSE = _Set(
    "prism mouse",
    MOUSE,
    MOUSE_FPS,
    re.compile(r"^G6AE[1235]_.*control"),
    re.compile(r"^G6AE6_.*control"),
    zero_is_unseen=True,
)


def prism_fly(
    data: str | os.PathLike[str],
    *,
    interval: tuple[int, int] | None = None,
    exclude: Iterable[int] = (),
) -> Published:
    """Load the flies above a prism.

    Parameters
    ----------
    data : path-like
        The folder with the ``.pkl`` files, or one of them.
    interval : (int, int), optional
        First row of each file, and the one after the last; all by default.
    exclude : iterable of int
        Joints to leave out, by their numbers (``dims_to_exclude`` of the original).

    Returns
    -------
    Published
        An experiment for each file, named like it: the ventral view in 2D, and 3D whose `z` is the
        height above the floor. The frame is that of a camera from below, in pixels.
        ``depth()`` leaves the `z` alone, which is what the paper lifts. Recordings 004 are those
        to train on, 002 those to test on.

    Raises
    ------
    FileNotFoundError
        No such folder, or no pickle in it.
    ValueError
        A file of another layout, named; an interval or joints that are not there.

    References
    ----------
    A. Gosztolai et al., "LiftPose3D", Nature Methods 18, 2021.

    Examples
    --------
    >>> prism_fly("no_such_folder")
    Traceback (most recent call last):
    FileNotFoundError: no_such_folder: no such folder; expected that of the prism fly data.
    """
    return _load(_FLY, data, interval, exclude)


def prism_mouse(
    data: str | os.PathLike[str],
    *,
    interval: tuple[int, int] | None = None,
    exclude: Iterable[int] = (),
) -> Published:
    """Load the mice that walk along a glass corridor above a mirror.

    Parameters
    ----------
    data, interval, exclude
        As of `prism_fly`.

    Returns
    -------
    Published
        An experiment for each file, named like it. `z` grows downwards. Coordinates that are
        exactly zero were NaN before the authors wrote the files, and are NaN again: the joint in
        3D, and in 2D where it is `x` or `y`. Mice G6AE1, 2, 3 and 5 are those to train on, G6AE6
        is to be tested on.

    Raises
    ------
    FileNotFoundError, ValueError
        As of `prism_fly`.

    Notes
    -----
    In files of mice that run to the left ``points2d`` was turned about the body and ``points3d``
    was not. The 2D comes from the `x` and `y` of ``points3d``, as in the original example.

    References
    ----------
    A. Machado et al., "A quantitative framework for whole-body coordination reveals specific
    deficits in freely walking ataxic mice", eLife 4, 2015.

    Examples
    --------
    >>> prism_mouse("no_such_folder")
    Traceback (most recent call last):
    FileNotFoundError: no_such_folder: no such folder; expected that of the prism mouse data.
    """
    return _load(_MOUSE, data, interval, exclude)


def _load(
    kind: _Set,
    data: str | os.PathLike[str],
    interval: tuple[int, int] | None,
    exclude: Iterable[int],
) -> Published:
    skeleton, kept = _without(kind.skeleton, exclude)
    points: dict[Key, Array] = {}
    masks: dict[Key, Any] = {}
    rows: dict[Key, Numbers] = {}
    for path in pickles(data, kind.name):
        with named(path):
            found, good, index = _recording(path, kind.skeleton.joint_count)
            part = _part(interval, len(found))
        points[path.stem] = found[part][:, kept]
        masks[path.stem] = _counts(points[path.stem], good[part][:, kept], kind.zero_is_unseen)
        rows[path.stem] = index[part]
    flat = {key: table_[..., :2] for key, table_ in points.items()}
    seen = {key: _counts(table_, None, kind.zero_is_unseen) for key, table_ in flat.items()}
    about: dict[str, Any] = {"joints": skeleton.joints, "fps": kind.fps, "unit": "px"}
    return Published(
        kind.name,
        skeleton,
        Poses.from_experiments(flat, masks_2d(seen), (2,), "points3d", **about),
        Poses.from_experiments(points, masks, (3,), "points3d", frame="camera", **about),
        {},
        _named(points, kind.trained.search),
        _named(points, kind.tested.search),
        rows,
    )


def _named(keys: Iterable[Key], search: Callable[[str], Any]) -> tuple[Key, ...]:
    return tuple(key for key in keys if search(str(key)))


def _counts(points: Array, good: Any, zero_is_unseen: bool) -> npt.NDArray[np.bool_]:
    """Where a joint counts, in all coordinates alike."""
    there = np.isfinite(points)
    if zero_is_unseen:
        there &= points != 0
    whole: npt.NDArray[np.bool_] = np.asarray(there.all(axis=2))
    if good is not None:
        whole &= good
    return np.broadcast_to(whole[..., None], points.shape)


def _without(skeleton: Skeleton, exclude: Iterable[int]) -> tuple[Skeleton, list[int]]:
    gone = set(exclude)
    strange = sorted(gone - set(range(skeleton.joint_count)))
    if strange:
        raise ValueError(
            f"exclude: there is no joint {listed([str(joint) for joint in strange])}; they are "
            f"numbered 0 to {skeleton.joint_count - 1}."
        )
    kept = [joint for joint in range(skeleton.joint_count) if joint not in gone]
    return (skeleton.subset(kept), kept) if gone else (skeleton, kept)


def _part(interval: tuple[int, int] | None, frames: int) -> slice:
    if interval is None:
        return slice(0, frames)
    start, stop = interval
    if not 0 <= start < stop <= frames:
        raise ValueError(f"interval is ({start}, {stop}), and there are rows 0 to {frames}.")
    return slice(start, stop)


def _recording(path: Path, joints: int) -> tuple[Array, Any, Numbers]:
    content = pickled(path)
    points = table(content, "points3d", ("frames", joints, 3))
    table(content, "points2d", (2, len(points), joints, 2))
    index = np.arange(len(points))
    if "index" in content:
        index = whole_numbers(content, "index", (len(points),))
    return points, _good(content, points.shape), index


def _good(content: Mapping[Any, Any], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    if "good_keypts" not in content:
        return np.ones(shape[:2], bool)
    given = content["good_keypts"]
    # Some files have a flag for each coordinate; that of z is what the original lifts by.
    if isinstance(given, np.ndarray) and given.ndim == 3 and given.shape[2] in (1, 3):
        given = given[..., -1]
    flags = table({"good_keypts": given}, "good_keypts", shape[:2])
    return flags.astype(bool)
