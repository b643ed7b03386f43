"""Text in HDF5 files, however it was put there."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from liftpose.io.decoding.hdf5 import whole


def text(value: Any) -> str:
    """Give a text of an attribute or a dataset of one value.

    Parameters
    ----------
    value : str, bytes, or array of one of them
        As h5py gives it.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        No text, several, or bytes that are no UTF-8.

    Examples
    --------
    >>> text(b"paw"), text(np.array(["paw"], dtype=object))
    ('paw', 'paw')
    """
    if isinstance(value, np.ndarray):
        if value.size != 1:
            raise ValueError(f"expected one text, got {value.size} values.")
        value = value.reshape(-1)[0]
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if not isinstance(value, str):
        raise ValueError(f"expected a text, got {type(value).__name__}.")
    return str(value)


def texts(dataset: Any) -> list[str]:
    """Give all texts of a dataset.

    Parameters
    ----------
    dataset : h5py.Dataset
        Of one dimension, or empty.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        Something else than texts.
    """
    values = np.asarray(whole(dataset))
    if values.size == 0:
        # Empty lists are written as numbers as often as not.
        return []
    if values.ndim != 1:
        raise ValueError(
            f"{dataset.name.lstrip('/')!r} has the shape {values.shape}; expected a list of texts."
        )
    return [text(value) for value in values]


def said(found: Any) -> dict[str, str]:
    """Give the entries of a JSON object that say one thing, as text.

    Parameters
    ----------
    found : any
        What `json.loads` gave.

    Returns
    -------
    dict of str to str
        Without lists and objects, and without what is empty.

    Examples
    --------
    >>> said({"sleap_version": "1.3.0", "frames": 12, "args": {"gpu": 0}, "note": ""})
    {'sleap_version': '1.3.0', 'frames': '12'}
    """
    entries = found.items() if isinstance(found, dict) else ()
    return {
        str(name): entry if isinstance(entry, str) else json.dumps(entry)
        for name, entry in entries
        if isinstance(entry, (str, int, float)) and entry != ""
    }
