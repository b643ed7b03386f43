"""DeepLabCut's ``.h5`` and ``.csv``: predictions, labels and 3D, of one animal or several.

Both are tables whose columns have three or four labels: scorer, (individual,) body part, and
coordinate. We read them ourselves rather than through `movement`:

- ``.h5`` is a pandas table in HDF5, whose column labels are pickled. pandas unpickles whatever
  stands there, so that a hostile file runs what it likes. We read the labels with
  `liftpose.io.pickles`, which runs nothing.
- ``.csv``: `movement` 0.15 refuses ``CollectedData_*.csv``, and goes by the place of a column
  rather than by its labels: columns in another order, or individuals with body parts of their own
  (what DeepLabCut calls unique body parts), come out as other joints or other frames.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.hdf5 import HDF5, holds, whole
from liftpose.io.pickles import plain_values
from liftpose.io.registry import reader
from liftpose.poses import UNNAMED, Poses

NAME, TITLE = "deeplabcut", "a table of DeepLabCut"
_LEVELS = (("scorer", "bodyparts", "coords"), ("scorer", "individuals", "bodyparts", "coords"))
_AXES = ("x", "y", "z")
_EMPTY = re.compile(r"(?<=,)(?=,|\s*$)")

Table = npt.NDArray[np.float64]
Label = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Columns:
    """Values (frames, columns), and the labels of every column without the scorer's."""

    labels: list[Label]
    values: Table


def is_csv(head: bytes) -> bool:
    """Whether a file is text with the labels that DeepLabCut puts on top of its columns."""
    firsts = tuple(line.split(b",")[0].strip() for line in head.splitlines()[:4])
    names = [tuple(name.encode() for name in level) for level in _LEVELS]
    return firsts[:3] == names[0] or firsts == names[1]


def is_hdf5(path: Path, head: bytes) -> bool:
    """Whether a file is HDF5 with a pandas table."""
    return holds(path, head, lambda file: bool(list(_frames(file))))


@reader(
    NAME,
    TITLE,
    suffixes=(".h5", ".csv"),
    recognises=lambda path, head: is_csv(head) or is_hdf5(path, head),
)
def read_deeplabcut(path: Path) -> Poses:
    """Read a table, be it HDF5 or text."""
    with path.open("rb") as file:
        is_text = not file.read(len(HDF5)).startswith(HDF5)
    return _text(path) if is_text else _hdf5(path)


def _text(path: Path) -> Poses:
    lines = iter(path.read_text(encoding="utf-8-sig").splitlines())
    tops = [*csv.reader(itertools.islice(lines, 3))]
    if tops[1][:1] == ["individuals"]:
        tops += csv.reader(itertools.islice(lines, 1))
    if len({len(top) for top in tops}) != 1:
        raise ValueError(f"its labels are of {[len(top) for top in tops]} columns; they differ.")
    # The path of a labelled image takes one column, or three where it is split.
    begin = next((i for i, cell in enumerate(tops[-1]) if i and cell), len(tops[-1]))
    rows = [line for line in lines if line.strip()]
    if not rows:
        raise ValueError("it has column labels and no frames.")
    _check_frames(_cells(rows, 0, 1, str)[:, 0])
    labels = list(zip(*(top[begin:] for top in tops[1:]), strict=True))
    return _poses(_Columns(labels, _cells(rows, begin, len(tops[0]), float)))


def _cells(rows: list[str], start: int, stop: int, kind: type) -> npt.NDArray[Any]:
    filled = (_EMPTY.sub("nan", row) for row in rows)
    return np.loadtxt(
        filled,
        kind,
        comments=None,
        delimiter=",",
        usecols=range(start, stop),
        ndmin=2,
        quotechar='"',
    )


def _hdf5(path: Path) -> Poses:
    """Read either of the two ways in which pandas writes a table."""
    import h5py  # type: ignore[import-untyped]

    with h5py.File(path, "r") as file:
        found = dict(_frames(file))
        if len(found) != 1:
            raise ValueError(f"it holds {len(found)} tables ({', '.join(found)}); expected one.")
        (group,) = found.values()
        index, order, blocks = (_table if "table" in group else _fixed)(group)
    _check_frames(index)
    if len({len(block.values) for block in blocks}) != 1:
        raise ValueError("its blocks of columns are not of the same number of frames.")
    labels = [label for block in blocks for label in block.labels]
    if sorted(labels) != sorted(order):
        raise ValueError(f"it names {len(order)} columns and holds {len(labels)} others.")
    place = {label: number for number, label in enumerate(labels)}
    values = np.concatenate([block.values for block in blocks], axis=1)
    # pandas keeps columns of one type together; joints are to come in the order of the file.
    return _poses(_Columns(order, values[:, [place[label] for label in order]]))


def _frames(file: Any) -> Iterator[tuple[str, Any]]:
    """Tables in a file, by name. Links out of the file are not followed."""
    import h5py

    for name in file:
        if not isinstance(file.get(name, getlink=True), h5py.HardLink):
            continue
        entry = file[name]
        if isinstance(entry, h5py.Group) and bytes(
            np.bytes_(entry.attrs.get("pandas_type", b""))
        ).startswith(b"frame"):
            yield name, entry


Parts = tuple[npt.NDArray[Any] | None, list[Label], list[_Columns]]
"""Names of the frames, labels of all columns in order, and columns of one type together."""


def _table(group: Any) -> Parts:
    """Take a table apart whose rows hold all blocks; the labels are pickled attributes."""
    rows = whole(group["table"])
    attrs = group["table"].attrs
    names = [name for name in rows.dtype.names or () if f"{name}_kind" in attrs]
    blocks = [
        _block(_pickled(attrs[f"{name}_kind"]), rows[name].reshape(len(rows), -1))
        for name in names
        if name.startswith("values_block_")
    ]
    ((_, labels),) = plain_values(bytes(group.attrs["non_index_axes"]))
    index = rows["index"] if "index" in (rows.dtype.names or ()) else None
    return index, [_label(label) for label in labels], blocks


def _pickled(labels: Any) -> list[Label]:
    return [_label(label) for label in plain_values(bytes(labels))]


def _fixed(group: Any) -> Parts:
    """Take a table apart whose blocks are arrays; so is every level of the labels."""
    blocks = []
    for number in range(int(group.attrs["nblocks"])):
        values = whole(group[f"block{number}_values"])
        turned = bool(group[f"block{number}_values"].attrs.get("transposed", 0))
        labels = _levels(group, f"block{number}_items")
        blocks.append(_block(labels, values if turned else values.T))
    index = whole(group["axis1"]) if "axis1" in group else None
    return index, _levels(group, "axis0"), blocks


def _levels(group: Any, name: str) -> list[Label]:
    if f"{name}_level0" not in group:
        return [_label(label) for label in whole(group[name]).tolist()]
    levels = []
    for level in range(int(group.attrs[f"{name}_nlevels"])):
        known = whole(group[f"{name}_level{level}"])
        levels.append(known[whole(group[f"{name}_label{level}"])].tolist())
    return [_label(label) for label in zip(*levels, strict=True)]


def _label(parts: Any) -> Label:
    if not isinstance(parts, tuple) or len(parts) not in (3, 4):
        raise ValueError(
            f"a column is called {parts!r}; expected scorer, (individual,) body part, coordinate."
        )
    _, *rest = parts
    return tuple(part.decode() if isinstance(part, bytes) else str(part) for part in rest)


def _block(labels: list[Label], values: npt.NDArray[Any]) -> _Columns:
    if values.dtype.kind not in "iufb" or values.ndim != 2 or len(labels) != values.shape[1]:
        raise ValueError(
            f"{len(labels)} columns have values of shape {values.shape} and type {values.dtype}; "
            "expected one number for every frame and column."
        )
    return _Columns(labels, values.astype(np.float64))


def _check_frames(index: npt.NDArray[Any] | None) -> None:
    """Refuse frames that are out of order: rows would then not be frames."""
    try:
        numbers = None if index is None else index.astype(np.int64)
    except ValueError:
        return  # names of images
    if numbers is None or index is None or index.dtype.kind == "S":
        return
    jumps = np.flatnonzero(np.diff(numbers) != 1)
    if len(jumps):
        here, after = numbers[jumps[0]], numbers[jumps[0] + 1]
        raise ValueError(
            f"frame {after} follows frame {here}; expected every frame, in order. Sort the rows, "
            "and put empty ones where frames are missing (pandas: table.reindex(range(n)))."
        )


def _poses(columns: _Columns) -> Poses:
    """Sort columns by what they are called, whatever their order."""
    if len({len(label) for label in columns.labels}) != 1:
        raise ValueError("only some of its columns name an individual.")
    full = [("", *label)[-3:] for label in columns.labels]
    place = {label: number for number, label in enumerate(full)}
    if len(place) != len(full):
        twice = next(label for label in full if full.count(label) > 1)
        raise ValueError(f"the column {', '.join(filter(None, twice))} is there twice.")
    coordinates = {axis for *_, axis in full}
    if not {"x", "y"} <= coordinates:
        raise ValueError(f"the coordinates are {sorted(coordinates)}; expected x and y among them.")
    axes = [axis for axis in _AXES if axis in coordinates]
    who = list(dict.fromkeys(individual for individual, *_ in full))
    joints = list(dict.fromkeys(joint for _, joint, _ in full))
    # What an individual has no column for is taken from a column of NaN at the end.
    unseen = np.full((len(columns.values), 1), np.nan)
    values = np.concatenate([columns.values, unseen], axis=1)

    def of(individual: str, axis: str) -> list[int]:
        return [place.get((individual, joint, axis), -1) for joint in joints]

    keys = who if len(who) > 1 else [UNNAMED]
    positions = {
        key: np.stack([values[:, of(name, axis)] for axis in axes], axis=-1)
        for key, name in zip(keys, who, strict=True)
    }
    sure = {key: values[:, of(name, "likelihood")] for key, name in zip(keys, who, strict=True)}
    return Poses.from_experiments(
        positions,
        name="the table",
        confidence=sure if "likelihood" in coordinates else None,
        joints=joints,
        individuals=who if who != [""] else None,
        # Pixels in 2D; what 3D is measured in, only the calibration knew.
        unit="px" if len(axes) == 2 else None,
        source_software="DeepLabCut",
        copy=False,
    )
