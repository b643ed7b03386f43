"""Calibration files: recognised from what is in them, read, and written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from liftpose.files import replacing
from liftpose.geometry.camera import Camera, as_camera
from liftpose.io.calibration import anipose, dannce, deepfly3d, opencv
from liftpose.io.calibration.cameras import named
from liftpose.io.contents import contents
from liftpose.io.paths import existing_file, new_file
from liftpose.names import closest, listed

HEAD = 4096
_TOML = re.compile(rb"^\s*\[[^\[\]\n]+\]\s*$", re.MULTILINE)
_PICKLE = re.compile(rb"\A\x80[\x02-\x05]")


def read_calibration(path: str | os.PathLike[str]) -> dict[str, Camera]:
    """Read the cameras of a calibration file.

    Parameters
    ----------
    path : path-like
        ``calibration.toml`` of Anipose, SLEAP or Pose2Sim; ``.mat`` of DANNCE or Label3D;
        ``calib.pkl`` of DeepFly3D, which is read without running it; or YAML, XML or JSON of
        OpenCV. What it is, is found out from what is in it.

    Returns
    -------
    dict of str to Camera
        By their names, in the order of the file. A single camera without a name has that of the
        file; DeepFly3D's have numbers.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        There is nothing that can be read.
    ValueError
        A file of no known kind; or no camera in it, one that lacks a field, or one with a value
        that is impossible, such as a rotation that is none. The file, the camera and the field
        are named.

    Examples
    --------
    >>> import tempfile
    >>> camera = Camera(K=[[900, 0, 320], [0, 900, 240], [0, 0, 1]], size=(640, 480))
    >>> path = Path(tempfile.mkdtemp()) / "calibration.toml"
    >>> _ = write_calibration({"left": camera}, path)
    >>> read_calibration(path)
    {'left': <Camera 'left': focal length 900 px, centre (320, 240) px, 640 x 480 px, \
at (0, 0, 0)>}
    """
    file = existing_file(path)
    try:
        return _cameras(file)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{file}: {error}") from None


def is_calibration(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file is a calibration that can be read.

    Parameters
    ----------
    path : path-like
        Of any file.

    Returns
    -------
    bool
        Whether there is at least one camera in it; False also where nothing can be read.

    Examples
    --------
    >>> is_calibration("/nowhere/calibration.toml")
    False
    """
    try:
        return bool(read_calibration(path))
    except (ValueError, OSError):
        return False


def read_camera(path: str | os.PathLike[str], name: str | None = None) -> Camera:
    """Read one camera of a calibration file.

    Parameters
    ----------
    path : path-like
        See `read_calibration`.
    name : str, optional
        Which camera; needed where there are several.

    Returns
    -------
    Camera

    Raises
    ------
    ValueError
        No camera of that name, or none named where there are several; and see
        `read_calibration`.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "calibration.toml"
    >>> cameras = {name: Camera(K=[[9, 0, 3], [0, 9, 2], [0, 0, 1]]) for name in ("left", "top")}
    >>> read_camera(write_calibration(cameras, path), "top").name
    'top'
    """
    return chosen(read_calibration(path), name, str(path))


def chosen(cameras: Mapping[str, Camera], name: str | None, who: str) -> Camera:
    """Choose one of the cameras of a calibration.

    Parameters
    ----------
    cameras : mapping of str to Camera
        At least one.
    name : str or None
        Which camera; needed where there are several.
    who : str
        What errors call the calibration.

    Returns
    -------
    Camera

    Raises
    ------
    ValueError
        No camera of that name, or none named where there are several.

    Examples
    --------
    >>> rig = {name: Camera(K=[[9, 0, 3], [0, 9, 2], [0, 0, 1]]) for name in ("left", "top")}
    >>> chosen(rig, "topp", "calib.toml")
    Traceback (most recent call last):
    ...
    ValueError: calib.toml has no camera 'topp'. Did you mean 'top'?
    """
    if name is None:
        if len(cameras) > 1:
            raise ValueError(
                f"{who} has {len(cameras)} cameras, {listed(list(cameras))}; say which one."
            )
        return next(iter(cameras.values()))
    if name not in cameras:
        raise ValueError(f"{who} has no camera {name!r}.{closest(name, cameras)}")
    return cameras[name]


def write_calibration(
    cameras: Mapping[str, Camera] | Iterable[Camera],
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
) -> Path:
    """Write cameras as Anipose's ``calibration.toml``.

    Parameters
    ----------
    cameras : mapping of str to Camera, or iterable of Camera
        A mapping gives them its names; others must have their own.
    path : path-like
        Of the file, ending in ``.toml``. Its folder must exist.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    pathlib.Path
        Of the file. It is whole or not there.

    Raises
    ------
    FileExistsError, FileNotFoundError, IsADirectoryError
        The path is taken, or there is no such folder.
    ValueError
        Another ending, no camera, one without a name, or two of one name.
    TypeError
        Something that is no camera.

    Notes
    -----
    Anipose's format has the rotation as a vector (Rodrigues), so that a matrix comes back equal
    but for rounding. It needs the size of the image, which is left out where it is not known.

    Examples
    --------
    >>> import tempfile
    >>> camera = Camera(K=[[900, 0, 320], [0, 900, 240], [0, 0, 1]], name="top")
    >>> write_calibration([camera], Path(tempfile.mkdtemp()) / "calibration.toml").name
    'calibration.toml'
    """
    if isinstance(cameras, Mapping):
        given = {str(name): as_camera(one, f"camera {name!r}") for name, one in cameras.items()}
    else:
        each = [as_camera(camera) for camera in cameras]
        if any(camera.name is None for camera in each):
            raise ValueError(
                "a camera without a name cannot be written; Camera(..., name=) or a dict gives it "
                "one."
            )
        given = named(each)
    if not given:
        raise ValueError("there is no camera to write.")
    target = new_file(path, overwrite)
    if target.suffix.lower() != ".toml":
        raise ValueError(f"{target}: calibrations are written as Anipose's .toml.")
    with replacing(target) as beside:
        beside.write_text("\n".join(anipose.written(given)) + "\n", encoding="utf-8")
    return target


def _cameras(file: Path) -> dict[str, Camera]:
    with file.open("rb") as stream:
        head = stream.read(HEAD)
    if head.startswith(b"MATLAB"):
        return dannce.read(file)
    if _PICKLE.match(head):
        return deepfly3d.read(file.read_bytes())
    kind = contents(file, head)
    if kind.startswith("text"):
        begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        # YAML knows no line [name]; JSON and XML begin otherwise.
        if _TOML.search(head) and not begin.startswith((b"%YAML", b"<", b"{")):
            return anipose.read(file.read_text(encoding="utf-8-sig"))
        if begin.startswith((b"%YAML", b"<", b"{", b"---")) or b":" in begin.split(b"\n")[0]:
            return opencv.read(file.read_text(encoding="utf-8-sig"), file.stem)
    raise ValueError(
        f"it is {kind}, which is no calibration that can be read here. These are: Anipose, SLEAP "
        f"and Pose2Sim (.toml), DANNCE and Label3D (.mat), DeepFly3D (.pkl), OpenCV (.yaml, .xml, "
        f".json)."
    )
