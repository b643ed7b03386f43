"""DeepFly3D's ``calib.pkl``: a dict of cameras, pickled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from liftpose.geometry.camera import Camera
from liftpose.io.calibration.cameras import field, named
from liftpose.io.decoding.pickled_numbers import numbers

FIELDS = ("intr", "R", "tvec", "distort")


def read(data: bytes) -> dict[str, Camera]:
    """Read the cameras of a pickle without running it; their names are their numbers.

    The results of DeepFly3D (``df3d_result*.pkl``) have the same cameras in them.

    Raises
    ------
    ValueError
        A pickle of anything else than numbers, or one without cameras, or a camera that lacks a
        field or has an impossible one.
    """
    return cameras_of(numbers(data))


def cameras_of(content: Any) -> dict[str, Camera]:
    """Give the cameras among the entries of a pickle that has been read.

    Parameters
    ----------
    content : dict
        Numbers of cameras to their ``intr``, ``R``, ``tvec`` and ``distort``; other entries are
        left alone.

    Returns
    -------
    dict of str to Camera
        By their numbers.

    Raises
    ------
    ValueError
        No cameras, or one that lacks a field or has an impossible one.

    Examples
    --------
    >>> fields = {"intr": np.eye(3), "R": np.eye(3), "tvec": np.ones((1, 3)), "distort": [0.0] * 5}
    >>> cameras_of({4: fields, "points2d": None})["4"].t.tolist()
    [1.0, 1.0, 1.0]
    """
    entries = content.items() if isinstance(content, Mapping) else ()
    cameras = {key: entry for key, entry in entries if _is_camera(entry)}
    if not cameras:
        raise ValueError(
            f"it is a pickle without cameras; expected a dict of them, with {', '.join(FIELDS)}."
        )
    return named([_camera(str(key), entry) for key, entry in cameras.items()])


def _is_camera(entry: Any) -> bool:
    return isinstance(entry, Mapping) and bool(set(FIELDS) & set(entry))


def _camera(name: str, fields: Mapping[str, Any]) -> Camera:
    K, R, t, dist = (field(fields, (key,), name) for key in FIELDS)
    return Camera(K, R, np.ravel(t), dist, None, name)
