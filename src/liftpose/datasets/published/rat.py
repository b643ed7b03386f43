"""CAPTURE's rats: 20 markers on a rat, and six cameras around it.

``data_3d_e0`` to ``data_3d_e3`` hold, for each of four sessions, ``0_cam1_data.mat`` and so on,
with the variables ``data_2d`` (frames, 40), ``data_3d`` (frames, 60) and ``data_sampleID``;
``calibration_e0`` and so on hold ``hires_cam1_params_rRDistort.mat``, with ``K``, ``r`` and ``t``.
MATLAB multiplies rows from the right, so that ``K`` and ``r`` are the transposes of what they are
elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.datasets.published.files import (
    Array,
    Numbers,
    folder_of,
    inside,
    matlab,
    named,
    one,
    table,
    whole_numbers,
)
from liftpose.datasets.published.published import Published
from liftpose.geometry.camera import Camera
from liftpose.io.calibration.dannce import FIELDS, camera_of
from liftpose.io.decoding.matlab import variables
from liftpose.poses import Key, Poses
from liftpose.skeleton import Skeleton

RAT = replace(Skeleton.named("rat20"), unit="mm")
"""Twenty markers; ``Offset1`` and ``Offset2`` are on the back, to tell the sides apart."""

TRAINED, TESTED = (1, 2, 3), (0,)
"""Sessions that the original example trained and tested on."""

_SESSION = re.compile(r"data_3d_e(\d+)")
_DATA = re.compile(r"(\d+)_cam(\d+)_data\.mat")


def capture_rat(
    data: str | os.PathLike[str],
    sessions: Sequence[int] | None = None,
    cameras: Sequence[int] | None = None,
) -> Published:
    """Load the rats of CAPTURE, in the selection that LiftPose3D published.

    Parameters
    ----------
    data : path-like
        The folder with ``data_3d_e0``, ``calibration_e0`` and the others in it.
    sessions : sequence of int, optional
        Such as ``[0, 1]``; all that are there by default.
    cameras : sequence of int, optional
        Numbers 1 to 6, as in the names of the files; all that a session has by default.

    Returns
    -------
    Published
        An experiment ``(session, camera)`` each; 3D of the world in mm, NaN where a marker was not
        found, and the 2D of ``data_2d``, with the lens. ``numbers`` holds ``data_sampleID``.
        Sessions 1, 2 and 3 are those to train on, 0 is to be tested on.

    Raises
    ------
    FileNotFoundError
        A folder or one of its files is missing.
    ValueError
        A file of another layout, named.

    Notes
    -----
    Where a calibration has no ``RDistort`` or ``TDistort``, that distortion is zero. The original
    example projects the 3D without distortion instead of taking ``data_2d``; from camera and 2D
    the lifter finds the same rays.

    References
    ----------
    J. Marshall et al., "Continuous Whole-Body 3D Kinematic Recordings across the Rodent Behavioral
    Repertoire", Neuron 109, 2021.

    Examples
    --------
    >>> capture_rat("no_such_folder")
    Traceback (most recent call last):
    FileNotFoundError: no_such_folder: no such folder; expected that of the CAPTURE data.
    """
    folder = folder_of(data, "CAPTURE")
    seen: dict[Key, Array] = {}
    deep: dict[Key, Array] = {}
    views: dict[Key, Camera] = {}
    rows: dict[Key, Numbers] = {}
    for session in _sessions(folder) if sessions is None else sessions:
        place = folder / f"data_3d_e{session}"
        for number in _cameras(place, session) if cameras is None else cameras:
            key = (int(session), int(number))
            path = one(place, f"{session}_cam{number}_data.mat")
            with named(path):
                seen[key], deep[key], rows[key] = _recording(path)
            calibration = folder / f"calibration_e{session}"
            views[key] = read_camera(one(calibration, f"hires_cam{number}_params_rRDistort.mat"))
    if not seen:
        raise ValueError("sessions and cameras name none; leave them out to take all.")
    about: dict[str, Any] = {"joints": RAT.joints, "source_software": "CAPTURE"}
    return Published(
        "CAPTURE",
        RAT,
        Poses.from_experiments(seen, None, (2,), "data_2d", unit="px", **about),
        Poses.from_experiments(deep, None, (3,), "data_3d", unit="mm", frame="world", **about),
        views,
        tuple(key for key in seen if _session(key) in TRAINED),
        tuple(key for key in seen if _session(key) in TESTED),
        rows,
    )


def _session(key: Key) -> int:
    assert isinstance(key, tuple)
    return int(str(key[0]))


def _sessions(folder: Path) -> list[int]:
    names = [_SESSION.fullmatch(path.name) for path in folder.iterdir() if path.is_dir()]
    found = sorted(int(name[1]) for name in names if name)
    if not found:
        raise FileNotFoundError(
            f"{folder}: no folder data_3d_e0 or the like is in it; {inside(folder)}."
        )
    return found


def _cameras(place: Path, session: int) -> list[int]:
    if not place.is_dir():
        raise FileNotFoundError(f"{place}: no such folder; expected the data of session {session}.")
    names = [_DATA.fullmatch(path.name) for path in place.iterdir()]
    found = sorted(int(name[2]) for name in names if name and int(name[1]) == session)
    if not found:
        raise FileNotFoundError(
            f"{place}: no file {session}_cam1_data.mat or the like is in it; {inside(place)}."
        )
    return found


def _recording(path: Path) -> tuple[Array, Array, Numbers]:
    content = matlab(path, "data_2d", "data_3d", "data_sampleID")
    count = RAT.joint_count
    points_3d = table(content, "data_3d", ("frames", 3 * count))
    frames = len(points_3d)
    points_2d = table(content, "data_2d", (frames, 2 * count))
    samples = {"data_sampleID": np.ravel(content["data_sampleID"])}
    return (
        points_2d.reshape(frames, count, 2),
        points_3d.reshape(frames, count, 3),
        whole_numbers(samples, "data_sampleID", (frames,)),
    )


def read_camera(path: Path) -> Camera:
    """Read one camera of CAPTURE.

    Parameters
    ----------
    path : pathlib.Path
        ``hires_cam1_params_rRDistort.mat`` or the like.

    Returns
    -------
    Camera

    Raises
    ------
    ValueError
        No such file, or a camera that lacks a field or has an impossible one.
    """
    with named(path):
        content, _ = variables(path.read_bytes(), FIELDS)
        none = {name: np.zeros(2) for name in ("RDistort", "TDistort")}
        return camera_of(none | content, path.stem.split("_params")[0])
