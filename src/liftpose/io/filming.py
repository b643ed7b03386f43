"""2D pose files of several cameras: which camera filmed each, with their joints in one order."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from liftpose.geometry.camera import Camera
from liftpose.io.hints import Hints
from liftpose.names import closest, listed
from liftpose.poses import Poses
from liftpose.poses.pair import check_start

_LETTERS = 3
"""Names of fewer letters are found in every file name."""


def cameras_of(
    files: Sequence[Path],
    cameras: Mapping[str, Camera],
    given: Sequence[str] | None,
    calibration: Path,
) -> list[str]:
    """Say which camera filmed each file.

    Parameters
    ----------
    files : sequence of pathlib.Path
        At least two.
    cameras : mapping of str to Camera
        Of the calibration.
    given : sequence of str or None
        What the user says. None: the camera whose name is in the file's name, if that is so of
        every file; else, where no file's name says otherwise, the cameras in their order.
    calibration : pathlib.Path
        What errors call the calibration.

    Returns
    -------
    list of str
        The name of the camera of each file.

    Raises
    ------
    ValueError
        One file, a camera that does not exist or is named twice, or names that do not tell.

    Examples
    --------
    >>> rig = {name: Camera(np.eye(3), name=name) for name in ("left", "top")}
    >>> cameras_of([Path("walk_top.h5"), Path("walk_left.h5")], rig, None, Path("calib.toml"))
    ['top', 'left']
    """
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


def reached(poses: Poses, camera: Camera, file: Path) -> tuple[Poses, int]:
    """Take out pixels that the lens does not reach, with a warning.

    Parameters
    ----------
    poses : Poses
        2D, pixels.
    camera : Camera
    file : pathlib.Path
        What the warning calls the poses.

    Returns
    -------
    poses : Poses
        NaN at those pixels.
    count : int
        How many they are.

    Examples
    --------
    >>> flat = Poses.from_experiments(np.zeros((2, 3, 2)))
    >>> reached(flat, Camera(np.eye(3)), Path("walk.h5"))[1]
    0
    """
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


def read_views(
    files: Sequence[Path],
    fps: float | None = None,
    *,
    same_frames: bool = True,
    on_read: Callable[[int, Path], None] | None = None,
) -> list[Poses]:
    """Read the 2D poses of all cameras, of the same joints in the order of the first.

    Parameters
    ----------
    files : sequence of pathlib.Path
        One of each camera.
    fps : float, optional
        See `read_poses`.
    same_frames : bool
        Insist on the same number of frames in all.
    on_read : callable, optional
        Called before each file is read, with its number and its path.

    Returns
    -------
    list of Poses

    Raises
    ------
    ValueError
        A file of 3D poses, or of other frames, individuals or joints than the first.

    Examples
    --------
    >>> import tempfile
    >>> from liftpose.io import write_poses
    >>> flat = Poses.from_experiments(np.zeros((4, 3, 2)), joints=["a", "b", "c"])
    >>> folder = Path(tempfile.mkdtemp())
    >>> files = [write_poses(flat, folder / f"{name}.nc") for name in ("left", "top")]
    >>> [poses.frames for poses in read_views(files)]
    [4, 4]
    """
    found: list[Poses] = []
    for number, file in enumerate(files):
        if on_read is not None:
            on_read(number, file)
        poses = Hints(fps=fps, dims=2).of_use(file).read(file)
        if poses.dims != 2:
            raise ValueError(f"{file} holds {poses.dims}D poses; expected 2D ones.")
        first = found[0] if found else poses
        frames = poses.lengths != first.lengths if same_frames else False
        if frames or len(poses.keys) != len(first.keys) or poses.individuals != first.individuals:
            raise ValueError(
                f"{file} has {_frames(poses)}, and {files[0]} {_frames(first)}; all cameras "
                f"must have the same frames, and individuals if there are several."
            )
        if same_frames:
            check_start(poses, first, (os.fspath(file), os.fspath(files[0])))
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
