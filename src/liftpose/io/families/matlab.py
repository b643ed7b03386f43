"""Arrays in MATLAB's ``.mat`` files, of version 5 to 7 and of 7.3.

A file holds either one array of numbers (frames, joints, 2 or 3), called anything, or several of
as many coordinates, each of which is an experiment of its name. Beside them may stand ``joints``
(a cell of names), ``fps``, ``unit``, ``frame``, ``source_software``, ``source_file`` and, for a
single array, ``confidence`` (frames, joints). Other variables are left alone.

We write version 5, which every MATLAB reads: the same variables as in our ``.npz`` files, see
`liftpose.io.families.arrays`, with cells of texts for names, and ``extra`` (a cell of arrays) with
``extra_names``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.decoding.matlab73 import read_variables
from liftpose.io.families.dannce import OF_DANNCE, names_in
from liftpose.io.registry import reader, writer
from liftpose.poses import Lifted, Poses
from liftpose.poses.given import key_from_json
from liftpose.poses.layout.to_dataset import attributes

Array = npt.NDArray[Any]

NAME, TITLE = "mat", "arrays of MATLAB, each an experiment; or our own"
_TEXTS = ("unit", "frame", "source_software", "source_file")
_NAMES = ("joints", "individuals", "extra_names")
_BESIDE = {
    *(*_TEXTS, *_NAMES, "confidence", "fps", "keys", "lengths", "extra", "provenance"),
    *("root_relative", "spread", "novelty", "hypotheses", "error_bars", "verdicts"),
}
_OF_CAMERAS = {"params", "camnames", "sync", "com", "K", "R", "r", "t", "RDistort", "TDistort"}
_OF_SKELETONS = {"color", "joint_names", "joints_idx"}

_MOST = 2**31 - 1
"""Bytes that a variable of version 5 can have."""


def is_matlab(path: Path, head: bytes) -> bool:
    """Whether a file is a ``.mat`` file, and none of DANNCE's or of cameras."""
    names = set(names_in(path, head))
    are_cameras = names <= _OF_CAMERAS or {"K", "r"} <= names or {"params", "camnames"} <= names
    return not (are_cameras or names <= _OF_SKELETONS or names & OF_DANNCE)


@reader(NAME, TITLE, suffixes=(".mat",), recognises=is_matlab)
def read_matlab(path: Path) -> Poses:
    """Read a file of arrays, ours or anyone's."""
    found = _readable(path)
    beside = {name: value for name, value in found.items() if name in _BESIDE}
    if {"position", "keys", "lengths"} <= set(found):
        return _ours(found["position"], beside)
    arrays = _chosen(found)
    if "confidence" in beside and len(arrays) > 1:
        raise ValueError(
            f"'confidence' cannot belong to all of {', '.join(arrays)}; save each with its own "
            "in a file of its own."
        )
    single = len(arrays) == 1
    return Poses.from_experiments(
        next(iter(arrays.values())) if single else arrays,
        name=f"the array {next(iter(arrays))!r}" if single else "the arrays",
        confidence=beside.get("confidence"),
        individuals=_names(beside, "individuals"),
        copy=False,
        **_described(beside),
    )


def _readable(path: Path) -> dict[str, Any]:
    """All variables but those of a kind that is not read, such as objects."""
    _, names = read_variables(path, ())
    try:
        return read_variables(path, names)[0]
    except ValueError:
        found: dict[str, Any] = {}
        for name in names:
            try:
                found |= read_variables(path, (name,))[0]
            except ValueError:
                if name in _BESIDE:
                    raise
        return found


def _chosen(found: Mapping[str, Any]) -> dict[str, Array]:
    """Take the arrays that are poses."""
    arrays = {
        name: value
        for name, value in found.items()
        if name not in _BESIDE and isinstance(value, np.ndarray)
    }
    held = ", ".join(f"{name} {value.shape}" for name, value in arrays.items()) or "no arrays"
    poses = {
        name: value
        for name, value in arrays.items()
        if value.ndim == 3 and value.shape[2] in (2, 3) and value.dtype.kind in "iuf"
    }
    if not poses:
        raise ValueError(
            f"it holds {held}; expected an array of numbers of shape (frames, joints, 2) or "
            "(frames, joints, 3). In MATLAB, permute() puts axes in order."
        )
    if len({value.shape[2] for value in poses.values()}) > 1:
        raise ValueError(
            f"it holds {held}: both 2D and 3D. Save the two in files of their own, so that it is "
            "clear which are meant."
        )
    return poses


def _ours(position: Any, beside: Mapping[str, Any]) -> Poses:
    keys = [key_from_json(part) for part in json.loads(_text(beside, "keys"))]
    lengths = [int(length) for length in np.ravel(beside["lengths"]).tolist()]
    rows = len(position) if isinstance(position, np.ndarray) and position.ndim else -1
    if len(keys) != len(lengths) or sum(lengths) != rows or len(set(keys)) != len(keys):
        raise ValueError(f"{len(keys)} keys and {len(lengths)} lengths for {rows} frames: no fit.")
    ends = np.cumsum(lengths)[:-1]

    def each(table: Array) -> dict[Any, Array]:
        return dict(zip(keys, np.split(table, ends), strict=True))

    extra = beside.get("extra", [])
    named = zip(_names(beside, "extra_names") or [], extra, strict=True)
    done = json.loads(_text(beside, "provenance")) if "provenance" in beside else {}
    return Poses.from_experiments(
        each(position),
        name="position",
        confidence=each(beside["confidence"]) if "confidence" in beside else None,
        extra={name: each(table) for name, table in named},
        provenance={str(name): str(text) for name, text in dict(done).items()},
        individuals=_names(beside, "individuals"),
        copy=False,
        **_described(beside),
    )


def _described(beside: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: _text(beside, name) for name in _TEXTS if name in beside}
    if "fps" in beside:
        rate = beside["fps"]
        if not isinstance(rate, np.ndarray) or rate.size != 1:
            raise ValueError(f"'fps' is {rate!r}; expected one number.")
        found["fps"] = rate.item()
    return found | {"joints": _names(beside, "joints")}


def _names(beside: Mapping[str, Any], name: str) -> list[str] | None:
    if name not in beside:
        return None
    found = beside[name]
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise ValueError(f"{name!r} is no cell of texts; expected a name in each.")
    return list(found)


def _text(beside: Mapping[str, Any], name: str) -> str:
    if not isinstance(beside[name], str):
        raise ValueError(f"{name!r} is no text.")
    return str(beside[name])


@writer(NAME, TITLE, suffixes=(".mat",))
def write_matlab(poses: Poses | Lifted, path: Path) -> None:
    """Write everything that is known."""
    from scipy.io import savemat

    tables: dict[str, Any] = {"confidence": poses.confidence}
    if isinstance(poses, Lifted):
        tables["position"] = poses.position
        beside = ("root_relative", "spread", "novelty", "hypotheses")
        tables |= {name: getattr(poses, name) for name in beside}
    else:
        tables["position"] = poses.points
        if poses.extra:
            tables |= {"extra": _cell(poses.extra.values()), "extra_names": _cell(poses.extra)}
    known = attributes(poses)
    tables |= {name: known.get(name) for name in ("fps", "error_bars", "verdicts", *_TEXTS)}
    tables["provenance"] = json.dumps(dict(poses.provenance)) if poses.provenance else None
    for name, values in (("joints", poses.joints), ("individuals", poses.individuals)):
        tables[name] = None if values is None else _cell(values)
    tables |= {"keys": json.dumps(poses.keys), "lengths": np.array(poses.lengths, np.float64)}
    kept = {name: table for name, table in tables.items() if table is not None}
    largest = max(kept, key=lambda name: getattr(kept[name], "nbytes", 0))
    if getattr(kept[largest], "nbytes", 0) > _MOST:
        raise ValueError(
            f"{largest!r} has {kept[largest].nbytes} bytes, and .mat of version 5 holds {_MOST}; "
            "write .nc, which has no limit."
        )
    with path.open("wb") as file:
        savemat(file, kept)


def _cell(values: Any) -> Array:
    entries = list(values)
    cell = np.empty((1, len(entries)), object)
    for number, entry in enumerate(entries):
        cell[0, number] = entry
    return cell
