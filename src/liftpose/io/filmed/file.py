"""The file of a library: netCDF/HDF5 in the layout of `movement`, with the 2D and the cameras.

What `movement` knows stands where it expects it: ``position`` (time, space, keypoints,
individuals) and its coordinates, so that `read_poses` and `movement` open a library as 3D poses.
Beside it stand

====================== ============================================== =========================
variable               dimensions
====================== ============================================== =========================
``pixels``             camera, time, image, keypoints, individuals    what each tracker gave, px
``pixel_confidence``   camera, time, keypoints, individuals           0 to 1
``pixel_error``        camera, time, keypoints, individuals           px from where the 3D is shown
``pixel_used``         camera, time, keypoints, individuals           1 where the 3D rests on it
``source_frame``       camera, time, individuals                      frame in the camera's file
``reprojection_error`` time, keypoints, individuals                   px, root mean square
``camera_count``       time, keypoints, individuals                   cameras the 3D rests on
``library``            none                                           JSON: all that is no table
====================== ============================================== =========================

The JSON has ``version``, ``skeleton``, ``cameras`` (of each recording, as ``Camera.as_dict``) and
``about`` (of each recording: files, offsets, filters, versions).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.files import replacing
from liftpose.geometry.camera import Camera
from liftpose.io.filmed.library import Array, FilmedLibrary
from liftpose.io.paths import existing_file, new_file
from liftpose.io.read import read_poses
from liftpose.io.registry import find_writer
from liftpose.poses import Poses
from liftpose.poses.layout.to_dataset import side_by_side
from liftpose.skeleton import Skeleton

SUFFIX = ".library"
VERSION = 1

_TABLES: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "pixels": ("pixels", ("camera", "time", "image", "keypoints", "individuals"), "f4"),
    "confidence": ("pixel_confidence", ("camera", "time", "keypoints", "individuals"), "f4"),
    "errors": ("pixel_error", ("camera", "time", "keypoints", "individuals"), "f4"),
    "used": ("pixel_used", ("camera", "time", "keypoints", "individuals"), "u1"),
    "frames": ("source_frame", ("camera", "time", "individuals"), "i4"),
}
_SUMMARIES = {"reprojection_error": "f4", "camera_count": "u1"}
_UNITS = {"pixels": "px", "pixel_error": "px", "reprojection_error": "px"}


def write_library(
    library: FilmedLibrary, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a library to one file, which `read_poses` and `movement` open as 3D poses.

    Parameters
    ----------
    library : FilmedLibrary
    path : path-like
        Ends in ``.library``. Its folder must exist.
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
        Another suffix.
    """
    target = new_library(path, overwrite)
    streams = find_writer(Path("library.nc")).streams
    if streams is None:
        raise RuntimeError("netCDF is written as a stream.")
    with replacing(target) as beside:
        with streams(beside) as stream:
            stream.append(_without_summaries(library.poses))
        _append(library, beside)
    return target


def new_library(path: str | os.PathLike[str], overwrite: bool) -> Path:
    """Check that a library can be written to a path; see `write_library`."""
    target = new_file(path, overwrite)
    if target.suffix.lower() != SUFFIX:
        raise ValueError(f"{target} must end in {SUFFIX}, so that everyone sees that it is one.")
    return target


def _append(library: FilmedLibrary, path: Path) -> None:
    import h5netcdf  # type: ignore[import-untyped]
    import h5py  # type: ignore[import-untyped]

    count = _side_by_side(library.poses)
    with h5netcdf.File(path, "a") as file:
        file.dimensions["camera"] = len(library.names)
        file.dimensions["image"] = 2
        text = h5py.string_dtype()
        for name, values in (("camera", library.names), ("image", ("x", "y"))):
            file.create_variable(name, (name,), text)[...] = np.array(values, object)
        for field, (name, dims, kind) in _TABLES.items():
            laid = _laid_out(getattr(library, field), count)
            _table(file, name, dims, laid.astype(kind))
        for name, kind in _SUMMARIES.items():
            laid = _laid_out(getattr(library, name)[None], count)[0]
            _table(file, name, _TABLES["used"][1][1:], laid.astype(kind))
        file.create_variable("library", (), text)[...] = json.dumps(_told(library))


def _table(file: Any, name: str, dims: tuple[str, ...], values: Array) -> None:
    fill = {"fillvalue": np.nan} if values.dtype.kind == "f" else {}
    # Chunks must hold something, and a library of no frames has none.
    chunks = tuple(
        max(1, min(size, 4096 if dim == "time" else size))
        for dim, size in zip(dims, values.shape, strict=True)
    )
    variable = file.create_variable(
        name, dims, values.dtype, chunks=chunks, compression="gzip", compression_opts=1, **fill
    )
    variable[...] = values
    if name in _UNITS:
        variable.attrs["units"] = _UNITS[name]


def _without_summaries(poses: Poses) -> Poses:
    """Poses without the tables that follow from those of the cameras, which say them anew."""
    kept = {name: table for name, table in poses.extra.items() if name not in _SUMMARIES}
    return replace(poses, extra=kept)


def _side_by_side(poses: Poses) -> int:
    """Individuals that lie side by side in the file."""
    return len(poses.keys) if side_by_side(poses) else 1


def _laid_out(values: Array, count: int) -> Array:
    """Turn tables (C, individuals one after another, J, ...) into the order of the file."""
    cameras, rows, *rest = values.shape
    apart = values.reshape(cameras, count, rows // count, *rest)
    # (camera, individual, time, joint, axis) to (camera, time, axis, joint, individual)
    order = (0, 2, *reversed(range(3, apart.ndim)), 1)
    return np.asarray(apart.transpose(order))


def _as_rows(values: Array) -> Array:
    """Turn tables of the file back; see `_laid_out`."""
    order = (0, values.ndim - 1, 1, *reversed(range(2, values.ndim - 1)))
    back = values.transpose(order)
    return np.ascontiguousarray(back.reshape(len(back), -1, *back.shape[3:]))


def _told(library: FilmedLibrary) -> dict[str, Any]:
    cameras = {
        json.dumps(key): {name: camera.as_dict() for name, camera in own.items()}
        for key, own in library.cameras.items()
        if key in library.poses.keys
    }
    about = {json.dumps(key): dict(entry) for key, entry in library.about.items()}
    return {
        "version": VERSION,
        "skeleton": library.skeleton.as_dict(),
        "cameras": cameras,
        "about": about,
    }


def is_library(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file is a library with its cameras.

    Parameters
    ----------
    path : path-like
        Of any file, or of none.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_library("/nowhere/fly.library")
    False
    """
    from liftpose.io.decoding.hdf5 import holds

    try:
        with Path(path).open("rb") as file:
            head = file.read(64)
    except OSError:
        return False
    return holds(Path(path), head, lambda file: {"position", "library", "pixels"} <= set(file))


def read_library(path: str | os.PathLike[str]) -> FilmedLibrary:
    """Read a library that `write_library` wrote.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    FilmedLibrary

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        There is nothing that can be read.
    ValueError
        A file that is no library, is damaged, or of a later version; names the file.
    """
    file = existing_file(path)
    if not is_library(file):
        raise ValueError(
            f"{file} is no library with its cameras; `liftpose library build` makes one. (A file "
            "of 3D poses alone is a library for `liftpose train --library FILE --calibration`.)"
        )
    poses = _without_summaries(read_poses(file))
    try:
        return _understood(file, poses)
    except (OSError, RuntimeError, LookupError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{file} is damaged: {' '.join(str(error).split())}") from None


def _understood(path: Path, poses: Poses) -> FilmedLibrary:
    import h5py

    from liftpose.io.decoding.hdf5 import whole

    with h5py.File(path, "r") as file:
        told = json.loads(whole(file["library"]).decode())
        names = tuple(name.decode() for name in whole(file["camera"]))
        tables = {field: whole(file[name]) for field, (name, _, _) in _TABLES.items()}
    if told["version"] > VERSION:
        raise ValueError(
            f"it is of version {told['version']}, and this LiftPose reads {VERSION}; update it."
        )
    laid = {field: _as_rows(values) for field, values in tables.items()}
    laid["used"] = laid["used"].astype(bool)
    cameras = {
        _key(key): {name: Camera.from_dict(values) for name, values in own.items()}
        for key, own in told["cameras"].items()
    }
    about = {_key(key): entry for key, entry in told["about"].items()}
    skeleton = Skeleton.from_dict(told["skeleton"])
    return FilmedLibrary(poses, skeleton, names, cameras, about=about, **laid)


def _key(text: str) -> Any:
    from liftpose.poses.given import key_from_json

    return key_from_json(json.loads(text))
