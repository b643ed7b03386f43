"""Files of MATLAB 7.3, which nothing but MATLAB itself writes."""

import h5py
import numpy as np
import pytest


def save_73(path, **content):
    """Write a file as MATLAB writes version 7.3."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in content.items():
            put(file, file, name, value)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  1 00:00:00 2024")


def put(file, home, name, value):
    if isinstance(value, dict):
        group = home.create_group(name)
        group.attrs["MATLAB_class"] = np.bytes_("struct")
        for field, entry in value.items():
            put(file, group, field, entry)
        return
    if isinstance(value, str):
        codes = np.frombuffer(value.encode("utf-16-le"), np.uint16).reshape(-1, 1)
        home[name], kind = codes, "char"
    elif isinstance(value, list):
        refs = np.empty((len(value), 1), h5py.ref_dtype)
        for number, entry in enumerate(value):
            put(file, file.require_group("#refs#"), f"{name}_{number}", entry)
            refs[number, 0] = file[f"#refs#/{name}_{number}"].ref
        home[name], kind = refs, "cell"
    else:
        home[name], kind = np.asarray(value).T, "double"
    home[name].attrs["MATLAB_class"] = np.bytes_(kind)


@pytest.fixture(name="save_73")
def save_73_fixture():
    """Write variables as MATLAB writes version 7.3: save_73(path, name=value, ...)."""
    return save_73
