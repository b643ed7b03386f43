"""What netCDF-4 files hold, without the time that `xarray` takes to be loaded.

Values that are packed, masked or of a type that HDF5 does not have need more understanding of
conventions than there is here; files that hold such are left to `xarray`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.poses.layout.source import ALL, Load, Source, Stored, of_dataset
from liftpose.poses.layout.to_dataset import Array

TIME = "time"
"""What time it was need not be known, and takes long to be loaded."""

_PACKED = ("scale_factor", "add_offset", "missing_value", "_Unsigned", "dtype")
_LENGTHS_OF_TIME = {
    *("days", "hours", "minutes", "seconds"),
    *("milliseconds", "microseconds", "nanoseconds"),
}


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a file, to load what is asked for of it.

    Parameters
    ----------
    path : pathlib.Path
        netCDF-4.

    Yields
    ------
    Source
        As `xarray` would give it, but for texts, which may be bytes, and without `TIME`.
    """
    import h5netcdf  # type: ignore[import-untyped]
    import h5py  # type: ignore[import-untyped]

    # h5netcdf knows dimensions, but looks all of them up whenever it is asked for some values.
    with h5py.File(path, "r") as inside, h5netcdf.File(path, "r") as file:
        found = _plain(file, inside)
        if found is not None:
            yield found
            return
    import xarray as xr

    with xr.open_dataset(path, engine="h5netcdf", drop_variables=[TIME]) as dataset:
        yield of_dataset(dataset)


def _plain(file: Any, inside: Any) -> Source | None:
    """What a file holds, or None where conventions say more of it than is understood here."""
    there = dict(file.variables)
    try:
        said = _attrs(file)
        attrs = {name: _attrs(one) for name, one in there.items() if name != TIME}
    except UnicodeDecodeError:
        return None
    beside = {name for one in attrs.values() for name in str(one.pop("coordinates", "")).split()}
    if "coordinates" in said:
        return None
    found: dict[str, Stored] = {}
    for name, known in attrs.items():
        variable = there[name]
        stored = _stored(inside[variable.name], tuple(variable.dimensions), known)
        shape = tuple(file.dimensions[dim].size for dim in variable.dimensions)
        if stored is None or inside[variable.name].shape != shape:
            return None
        if stored.kind == "S" and variable.dimensions[-1] in there:
            return None
        found[name] = stored
    coords = beside | {name for name, one in there.items() if one.dimensions == (name,)}
    dims = {dim for one in found.values() for dim in one.dims}
    return Source(
        {name: one for name, one in found.items() if name not in coords},
        {name: one for name, one in found.items() if name in coords},
        {dim: file.dimensions[dim].size for dim in dims},
        said,
    )


def _stored(values: Any, dims: tuple[str, ...], attrs: dict[str, Any]) -> Stored | None:
    import h5py

    kind, shape = values.dtype, values.shape
    gap = attrs.pop("_FillValue", None)
    if any(name in attrs for name in _PACKED) or _is_time(attrs.get("units")):
        return None
    is_text = kind.kind == "S" or h5py.check_string_dtype(kind) is not None
    if is_text and gap is not None:
        return None
    if is_text and kind.kind == "O":
        return Stored(dims, shape, "O", attrs, _loading(values.asstr(), dims))
    if is_text:
        return _letters(values, dims, attrs)
    is_number = kind.kind == "f" or (kind.kind in "iu" and h5py.check_enum_dtype(kind) is None)
    has_gaps = gap is not None and not (kind.kind == "f" and np.isnan(gap).all())
    if not is_number or has_gaps or not kind.isnative:
        return None
    return Stored(dims, shape, kind.kind, attrs, _loading(values, dims))


def _letters(values: Any, dims: tuple[str, ...], attrs: dict[str, Any]) -> Stored | None:
    """Texts whose letters lie along a dimension of their own."""
    said = attrs.pop("_Encoding", None)
    if said != "utf-8" or values.dtype.itemsize != 1 or len(dims) < 2 or not values.shape[-1]:
        return None
    width = f"S{values.shape[-1]}"
    letters = Stored(dims, values.shape, "S", attrs, _loading(values, dims))
    return letters.turned(dims[:-1], values.shape[:-1], lambda table: table.view(width)[..., 0])


def _is_time(unit: Any) -> bool:
    """Whether a unit is one of dates or of lengths of time, which `xarray` gives as such."""
    return isinstance(unit, str) and ("since" in unit or unit in _LENGTHS_OF_TIME)


def _loading(values: Any, dims: tuple[str, ...]) -> Load:
    axis = dims.index(TIME) if TIME in dims else None

    def load(rows: slice) -> Array:
        if axis is None or rows == ALL:
            return np.asarray(values[...])
        return np.asarray(values[(*[ALL] * axis, rows)])

    return load


def _attrs(held: Any) -> dict[str, Any]:
    """What is said of a file or a variable, texts as `str`."""
    found: Mapping[str, Any] = held.attrs
    return {
        name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()
    }
