"""What a file looks like inside, in a few words, for errors about files that are not understood."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from liftpose.io.decoding.hdf5 import HDF5
from liftpose.io.decoding.matlab73 import read_variables

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SHOWN = 8


def contents(path: Path, head: bytes) -> str:
    r"""Say what a file looks like inside.

    Parameters
    ----------
    path : pathlib.Path
        Of the file.
    head : bytes
        How it begins.

    Returns
    -------
    str
        A few words that follow "is".

    Examples
    --------
    >>> contents(Path("notes.txt"), b"frame,speed\n0,1.5\n")
    "text that begins 'frame,speed'"
    """
    if head.startswith(HDF5):
        return _hdf5(path)
    if head.startswith(b"CDF"):
        return (
            "a netCDF file of the classic format (open it with xarray and save it as netCDF-4: "
            "dataset.to_netcdf(path, engine='h5netcdf'))"
        )
    if head.startswith(ZIP):
        return _zip(path)
    if head.startswith(b"MATLAB"):
        return _matlab(path)
    if head.startswith(b"\x80") and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "a pickle (never opened, since a pickle can run anything)"
    line = _first_line(head)
    return "binary data of no known kind" if line is None else f"text that begins {line[:60]!r}"


def _matlab(path: Path) -> str:
    try:
        names = read_variables(path, ())[1]
    except (ValueError, OSError):
        return "a damaged .mat file"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"a .mat file with {', '.join(names[:_SHOWN]) or 'nothing'}{more}"


def _first_line(head: bytes) -> str | None:
    if b"\0" in head:
        return None
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A letter of several bytes may be cut at the end.
        if error.start < len(head) - 3:
            return None
        text = head[: error.start].decode("utf-8-sig")
    return next(iter(text.splitlines()), "")


def _hdf5(path: Path) -> str:
    import h5py  # type: ignore[import-untyped]

    try:
        with h5py.File(path, "r") as file:
            entries = list(file)
            shown = [_entry(file, name) for name in entries[:_SHOWN]]
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        return f"a damaged HDF5 file ({' '.join(str(error).split())})"
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return f"an HDF5 file with {', '.join(shown)}{more}" if shown else "an HDF5 file without data"


def _entry(file: Any, name: str | bytes) -> str:
    entry = file.get(name)
    shape = getattr(entry, "shape", None)
    # h5py gives a name that is no text as bytes.
    text = name.decode(errors="replace") if isinstance(name, bytes) else name
    shown = " ".join(text.split())
    return f"{shown}/" if shape is None else f"{shown} {tuple(shape)}"


def _zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        return f"a damaged zip archive ({error})"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"a zip archive with {', '.join(names[:_SHOWN]) or 'nothing'}{more}"
