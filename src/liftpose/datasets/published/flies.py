"""Tethered flies in the pickles of DeepFly3D: seven cameras around a fly on a ball.

A file holds ``points2d`` (cameras, frames, 38, 2), ``points3d`` (frames, 38, 3), and under the
number of each camera its ``R``, ``tvec``, ``intr`` and ``distort``. Joints 0 to 18 are of the side
that cameras 0 to 2 see, 19 to 37 of that of cameras 4 to 6; camera 3 looks at the head. Pixels are
(x, y), and zeros where a joint was not looked for; newer files have (row, column) instead, each
as a share of the image's height and width.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.datasets.published.files import Array, named, pickled, pickles, table
from liftpose.datasets.published.published import Published
from liftpose.geometry.camera import Camera
from liftpose.geometry.triangulation import triangulate
from liftpose.io.calibration.deepfly3d import cameras_of
from liftpose.poses import Key, Poses
from liftpose.skeleton import Skeleton

SIZE = (960, 480)
"""Width and height of the images, pixels."""

FRAMES = 899
"""Frames of a recording that the paper used, from the first."""

FPS = 100.0
"""As the paper on DeepFly3D has it; the files do not say."""

TRAINED, TESTED = range(1, 6), range(6, 8)
"""Numbers of the flies that the original example trained and tested on."""

FAR = 0.05
"""Of the image's width: 3D that is shown further from its 2D is in another frame."""

SEEN = {
    **dict.fromkeys((0, 1, 2), range(19)),
    **dict.fromkeys((4, 5, 6), range(19, 38)),
}
"""Joints that each camera sees."""

FLY = Skeleton.named("fly38")
"""Both sides: three legs each, antenna and stripes of the abdomen; only legs are targets."""

SIDE = Skeleton.named("fly-leg15")
"""The legs of one side, front, middle and hind, whichever side it is."""


def tethered_fly(
    data: str | os.PathLike[str],
    cameras: Sequence[int] = (0, 1, 2, 4, 5, 6),
    *,
    frames: int = FRAMES,
    triangulated: bool = False,
) -> Published:
    """Load the tethered flies: pickles as DeepFly3D writes them, and LiftPose3D published them.

    Parameters
    ----------
    data : path-like
        The folder with the ``.pkl`` files, or one of them.
    cameras : sequence of int
        Which cameras, of 0, 1, 2, 4, 5 and 6.
    frames : int
        How many of each recording, from the first; the paper used 899.
    triangulated : bool
        Take the 3D from the 2D and the cameras of the file, instead of from its ``points3d``.

    Returns
    -------
    Published
        An experiment ``(file, camera)`` for each recording and camera, joints of the other side
        NaN; 3D of the world, without a unit. Flies 1 to 5 (by the ``Fly`` number in the file's
        name) are those to train on, 6 and 7 those to test on.

    Raises
    ------
    FileNotFoundError
        No such folder, or no pickle in it.
    ValueError
        A file of another layout, named; or a camera that sees no side.

    Warns
    -----
    UserWarning
        The 3D of a file does not lie where its cameras show it: it is in another frame, as in
        files whose poses DeepFly3D aligned to each other.

    Notes
    -----
    The original example calls joints 0 to 18 right, and so do these names. In files that we could
    look at the 3D is mirrored: far and near are exchanged, which telephoto cameras cannot tell.

    References
    ----------
    S. Günel et al., "DeepFly3D, a deep learning-based approach for 3D limb and appendage tracking
    in tethered, adult Drosophila", eLife 8, 2019. A. Gosztolai et al., "LiftPose3D", Nature
    Methods 18, 2021.

    Examples
    --------
    >>> tethered_fly("no_such_folder")
    Traceback (most recent call last):
    FileNotFoundError: no_such_folder: no such folder; expected that of the tethered fly data.
    """
    return _load("tethered fly", FLY, data, cameras, frames, triangulated, None)


def angle_invariant_fly(
    data: str | os.PathLike[str],
    cameras: Sequence[int] = (0, 1, 2, 4, 5, 6),
    *,
    frames: int = FRAMES,
    triangulated: bool = False,
) -> Published:
    """Load one side of the tethered flies at a time: the 15 leg joints that a camera sees.

    Parameters
    ----------
    data, cameras, frames, triangulated
        As of `tethered_fly`, whose files it reads.

    Returns
    -------
    Published
        An experiment ``(file, camera)`` for each recording and camera, 15 joints of the side that
        the camera sees. The number of the camera at the end of the key is what the ranges of
        `liftpose.lifter.augmentation.random_project` are told apart by.

    Raises
    ------
    FileNotFoundError, ValueError
        As of `tethered_fly`.

    Warns
    -----
    UserWarning
        As of `tethered_fly`.

    Examples
    --------
    >>> angle_invariant_fly("no_such_folder")
    Traceback (most recent call last):
    FileNotFoundError: no_such_folder: no such folder; expected that of the tethered fly data.
    """
    return _load("angle-invariant fly", SIDE, data, cameras, frames, triangulated, 15)


def _load(
    name: str,
    skeleton: Skeleton,
    data: str | os.PathLike[str],
    wanted: Sequence[int],
    frames: int,
    triangulated: bool,
    legs: int | None,
) -> Published:
    strange = [number for number in wanted if number not in SEEN]
    if strange or not len(wanted):
        raise ValueError(
            f"cameras is {list(wanted)}; expected some of {', '.join(map(str, SEEN))}."
        )
    seen: dict[Key, Array] = {}
    deep: dict[Key, Array] = {}
    masks: dict[Key, Any] = {}
    views: dict[Key, Camera] = {}
    for path in pickles(data, "tethered fly"):
        with named(path):
            points_2d, points_3d, cameras = _recording(path, frames, wanted)
            if triangulated:
                points_3d = _triangulated(points_2d, cameras)
        for number in wanted:
            key = (path.stem, number)
            side = list(SEEN[number])[:legs]
            joints = slice(None) if legs is None else side
            seen[key] = points_2d[number][:, joints]
            deep[key] = points_3d[:, joints]
            masks[key] = np.broadcast_to(
                np.isin(np.arange(38), side)[None, joints, None], deep[key].shape
            )
            views[key] = cameras[number]
    about: dict[str, Any] = {"joints": skeleton.joints, "fps": FPS, "source_software": "DeepFly3D"}
    found = Published(
        name,
        skeleton,
        Poses.from_experiments(seen, masks_2d(masks), (2,), "points2d", unit="px", **about),
        Poses.from_experiments(deep, masks, (3,), "points3d", frame="world", **about),
        views,
        tuple(key for key in seen if _fly(key) in TRAINED),
        tuple(key for key in seen if _fly(key) in TESTED),
        {key: np.arange(len(table_)) for key, table_ in seen.items()},
    )
    _check_in_frame(found)
    return found


def masks_2d(masks: Mapping[Key, Any]) -> dict[Key, Any]:
    """Give of masks of 3D those of the 2D."""
    return {key: mask[..., :2] for key, mask in masks.items()}


def _recording(
    path: Path, frames: int, wanted: Sequence[int]
) -> tuple[dict[int, Array], Array, dict[int, Camera]]:
    content = pickled(path)
    points_3d = table(content, "points3d", ("frames", 38, 3))
    points_2d = table(content, "points2d", ("cameras", len(points_3d), 38, 2))
    cameras = {int(name): camera for name, camera in cameras_of(content).items() if name.isdigit()}
    for number in wanted:
        if number not in cameras:
            raise ValueError(f"there is no camera {number}; there are {sorted(cameras)}.")
        if number >= len(points_2d):
            raise ValueError(f"'points2d' is of {len(points_2d)} cameras; camera {number} is not.")
    pixels = _pixels(points_2d[:, :frames])
    return (
        {number: pixels[number] for number in SEEN if number < len(pixels)},
        points_3d[:frames],
        cameras,
    )


def _pixels(points: Array) -> Array:
    looked_for = (points != 0).any(axis=-1, keepdims=True)
    # Shares of an image are within 0 and 1; pixels of a fly are not.
    if np.nanmax(np.abs(points)) <= 1:
        points = points[..., ::-1] * np.asarray(SIZE)
    found: Array = np.where(looked_for, points, np.nan)
    return found


def _triangulated(points: Mapping[int, Array], cameras: Mapping[int, Camera]) -> Array:
    there = [number for number in points if number in cameras]
    seen = np.stack(
        [
            np.where(np.isin(np.arange(38), SEEN[number])[None, :, None], points[number], np.nan)
            for number in there
        ]
    )
    found: Array = triangulate(seen, [cameras[number] for number in there]).points
    return found


def _fly(key: Key) -> int:
    """The number in the name of a recording, such as ``..._Fly6_005_...``; -1 where it has none."""
    assert isinstance(key, tuple)
    found = re.search(r"fly_?(\d+)", str(key[0]), re.IGNORECASE)
    return int(found[1]) if found else -1


def _check_in_frame(found: Published) -> None:
    far = {key: apart for key, apart in found.reprojection().items() if apart > FAR * SIZE[0]}
    if far:
        key, apart = max(far.items(), key=lambda entry: entry[1])
        warnings.warn(
            f"{found.name}: in {len(far)} of {len(found.keys)} experiments the 3D lies far from "
            f"where the camera shows the 2D, in {key!r} by {apart:.0f} px (median): it is in "
            f"another frame than the cameras. triangulated=True finds it anew from the 2D.",
            stacklevel=4,
        )
