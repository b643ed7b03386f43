"""MATLAB's ``.mat`` files of version 7.3, which are HDF5: arrays, texts, cells and structs.

HDF5 has the axes of an array the other way round.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.io.decoding.hdf5 import whole
from liftpose.io.decoding.matlab import lines, variables

BEGINS = b"MATLAB 7.3"
_OWN = "#"
_DEEPEST = 20


def read_variables(path: Path, wanted: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """Read variables of a ``.mat`` file of any version.

    Parameters
    ----------
    path : pathlib.Path
        Of the file.
    wanted : collection of str
        Names of variables; those that are not there are left out.

    Returns
    -------
    found : dict
        As `liftpose.io.decoding.matlab.variables` gives them.
    names : list of str
        Of all variables of the file.

    Raises
    ------
    ValueError
        A file of another kind, or damaged; or a variable of a kind that is not read.

    Examples
    --------
    >>> import scipy.io, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "walk.mat"
    >>> scipy.io.savemat(path, {"fps": 100.0, "walk": np.zeros((4, 5, 3))})
    >>> read_variables(path, ["fps"])
    ({'fps': array([[100.]])}, ['fps', 'walk'])
    """
    with path.open("rb") as file:
        is_hdf5 = file.read(len(BEGINS)) == BEGINS
    if not is_hdf5:
        return variables(path.read_bytes(), wanted)
    import h5py  # type: ignore[import-untyped]

    try:
        with h5py.File(path, "r") as file:
            names = [name for name in file if not name.startswith(_OWN) and _is_hard(file, name)]
            found = {name: _value(file, file[name], 0) for name in names if name in wanted}
    except (OSError, RuntimeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"it is a damaged .mat file ({error}).") from error
    return found, names


def _is_hard(file: Any, name: str) -> bool:
    """Whether an entry is in this file; links out of it are not followed."""
    import h5py

    return isinstance(file.get(name, getlink=True), h5py.HardLink)


def _value(file: Any, entry: Any, depth: int) -> Any:
    import h5py

    if depth > _DEEPEST:
        raise ValueError("it is a damaged .mat file (cells within cells without end).")
    kind = bytes(np.bytes_(entry.attrs.get("MATLAB_class", b"")))
    if isinstance(entry, h5py.Group):
        fields = [name for name in entry if _is_hard(entry, name)]
        return [{name: _value(file, entry[name], depth + 1) for name in fields}]
    values = whole(entry)
    if "MATLAB_empty" in entry.attrs:
        return "" if kind == b"char" else [] if kind == b"cell" else np.empty((0, 0))
    if h5py.check_dtype(ref=values.dtype) is not None:
        return [_value(file, file[one], depth + 1) for one in values.ravel().tolist()]
    values = values.T
    if kind == b"char":
        codes = np.ascontiguousarray(values.ravel(order="F"), np.uint16)
        return lines(codes.tobytes().decode("utf-16-le"), values.shape)
    if values.dtype.kind not in "iufb":
        raise ValueError(f"{entry.name.lstrip('/')!r} is of the kind {kind.decode()!r}.")
    return values
