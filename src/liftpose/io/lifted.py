"""Reading back what was lifted, with all that is known of it."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.io.decoding.hdf5 import HDF5, holds
from liftpose.io.families import netcdf
from liftpose.io.paths import existing_file
from liftpose.io.read import read_poses, read_with
from liftpose.io.registry import find_reader
from liftpose.poses import Bars, Lifted, Poses
from liftpose.poses.verdict import verdicts_from_text

BESIDE = ("root_relative", "spread", "novelty", "bars", "hypotheses", "verdicts")
"""What is known of lifted poses beside their positions."""


def holds_lifted(path: str | os.PathLike[str]) -> bool:
    """Whether a file keeps what is known of lifted poses beside their positions.

    Parameters
    ----------
    path : path-like
        Of a pose file.

    Returns
    -------
    bool

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "walk.npy"
    >>> np.save(path, np.zeros((10, 5, 3)))
    >>> holds_lifted(path)
    False
    """
    file = Path(path)
    if file.is_dir():
        return False
    with file.open("rb") as start:
        head = start.read(len(HDF5))
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            return "root_relative.npy" in archive.namelist()
    return holds(file, head, lambda inside: "root_relative" in inside and "position" in inside)


def read_lifted(path: str | os.PathLike[str], *, fps: float | None = None) -> Lifted:
    """Read a file of lifted poses, or of any other 3D poses.

    Parameters
    ----------
    path : path-like
        netCDF in the layout of `movement` or ``.npz``, as `write_poses` writes it, keeps all that
        was known: ``root_relative``, ``spread``, ``novelty``, ``hypotheses``, ``verdicts``,
        error bars, and what lifted it. ``.csv`` as it writes it keeps positions, confidence and
        ``spread``; any other file of 3D poses has positions only.
    fps : float, optional
        Frames per second; counts more than what the file says.

    Returns
    -------
    Lifted
        What the file does not hold is None, `root_relative` NaN.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        There is nothing that can be read.
    ValueError
        A file that is of no known format, is damaged, or holds no 3D poses; names the file.

    Examples
    --------
    >>> import tempfile
    >>> from liftpose.io import write_poses
    >>> still = np.zeros((3, 2, 3), np.float32)
    >>> lifted = Lifted(still, still, ("walk",), (3,), spread=still + 1)
    >>> read_lifted(write_poses(lifted, Path(tempfile.mkdtemp()) / "walk.nc"))
    <Lifted: 3 frames, 2 joints, 1 experiment, with spread>
    """
    file = existing_file(path)
    found = find_reader(file, None)
    if found.name == netcdf.NAME:
        poses = read_with(netcdf.read_all, file, found, fps)
    else:
        poses = read_poses(file, format=found.name, fps=fps)
    if isinstance(poses, Lifted):
        return poses
    if poses.dims != 3:
        raise ValueError(f"{file} holds {poses.dims}D poses; expected 3D ones, such as lifted.")
    beside = _of_npz(file) if found.name == "npz" else _of_columns(poses)
    return replace(Lifted.from_poses(poses), **beside)


def _of_columns(poses: Poses) -> dict[str, Any]:
    along = [poses.extra.get(f"{axis}_sd") for axis in "xyz"]
    known = [spread for spread in along if spread is not None]
    return {"spread": np.stack(known, axis=-1).astype(np.float32)} if len(known) == 3 else {}


def _of_npz(file: Path) -> dict[str, Any]:
    with np.load(file, allow_pickle=False) as stored:
        tables = ("root_relative", "spread", "novelty", "hypotheses")
        found: dict[str, Any] = {name: stored[name] for name in tables if name in stored}
        if "provenance" in stored:
            found["provenance"] = json.loads(str(stored["provenance"]))
        texts = {
            "error_bars": ("bars", Bars.from_text),
            "verdicts": ("verdicts", verdicts_from_text),
        }
        for entry, (name, understood) in texts.items():
            if entry in stored:
                try:
                    found[name] = understood(str(stored[entry]))
                except ValueError as error:
                    raise ValueError(f"{file}: {error}") from None
    return found
