"""DeepLabCut's ``.h5`` and ``.csv``: predictions, labels and 3D, of one animal or several.

Both are tables whose columns have three or four labels: scorer, (individual,) body part, and
coordinate. We read them ourselves rather than through `movement`:

- ``.h5`` is a pandas table in HDF5, whose column labels are pickled. pandas unpickles whatever
  stands there, so that a hostile file runs what it likes. We read the labels with
  `liftpose.io.decoding.pickles`, which runs nothing.
- ``.csv``: `movement` 0.15 refuses ``CollectedData_*.csv``, and goes by the place of a column
  rather than by its labels: columns in another order, or individuals with body parts of their own
  (what DeepLabCut calls unique body parts), come out as other joints or other frames.
- Both: `movement` takes the rows for frames 0, 1, 2 whatever their numbers are. What DeepLabCut
  stitches of tracklets begins with the first frame in which it saw an animal, and may leave out
  others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.decoding.cells import writable
from liftpose.io.decoding.frames import frame_numbers
from liftpose.io.decoding.hdf5 import HDF5, check_heaps, holds, whole
from liftpose.io.decoding.pickles import plain_values
from liftpose.io.decoding.scorer_tables import (
    DEFAULT_SCORER,
    LEVELS,
    Label,
    ScorerTable,
    from_poses,
    levels_on_top,
    read_text,
    to_poses,
    write_text,
)
from liftpose.io.decoding.tables import Rows
from liftpose.io.families.lightning_pose import is_by_model
from liftpose.io.registry import reader, writer
from liftpose.poses import Lifted, Poses

NAME, TITLE = "deeplabcut", "a table of DeepLabCut"
KEY = "df_with_missing"
"""Name of the table in HDF5, which `movement` asks for."""


def is_csv(path: Path, head: bytes) -> bool:
    """Whether a file is text with the labels that DeepLabCut puts on top of its columns."""
    tops = levels_on_top(path, head)
    return bool(tops) and not is_by_model(tops)


def is_hdf5(path: Path, head: bytes) -> bool:
    """Whether a file is HDF5 with a pandas table."""
    return holds(path, head, lambda file: bool(list(_frames(file))))


@reader(
    NAME,
    TITLE,
    suffixes=(".h5", ".csv"),
    recognises=lambda path, head: is_csv(path, head) or is_hdf5(path, head),
)
def read_deeplabcut(path: Path) -> Poses:
    """Read a table, be it HDF5 or text."""
    with path.open("rb") as file:
        is_text = not file.read(len(HDF5)).startswith(HDF5)
    return to_poses(read_text(path) if is_text else _hdf5(path), "DeepLabCut")


def _hdf5(path: Path) -> ScorerTable:
    """Read either of the two ways in which pandas writes a table."""
    import h5py  # type: ignore[import-untyped]

    check_heaps(path)
    with h5py.File(path, "r") as file:
        found = dict(_frames(file))
        if len(found) != 1:
            raise ValueError(f"it holds {len(found)} tables ({', '.join(found)}); expected one.")
        (group,) = found.values()
        index, order, blocks = (_table if "table" in group else _fixed)(group)
    if len({len(block.values) for block in blocks}) != 1:
        raise ValueError("its blocks of columns are not of the same number of frames.")
    labels = [label for block in blocks for label in block.labels]
    if sorted(labels) != sorted(order):
        raise ValueError(f"it names {len(order)} columns and holds {len(labels)} others.")
    place = {label: number for number, label in enumerate(labels)}
    values = np.concatenate([block.values for block in blocks], axis=1)
    if not len(values):
        raise ValueError("it has column labels and no frames.")
    # pandas keeps columns of one type together; joints are to come in the order of the file.
    values = values[:, [place[label] for label in order]]
    return ScorerTable(order, values, _numbered(index, len(values)))


def _numbered(index: npt.NDArray[Any] | None, count: int) -> Rows | None:
    """Numbers of frames, or None where rows are named by images."""
    if index is None or index.dtype.kind not in "iuf":
        return None
    if index.shape != (count,):
        raise ValueError(f"it has {count} rows and names {index.shape} of them.")
    return frame_numbers(index.astype(np.float64), "frame")


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


Parts = tuple[npt.NDArray[Any] | None, list[Label], list[ScorerTable]]
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
        if "shape" in group[f"block{number}_values"].attrs:
            raise ValueError("it has column labels and no frames.")  # pandas fills in a number
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
        codes = whole(group[f"{name}_label{level}"])
        if (codes < 0).any():
            raise ValueError("a column has no label in one of its levels.")
        levels.append(known[codes].tolist())
    return [_label(label) for label in zip(*levels, strict=True)]


def _label(parts: Any) -> Label:
    if not isinstance(parts, tuple) or len(parts) not in (3, 4):
        raise ValueError(
            f"a column is called {parts!r}; expected scorer, (individual,) body part, coordinate."
        )
    return tuple(part.decode() if isinstance(part, bytes) else str(part) for part in parts)


def _block(labels: list[Label], values: npt.NDArray[Any]) -> ScorerTable:
    if values.dtype.kind == "O":
        raise ValueError(
            "its values are pickled Python objects, which are never loaded; in pandas, save the "
            "table anew as table.astype(float)."
        )
    if values.dtype.kind not in "iufb" or values.ndim != 2 or len(labels) != values.shape[1]:
        raise ValueError(
            f"{len(labels)} columns have values of shape {values.shape} and type {values.dtype}; "
            "expected one number for every frame and column."
        )
    return ScorerTable(labels, values.astype(np.float64))


@writer(NAME, TITLE, suffixes=())
def write_deeplabcut(poses: Poses | Lifted, path: Path) -> None:
    """Write a table of one animal, or of several that were filmed together."""
    table = from_poses(poses, poses.provenance.get("scorer", DEFAULT_SCORER))
    if path.suffix.lower() in (".h5", ".hdf5"):
        _write_hdf5(table, path)
    elif path.suffix.lower() == ".csv":
        write_text(table, path)
    else:
        raise ValueError(f"DeepLabCut's tables end in .csv or .h5, and this in {path.suffix!r}.")


def _write_hdf5(table: ScorerTable, path: Path) -> None:
    """Write the layout that pandas calls fixed.

    Its labels are arrays of letters rather than pickles, so that no reader unpickles anything, and
    they may be of any number; the attributes that hold them in the other layout end at 64 kB.
    """
    import h5py

    with h5py.File(path, "w") as file:
        _describe(file, "GROUP", "1.0", PYTABLES_FORMAT_VERSION="2.1")
        group = file.create_group(KEY)
        depth = len(table.labels[0])
        _describe(
            group,
            "GROUP",
            "1.0",
            pandas_type="frame",
            encoding="UTF-8",
            errors="strict",
            ndim=np.int64(2),
            nblocks=np.int64(1),
            axis0_variety="multi",
            axis0_nlevels=np.int64(depth),
            axis1_variety="regular",
            block0_items_variety="multi",
            block0_items_nlevels=np.int64(depth),
        )
        rows = np.arange(len(table.values), dtype=np.int64)
        _array(group, "axis1", rows, kind="integer", name=_NOTHING)
        _array(group, "block0_values", table.values.astype(np.float64))
        for axis in ("axis0", "block0_items"):
            _write_labels(group, axis, table.labels)


_NOTHING = np.bytes_("N.")
"""None, as pandas keeps it in an attribute."""


def _write_labels(group: Any, axis: str, labels: Sequence[Label]) -> None:
    names = LEVELS if len(labels[0]) == len(LEVELS) else (LEVELS[0], *LEVELS[2:])
    for level, (name, column) in enumerate(zip(names, zip(*labels, strict=True), strict=True)):
        known = {text: number for number, text in enumerate(dict.fromkeys(column))}
        texts = np.array([writable(text).encode() for text in known], np.bytes_)
        told = {f"{axis}_name{name}": name, "name": name}
        _array(group, f"{axis}_level{level}", texts, kind="string", nan_rep="", **told)
        codes = np.array([known[text] for text in column], np.int32)
        _array(group, f"{axis}_label{level}", codes)


def _array(group: Any, place: str, values: npt.NDArray[Any], /, **attrs: Any) -> None:
    made = group.create_dataset(place, data=values)
    _describe(made, "ARRAY", "2.4", FLAVOR="numpy", transposed=np.uint8(1), **attrs)


def _describe(node: Any, kind: str, version: str, /, **attrs: Any) -> None:
    """Give a node the attributes that PyTables wants of all, and others."""
    import h5py

    for name, value in {"CLASS": kind, "VERSION": version, "TITLE": "", **attrs}.items():
        if value == "":
            node.attrs[name] = h5py.Empty(h5py.string_dtype("utf-8", 1))
        elif isinstance(value, str):
            # Of a fixed length and marked as UTF-8: PyTables takes only those for text.
            length = len(value.encode())
            node.attrs.create(name, value.encode(), dtype=h5py.string_dtype("utf-8", length))
        else:
            node.attrs[name] = value
