"""The floor as a user names it: files of 3D poses of animals that walk on it, or a plane."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from liftpose.io import read_poses
from liftpose.lifter.floor import AXES, Floor, find_floor
from liftpose.names import closest
from liftpose.poses import Floats, Lifted, Poses

_PLANE = re.compile(r"\s*([xyz])\s*=(.*)", re.IGNORECASE)


@dataclass(frozen=True)
class Ground:
    """A plane of the world that is known by itself, from no animal.

    Parameters
    ----------
    axis : {"x", "y", "z"}
        That is square to it.
    height : float, unit of the world
        Where on that axis it is.
    down : bool
        Whether the axis points down.
    feet : tuple of str
        Joints that stand on it.
    """

    axis: str
    height: float
    down: bool
    feet: tuple[str, ...]

    def floor(self, size: float, joints: Sequence[str]) -> Floor:
        """Give it as the floor of an animal of some size.

        Parameters
        ----------
        size : float, unit of the world
            Extent of the animal; see `Floor`.
        joints : sequence of str
            Names of all joints.

        Returns
        -------
        Floor
            Its ``places`` are NaN: nobody said where on it animals are.

        Examples
        --------
        >>> floor = Ground("z", 12.0, False, ("paw",)).floor(40.0, ["nose", "paw"])
        >>> floor.height([0.0, 0.0, 15.0]).tolist(), floor.feet
        (3.0, (1,))
        """
        sign = -1.0 if self.down else 1.0
        others = [AXES[axis] for axis in "xyz" if axis != self.axis]
        return Floor(
            sign * np.array(AXES[self.axis]),
            sign * self.height,
            tuple(list(joints).index(foot) for foot in self.feet),
            max(1, len(self.feet) // 2),
            size,
            np.array(others),
            np.full((2, 2), np.nan),
            self.feet,
        )

    def __str__(self) -> str:
        return f"{self.axis}={self.height:g}"


def mean_squares(lifted: Lifted) -> Floats:
    """Give how large each pose is, squared: what a `Ground` needs to know of an animal.

    Parameters
    ----------
    lifted : Lifted

    Returns
    -------
    array, shape (frames in which anything was lifted,), float64, squared unit
        Mean square distance of the joints from their middle.

    Examples
    --------
    >>> ends = np.array([[[-1.0, 0, 0], [1, 0, 0]], [[np.nan] * 3] * 2])
    >>> mean_squares(Lifted(ends, ends, ("",), (2,))).tolist()
    [1.0]
    """
    position = lifted.position[np.isfinite(lifted.position).any((1, 2))]
    return np.asarray(np.nanvar(position, axis=1, dtype=np.float64).sum(axis=1))


def read_floor(
    where: Sequence[str | os.PathLike[str]],
    feet: Sequence[str],
    joints: Sequence[str],
    *,
    up: str | None = None,
    rename: Mapping[str, str] | None = None,
) -> Floor | Ground | None:
    """Understand a floor as the command line names it.

    Parameters
    ----------
    where : sequence of path-like or str
        Files of 3D poses of animals that walk on it, in the world of the camera, such as those
        that the lifter was trained on; or one plane, such as ``"z=0"``.
    feet : sequence of str
        Joints that stand on it, by the lifter's names.
    joints : sequence of str
        The lifter's.
    up : {"x", "-x", "y", "-y", "z", "-z"}, optional
        Where up is: for files roughly, and by default from the feet to the other joints; for a
        plane which of its sides, by default that of the greater coordinates.
    rename : mapping of str to str, optional
        From joint names in the files to those of the lifter.

    Returns
    -------
    Floor, Ground or None
        None where nothing is said of a floor.

    Raises
    ------
    ValueError
        Feet without a floor or the other way round, feet that are no joints, files and a plane at
        once, a plane that is none, or poses that no floor is found in, with their file.
    OSError
        A file cannot be read.

    Examples
    --------
    >>> print(read_floor(["z=0"], ["paw"], ["nose", "paw"]))
    z=0
    """
    _check_said(where, feet, up)
    if not where:
        return None
    for foot in feet:
        if foot not in joints:
            raise ValueError(f"--feet: the lifter has no joint {foot!r}.{closest(foot, joints)}")
    if len(set(feet)) < len(feet):
        raise ValueError(f"--feet names a joint twice: {', '.join(feet)}.")
    planes = [_PLANE.fullmatch(str(word)) for word in where if not Path(word).exists()]
    if not any(planes):
        return _found(where, feet, joints, up, rename or {})
    if len(where) > 1:
        raise ValueError(
            f"--floor is {', '.join(map(str, where))}; expected one plane, or files of 3D poses."
        )
    return _ground(str(where[0]), feet, up)


def _check_said(where: Sequence[object], feet: Sequence[str], up: str | None) -> None:
    if where and not feet:
        raise ValueError(
            "a floor needs to know which joints stand on it: --feet left_paw,right_paw (--floor)."
        )
    if feet and not where:
        raise ValueError(
            "--feet says what stands on the floor; say where that is: --floor with a file of 3D "
            "poses of animals that walk on it, or a plane such as z=0."
        )
    if up is not None and not where:
        raise ValueError(f"--up {up} is of a floor; say where that is with --floor.")
    if up is not None and up.removeprefix("-") not in AXES:
        raise ValueError(f"--up {up}: expected x, y or z, or -x, -y or -z.")


def _ground(word: str, feet: Sequence[str], up: str | None) -> Ground:
    match = _PLANE.fullmatch(word)
    assert match is not None
    axis = match[1].lower()
    try:
        height = float(match[2])
    except ValueError:
        height = math.nan
    if not math.isfinite(height):
        raise ValueError(f"--floor {word}: expected the height of a plane, such as {axis}=0.")
    if up is not None and up.removeprefix("-") != axis:
        raise ValueError(f"--up {up}: above the plane {word} is {axis} or -{axis}.")
    return Ground(axis, height, up is not None and up.startswith("-"), tuple(feet))


def _found(
    where: Sequence[str | os.PathLike[str]],
    feet: Sequence[str],
    joints: Sequence[str],
    up: str | None,
    rename: Mapping[str, str],
) -> Floor:
    poses = Poses.joined([_walk(file, feet, joints, rename) for file in where])
    try:
        return find_floor(poses, feet, up)
    except ValueError as error:
        raise ValueError(f"no floor in {', '.join(map(str, where))}: {error}") from None


def _walk(
    file: str | os.PathLike[str],
    feet: Sequence[str],
    joints: Sequence[str],
    rename: Mapping[str, str],
) -> Poses:
    """3D poses of a file, with those of the lifter's joints that it has."""
    poses: Poses = read_poses(file)
    if poses.dims != 3:
        raise ValueError(f"--floor {file} holds {poses.dims}D poses; expected 3D ones.")
    if poses.joints is None:
        poses = poses.matched(joints, by_order=True)
    there = [rename.get(joint, joint) for joint in poses.joints or ()]
    for foot in feet:
        if foot not in there:
            raise ValueError(f"--floor {file} has no joint {foot!r}.{closest(foot, there)}")
    known = {old: new for old, new in rename.items() if old in (poses.joints or ())}
    poses = poses.matched([joint for joint in joints if joint in there], known)
    # Several files may call what they hold alike.
    return replace(poses, keys=tuple(f"{file}, {key!r}" for key in poses.keys))
