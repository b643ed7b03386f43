"""The files of which something is shown, brought to one skeleton."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from liftpose.io.opened import SlicedPoses
from liftpose.io.paths import existing_file
from liftpose.io.slices import open_slices
from liftpose.poses import Lifted
from liftpose.poses.given import Floats
from liftpose.poses.matching import places_of
from liftpose.skeleton import Skeleton

if TYPE_CHECKING:
    from liftpose.geometry.camera import Camera

PathLike = str | os.PathLike[str]

_RUN = "options.json"


@dataclass(frozen=True)
class Asked:
    """What is to be shown beside the poses, and what only the user knows.

    Parameters
    ----------
    truth : path-like, optional
        3D poses of the same frames, measured otherwise.
    poses_2d : path-like, optional
        The 2D that was lifted.
    video : path-like, optional
        The video that it was tracked in.
    offset : int
        Picture of the video that belongs to the first row.
    calibration : path-like, optional
        Of the video's camera, to show where it would see the lifted pose.
    camera : str, optional
        Which camera of the calibration.
    skeleton : path-like, optional
        A skeleton file, one that ships, or a lifter; by default that which the file carries.
    fps : float, optional
        Frames per second, where the file does not say.
    """

    truth: PathLike | None = None
    poses_2d: PathLike | None = None
    video: PathLike | None = None
    offset: int = 0
    calibration: PathLike | None = None
    camera: str | None = None
    skeleton: PathLike | None = None
    fps: float | None = None


class Part:
    """A file with its joints in the order of the skeleton.

    Parameters
    ----------
    poses : SlicedPoses
        The file, open.
    columns : list of int or slice
        Where the joints of the skeleton are in it.
    """

    def __init__(self, poses: SlicedPoses, columns: list[int] | slice):
        self.poses, self.about, self._columns = poses, poses.about, columns

    def has(self, name: str) -> bool:
        """Whether there is a table of this name."""
        return name in self.poses.tables

    def rows(self, name: str, start: int, stop: int) -> Floats:
        """Give rows of a table, as `SlicedPoses.rows` does."""
        values = self.poses.rows(name, start, stop)
        return values if values.ndim == 1 else values[:, self._columns]

    def lifted(self, start: int, stop: int) -> Lifted:
        """Give rows as poses that can be placed, their joints in the order of the skeleton."""
        found, pick = self.poses.lifted(start, stop), self._columns
        names = None if found.joints is None else np.array(found.joints, object)[pick]
        tables = ("position", "root_relative", "spread", "confidence")
        cut = {name: getattr(found, name) for name in tables}
        known: dict[str, Any] = {
            name: None if table is None else table[:, pick] for name, table in cut.items()
        }
        joints = None if names is None else tuple(map(str, names))
        return replace(found, joints=joints, provenance={}, **known)


def not_a_run(source: PathLike) -> Path:
    """Insist on a file, and say of the folder of a run what shows it."""
    path = Path(source)
    if path.is_dir() and (path / _RUN).is_file():
        raise ValueError(
            f"{path} is the folder of a run, whose test recordings `liftpose report {path}` shows; "
            "expected a file of 3D poses."
        )
    return existing_file(path)


def own_skeleton(poses: SlicedPoses) -> Skeleton:
    """Give the skeleton that a file carries; without one, joints that nothing joins."""
    about = poses.about
    carried = poses.lifted(0, 1).skeleton
    if carried is not None:
        return carried
    return Skeleton.unnamed(about.joint_count) if about.joints is None else Skeleton(about.joints)


def columns_of(
    poses: SlicedPoses, joints: tuple[str, ...], by_name: bool, file: PathLike
) -> list[int] | slice:
    """Where the joints of the skeleton are in a file."""
    there = poses.about.joints
    if there == joints or (not by_name and poses.about.joint_count == len(joints)):
        return slice(None)
    if there is not None:
        return places_of(joints, there, f"{file} has")
    if poses.about.joint_count != len(joints):
        raise ValueError(
            f"{file} has {poses.about.joint_count} joints without names; expected {len(joints)}."
        )
    return slice(None)


def part_beside(
    stack: ExitStack, path: PathLike | None, dims: int, poses: SlicedPoses, body: Skeleton
) -> Part | None:
    """Open what is shown beside poses, of the same frames."""
    if path is None:
        return None
    other = stack.enter_context(open_slices(path, dims=dims))
    if other.about.frames != poses.about.frames:
        raise ValueError(
            f"{path} has {other.about.frames:,} frames and {poses.about.path} has "
            f"{poses.about.frames:,}; expected the same frames."
        )
    named = other.about.joints is not None and body.has_names
    return Part(other, columns_of(other, body.joints, named, path))


def camera_of(asked: Asked) -> Camera | None:
    """Read the camera that is asked for."""
    if asked.calibration is None:
        if asked.camera is not None:
            raise ValueError(f"camera {asked.camera!r} is of no calibration; name one.")
        return None
    # Calibrations take as long to load as the first frame does to be read.
    from liftpose.io.calibration import read_camera

    return read_camera(asked.calibration, asked.camera)
