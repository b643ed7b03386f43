"""What the readers of calibrations share: cameras made of the fields of a file, or an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from liftpose.geometry.camera import Camera
from liftpose.geometry.rotation import from_vector
from liftpose.names import closest


def field(fields: Mapping[str, Any], names: Sequence[str], camera: str) -> Any:
    """Give the field that has one of some names.

    Parameters
    ----------
    fields : mapping of str to value
        What the file says of the camera.
    names : sequence of str
        How the field may be called.
    camera : str
        What the camera is called, for the error.

    Returns
    -------
    value

    Raises
    ------
    ValueError
        None of the names is there; the closest that is there is offered.
    """
    for name in names:
        if fields.get(name) is not None:
            return fields[name]
    missing = " or ".join(map(repr, names[:2]))
    raise ValueError(f"camera {camera!r} has no {missing}.{closest(names[0], map(str, fields))}")


def matrix_of(rotation: Any, camera: str) -> Any:
    """Give a rotation as a matrix, whether it is one or a vector (Rodrigues, radians)."""
    try:
        values = np.asarray(rotation, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.size == 3:
        return from_vector(values.reshape(3))
    if values.shape == (3, 3):
        return values
    raise ValueError(
        f"camera {camera!r}: its rotation is {rotation!r}; expected three numbers (a rotation "
        f"vector, in radians) or a 3 x 3 matrix."
    )


def named(cameras: Sequence[Camera]) -> dict[str, Camera]:
    """Give cameras by their names.

    Raises
    ------
    ValueError
        There is none, or two of one name.
    """
    if not cameras:
        raise ValueError("it has no camera in it.")
    found: dict[str, Camera] = {}
    for camera in cameras:
        if str(camera.name) in found:
            raise ValueError(f"two cameras have the name {camera.name!r}.")
        found[str(camera.name)] = camera
    return found
