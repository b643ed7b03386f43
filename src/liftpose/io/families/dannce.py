"""DANNCE's and Label3D's ``.mat``: 3D, predicted or labelled by hand.

- ``save_data_AVG*.mat`` (and ``_MAX``): ``pred`` (N, 3, J), or (N, individuals, 3, J), with
  ``p_max``, how sure the network is, and ``sampleID``. Files of ``pred`` only are read as well.
- ``predictions.mat``: a struct with (N, 3) of each joint, by its name.
- ``label3d_dannce.mat``: ``labelData`` of each camera, the frames that were labelled. They are put
  where they are in the recording, by ``data_sampleID`` and ``sync``, or else by ``data_frame``;
  all other frames are NaN. Of one camera or another, the 3D is the same. ``data_2d`` is what this
  3D looks like in each camera and holds nothing more; it is not read. Nor are, here, the cameras:
  `liftpose.io.read_calibration` reads them.

Only ``predictions.mat`` and Label3D's own sessions (``skeleton``) name the joints. Neither unit
nor frames per second are in any of these files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.decoding.frames import at_frames
from liftpose.io.decoding.matlab73 import read_variables
from liftpose.io.registry import reader
from liftpose.poses import UNNAMED, Poses

Array = npt.NDArray[Any]

OF_DANNCE = frozenset({"pred", "predictions", "labelData"})
"""Variables that make a ``.mat`` file one of these."""

_FURTHEST = 2**53
"""Whole numbers up to here are exact, whatever they are kept as."""

_WANTED = (*OF_DANNCE, "p_max", "sampleID", "sync", "skeleton")


def is_dannce(path: Path, head: bytes) -> bool:
    """Whether a file is a ``.mat`` file with one of DANNCE's variables."""
    return bool(OF_DANNCE & set(names_in(path, head)))


def names_in(path: Path, head: bytes) -> list[str]:
    """Names of the variables of a ``.mat`` file; none where it is none, or damaged."""
    if not head.startswith(b"MATLAB"):
        return []
    try:
        return read_variables(path, ())[1]
    except (ValueError, OSError):
        return []


@reader("dannce", "3D of DANNCE or Label3D", suffixes=(".mat",), recognises=is_dannce, dims=(3,))
def read_dannce(path: Path) -> Poses:
    """Read predictions, or else labels."""
    found, names = read_variables(path, _WANTED)
    if "pred" in found:
        return _predicted(found)
    if "predictions" in found:
        return _by_joint(_struct(found["predictions"], "predictions"))
    if "labelData" in found:
        return _labelled(found)
    raise ValueError(
        f"it is a .mat file with {', '.join(names) or 'nothing'}; expected one of "
        f"{', '.join(sorted(OF_DANNCE))}."
    )


def _predicted(found: Mapping[str, Any]) -> Poses:
    pred = _numbers(found["pred"], "pred")
    if pred.ndim not in (3, 4) or pred.shape[-2] != 3:
        raise ValueError(
            f"pred is {pred.shape}; expected (frames, 3, joints) or (frames, individuals, 3, "
            "joints)."
        )
    points = np.moveaxis(pred, -1, -2).reshape(len(pred), -1, pred.shape[-1], 3)
    rows = _rows(found, len(pred))
    sure = _numbers(found["p_max"], "p_max") if "p_max" in found else None
    if sure is not None and sure.size != points.size // 3:
        raise ValueError(f"p_max is {sure.shape} and pred {pred.shape}; they do not fit.")
    count = points.shape[1]
    names = [f"individual_{number}" for number in range(count)] if count > 1 else [UNNAMED]

    def each(table: Array) -> dict[str, Array]:
        return {name: at_frames(table[:, number], rows) for number, name in enumerate(names)}

    scores = {} if sure is None else {"p_max": each(sure.reshape(points.shape[:3]))}
    # A network that is not normalised gives scores that are no shares.
    are_shares = sure is not None and bool(((sure >= 0) & (sure <= 1) | np.isnan(sure)).all())
    return Poses.from_experiments(
        each(points),
        name="pred",
        confidence=scores["p_max"] if are_shares else None,
        extra={} if are_shares else scores,
        joints=_joints(found),
        individuals=names if count > 1 else None,
        source_software="DANNCE",
        copy=False,
    )


def _rows(found: Mapping[str, Any], count: int) -> Array:
    """Rows of predicted samples, from 0: their numbers go up evenly but for rounding and gaps."""
    if "sampleID" not in found:
        return np.arange(count)
    samples = np.ravel(_numbers(found["sampleID"], "sampleID")).astype(np.float64)
    if len(samples) != count:
        raise ValueError(f"sampleID is of {len(samples)} frames and pred of {count}.")
    steps = np.diff(samples)
    back = np.flatnonzero(~((steps > 0) & (steps < _FURTHEST)))
    if len(back):
        first = int(back[0])
        raise ValueError(
            f"sample {samples[first + 1]:g} follows sample {samples[first]:g}; expected every "
            "frame once, in order."
        )
    if count < 2:
        return np.arange(count)
    frames = np.rint(steps / np.median(steps))
    return np.concatenate([[0], np.cumsum(np.maximum(frames, 1).astype(np.int64))])


def _by_joint(fields: Mapping[str, Any]) -> Poses:
    joints = [name for name in fields if name.lower() != "sampleid"]
    tables = [_numbers(fields[name], f"predictions.{name}") for name in joints]
    shapes = {table.shape for table in tables}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2 or next(iter(shapes))[1] != 3:
        shown = ", ".join(
            f"{name} {table.shape}" for name, table in zip(joints, tables, strict=True)
        )
        raise ValueError(
            f"predictions holds {shown or 'nothing'}; expected (frames, 3) of each joint."
        )
    samples = next((fields[name] for name in fields if name not in joints), None)
    rows = _rows({} if samples is None else {"sampleID": samples}, len(tables[0]))
    return Poses.from_experiments(
        at_frames(np.stack(tables, axis=1), rows),
        name="predictions",
        joints=joints,
        source_software="DANNCE",
        copy=False,
    )


def _labelled(found: Mapping[str, Any]) -> Poses:
    cells = found["labelData"] if isinstance(found["labelData"], list) else [found["labelData"]]
    labels = [_struct(cell, "labelData") for cell in cells]
    if not labels:
        raise ValueError("labelData is empty; expected the labels of each camera.")
    tables = [_numbers(each.get("data_3d"), "labelData.data_3d") for each in labels]
    for number, table in enumerate(tables):
        if not np.array_equal(table, tables[0], equal_nan=True):
            raise ValueError(f"data_3d of camera {number + 1} is not that of camera 1.")
    flat = tables[0]
    if flat.ndim != 2 or flat.shape[1] % 3 or not flat.size:
        raise ValueError(f"data_3d is {flat.shape}; expected (labels, 3 x joints), at least one.")
    places, count = _places(labels[0], found.get("sync"), len(flat))
    return Poses.from_experiments(
        at_frames(flat.reshape(len(flat), -1, 3), places, count),
        name="data_3d",
        joints=_joints(found),
        source_software="Label3D",
        copy=False,
    )


def _places(labels: Mapping[str, Any], sync: Any, count: int) -> tuple[Array, int | None]:
    """Frames of labels in the recording, and how many the recording has, if that is known."""
    cell = sync[0] if isinstance(sync, list) and sync else None
    if cell is not None and "data_sampleID" in labels:
        known = np.ravel(_numbers(_struct(cell, "sync").get("data_sampleID"), "data_sampleID"))
        samples = np.ravel(_numbers(labels["data_sampleID"], "data_sampleID"))
        place = {sample: number for number, sample in enumerate(known.tolist())}
        unknown = [sample for sample in samples.tolist() if sample not in place]
        if unknown:
            raise ValueError(f"sample {unknown[0]:g} was labelled, and is none of sync's.")
        return np.array([place[sample] for sample in samples.tolist()], np.int64), len(known)
    if "data_frame" not in labels:
        raise ValueError("labelData has no data_frame; it is not known which frames are labelled.")
    frames = np.ravel(_numbers(labels["data_frame"], "data_frame"))
    whole = (frames == np.rint(frames)) & (np.abs(frames) < _FURTHEST)
    if len(frames) != count or not whole.all():
        raise ValueError(f"data_frame is {frames.shape}; expected whole numbers, ({count},).")
    return frames.astype(np.int64), None


def _joints(found: Mapping[str, Any]) -> list[str] | None:
    if "skeleton" not in found:
        return None
    names = _struct(found["skeleton"], "skeleton").get("joint_names")
    return [str(name) for name in names] if isinstance(names, list) else None


def _struct(cell: Any, name: str) -> dict[str, Any]:
    """A struct, which may be in a cell, and so in a list in a list."""
    while isinstance(cell, list) and len(cell) == 1:
        (cell,) = cell
    if not isinstance(cell, dict):
        raise ValueError(f"{name} is no struct.")
    return cell


def _numbers(values: Any, name: str) -> Array:
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
        raise ValueError(f"{name} is missing, or not of numbers.")
    return values
