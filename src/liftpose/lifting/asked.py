"""What is asked for when files are lifted: which joints, which camera, and where results go."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from liftpose.geometry.camera import Camera
from liftpose.io import read_calibration
from liftpose.io.calibration import chosen, crops, framed, scales
from liftpose.io.hints import Hints
from liftpose.io.renames import read_renames
from liftpose.lifter.lifter import Lifter
from liftpose.poses import Poses

__all__ = ["as_learned", "camera_of", "read_for", "read_renames"]


def read_for(
    lifter: Lifter,
    path: str | os.PathLike[str],
    rename: Mapping[str, str] | None = None,
    by_order: bool = False,
    hints: Hints | None = None,
) -> Poses:
    """Read a pose file and give the joints of a lifter, in its order; see `as_learned`.

    Of the hints, those count that the format of the file has a use for.
    """
    poses = (hints or Hints()).of_use(path).read(path)
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
    *,
    known_of: Sequence[str | os.PathLike[str]] = (),
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
    known_of : sequence of path-like
        Pose files. Where their format holds several cameras, `name` says without a calibration
        which of them.

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
        if name is not None and not _hold_cameras(known_of):
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


def _hold_cameras(paths: Sequence[str | os.PathLike[str]]) -> bool:
    return any(Hints(camera="").of_use(path).camera is not None for path in paths)


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
