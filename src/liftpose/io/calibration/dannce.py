"""DANNCE's and Label3D's ``.mat``: MATLAB's matrices, which multiply rows from the right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from liftpose.geometry.camera import Camera
from liftpose.io.calibration.cameras import field, named
from liftpose.io.decoding.matlab73 import read_variables

FIELDS = ("K", "r", "t", "RDistort", "TDistort")


def read(path: Path) -> dict[str, Camera]:
    """Read the cameras of ``label3d_dannce.mat``, or the one of a ``..._params.mat``.

    MATLAB's ``x = X r + t`` on rows is ``R X + t`` on columns, with R the transpose of r; so is K.

    Raises
    ------
    ValueError
        No such file, or a camera that lacks a field or has an impossible one.
    """
    content, there = read_variables(path, (*FIELDS, "params", "camnames"))
    if {"K", "r"} & set(content):
        return named([camera_of(content, path.stem)])
    if "params" not in content:
        raise ValueError(
            f"it is a .mat file with {', '.join(there) or 'nothing'}; expected 'params', a cell "
            f"with K, r, t, RDistort and TDistort of each camera."
        )
    cells = content["params"] if isinstance(content["params"], list) else [content["params"]]
    names = _names(content.get("camnames"), len(cells))
    return named([camera_of(_fields(cell, n), n) for cell, n in zip(cells, names, strict=True)])


def _names(given: Any, count: int) -> list[str]:
    if given is None:
        return [f"Camera{number + 1}" for number in range(count)]
    names = [str(name).strip() for name in ([given] if isinstance(given, str) else given)]
    if len(names) != count:
        raise ValueError(f"'camnames' has {len(names)} names for {count} cameras.")
    return names


def _fields(cell: Any, camera: str) -> dict[str, Any]:
    # A cell of structs, each in a list of its own; or a row of structs.
    fields = cell[0] if isinstance(cell, list) and len(cell) == 1 else cell
    if not isinstance(fields, dict):
        raise ValueError(f"camera {camera!r}: its 'params' is no struct of one camera.")
    return fields


def camera_of(fields: Any, name: str) -> Camera:
    """Give the camera that some variables of MATLAB describe.

    Parameters
    ----------
    fields : mapping of str to array
        ``K`` and ``r``, as MATLAB has them, ``t``, ``RDistort`` and ``TDistort``.
    name : str
        What the camera is called.

    Returns
    -------
    Camera

    Raises
    ------
    ValueError
        A field is missing or impossible.

    Examples
    --------
    >>> K = [[900, 0, 0], [0, 900, 0], [320, 240, 1]]
    >>> fields = {"K": K, "r": np.eye(3), "t": [[0, 0, 9]], "RDistort": [0, 0], "TDistort": [0, 0]}
    >>> camera_of(fields, "left")
    <Camera 'left': focal length 900 px, centre (320, 240) px, at (0, 0, -9)>
    """
    K, r, t, radial, tangential = (field(fields, (key,), name) for key in FIELDS)
    radial, tangential = np.ravel(radial).tolist(), np.ravel(tangential).tolist()
    if len(radial) not in (2, 3) or len(tangential) != 2:
        raise ValueError(
            f"camera {name!r}: RDistort has {len(radial)} numbers and TDistort "
            f"{len(tangential)}; expected 2 or 3, and 2."
        )
    dist = [*radial[:2], *tangential, *radial[2:], 0.0][:5]
    return Camera(np.transpose(K), np.transpose(r), np.ravel(t), dist, None, name)
