"""Anipose's ``.csv`` of triangulated poses.

Of every joint there are ``NAME_x``, ``_y``, ``_z``, ``_error`` (of reprojection, in pixels),
``_ncams`` and ``_score``; then come ``M_00`` to ``M_22`` and ``center_0`` to ``center_2``, which
took the points from the cameras' frame to this one, and ``fnum``. People put columns of their own
beside those, and several recordings below each other.

We read it ourselves: `movement` 0.15 sorts the joints by name, leaves out error and number of
cameras, and refuses files without M and center or with any column of the user's.

Columns that are not of joints are kept, as JSON in ``anipose_columns`` of the provenance: their
text where a column holds one, or one for each recording where it differs between them. Those that
change from frame to frame are not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.io.decoding.cells import as_cells, decimal, quoted, write_rows
from liftpose.io.decoding.frames import at_frames, frame_numbers, length_of
from liftpose.io.decoding.scorer_tables import clipped
from liftpose.io.decoding.tables import Columns, Floats, Names, Rows, read_columns, top
from liftpose.io.registry import reader, writer
from liftpose.poses import UNNAMED, Key, Lifted, Poses

NAME, TITLE = "anipose", "Anipose's table of 3D"

_AXES = ("x", "y", "z")
_BESIDE = ("error", "ncams", "score")
_OURS = {"error": "reprojection_error", "ncams": "camera_count"}
"""What triangulation here calls the same."""
_FRAME = "fnum"
_COLUMNS = "anipose_columns"
_MOVED = {
    **{f"M_{row}{column}": str(float(row == column)) for row in range(3) for column in range(3)},
    **{f"center_{axis}": "0.0" for axis in range(3)},
}
"""Columns of how points were moved, and what stands there where they were not."""

_RECORDING = {"file", "filename", "recording", "session", "video", "trial", "experiment"}
_NAMING = {*_RECORDING, *("fly", "animal", "mouse", "rat", "subject", "individual", "genotype")}
"""Words in names of columns that say which recording a row is of."""

Parts = Mapping[str, Mapping[str, int]]
"""Column of every number of every joint."""


def parts_of(names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Find the columns of joints.

    Parameters
    ----------
    names : sequence of str
        Of all columns.

    Returns
    -------
    dict of str to dict of str to int
        For each joint, in the order of the file, which column holds what.

    Examples
    --------
    >>> parts_of(["speed", "paw_L_x", "paw_L_y", "paw_L_z", "paw_L_error", "M_00"])
    {'paw_L': {'x': 1, 'y': 2, 'z': 3, 'error': 4}}
    """
    found: dict[str, dict[str, int]] = {}
    for number, name in enumerate(names):
        joint, _, part = name.rpartition("_")
        if part in (*_AXES, *_BESIDE) and "_" in name:
            found.setdefault(joint, {})[part] = number
    return {joint: parts for joint, parts in found.items() if parts.keys() >= {*_AXES}}


def is_anipose(path: Path, head: bytes) -> bool:
    """Whether a file is text with the columns that Anipose writes."""
    return any(map(has_columns, top(path, head)))


def has_columns(names: Sequence[str]) -> bool:
    """Whether columns are those of Anipose: of frames, and of at least one joint with its error."""
    return _FRAME in names and any("error" in parts for parts in parts_of(names).values())


@reader(NAME, TITLE, suffixes=(".csv",), recognises=is_anipose, dims=(3,))
def read_anipose(path: Path) -> Poses:
    """Read a table of one recording, or of several below each other."""
    names = next(iter(top(path, b"", delimiter=",")), [])
    twice = [name for name in names if name and names.count(name) > 1]
    if twice:
        raise ValueError(f"the column {twice[0]!r} is there twice.")
    joints = parts_of(names)
    if not joints or _FRAME not in names:
        raise ValueError("it has no columns fnum and NAME_x, NAME_y, NAME_z, as Anipose writes.")
    numbers = [number for parts in joints.values() for number in parts.values()]
    others = [i for i, name in enumerate(names) if i not in {*numbers} and name != _FRAME]
    table = read_columns(
        path, names, numbers=[*numbers, names.index(_FRAME)], texts=others, delimiter=","
    )
    frames = frame_numbers(table.numbers[:, -1], _FRAME)
    told = {names[place]: column for place, column in zip(others, table.texts, strict=True)}
    runs = _recordings(frames, told)
    place = {number: i for i, number in enumerate(numbers)}
    return _poses(table, frames, joints, place, told, runs)


def _recordings(frames: Rows, told: Mapping[str, Names]) -> dict[Key, slice]:
    """Rows of every recording, by its name; no name where there is one only."""
    begins = np.diff(frames) <= 0
    for name, column in told.items():
        if _words(name) & _RECORDING:
            begins |= np.diff(column.codes) != 0
    bounds = [0, *(np.flatnonzero(begins) + 1).tolist(), len(frames)]
    spans = [slice(a, b) for a, b in pairwise(bounds)]
    if len(spans) == 1:
        return {UNNAMED: spans[0]}
    firsts = bounds[:-1]
    naming = {
        name: [column.known[column.codes[first]] for first in firsts]
        for name, column in told.items()
        if _words(name) & _NAMING and _is_steady(column, bounds)
    }
    distinct = [texts for texts in naming.values() if len(set(texts)) == len(spans)]
    several = [
        ", ".join(f"{name} {text}" for name, text in zip(naming, texts, strict=True))
        for texts in zip(*naming.values(), strict=True)
    ]
    keys = distinct[0] if distinct else several
    if len(set(keys)) != len(spans):
        here, after = frames[bounds[1] - 1], frames[bounds[1]]
        raise ValueError(
            f"frame {after} follows {here}, and no column names the recordings; expected every "
            "frame once, in order, or a column such as filename that differs between recordings."
        )
    return dict(zip(keys, spans, strict=True))


def _words(name: str) -> set[str]:
    return set(re.findall(r"[a-z]+", name.lower()))


def _is_steady(column: Names, bounds: Sequence[int]) -> bool:
    """Whether a column changes at the bounds of recordings only."""
    changes = np.flatnonzero(np.diff(column.codes)) + 1
    return set(changes.tolist()) <= set(bounds)


def _poses(
    table: Columns,
    frames: Rows,
    joints: Parts,
    place: Mapping[int, int],
    told: Mapping[str, Names],
    runs: Mapping[Key, slice],
) -> Poses:
    values = np.concatenate([table.numbers, np.full((len(frames), 1), np.nan)], axis=1)
    rows: dict[Key, Floats] = {}
    for key, span in runs.items():
        whose = "" if key == UNNAMED else f"recording {key!r}: "
        length = length_of(frames[span], values.shape[1], whose)
        rows[key] = at_frames(values[span], frames[span] - frames[span][0], length)

    def of(part: str) -> dict[Key, Floats]:
        # What a joint has no column for is taken from the column of NaN at the end.
        columns = [place[parts[part]] if part in parts else -1 for parts in joints.values()]
        return {key: found[:, columns] for key, found in rows.items()}

    along = [of(axis) for axis in _AXES]
    there = {part for parts in joints.values() for part in parts}
    sure = {key: clipped(found) for key, found in of("score").items()}
    return Poses.from_experiments(
        {key: np.stack([axis[key] for axis in along], axis=-1) for key in rows},
        name="the table",
        confidence=sure if "score" in there else None,
        joints=list(joints),
        frame="world",
        source_software="Anipose",
        extra={part: of(part) for part in ("error", "ncams") if part in there},
        provenance=_kept(told, frames, runs),
        copy=False,
    )


def _kept(told: Mapping[str, Names], frames: Rows, runs: Mapping[Key, slice]) -> dict[str, str]:
    """What the columns beside the joints say of the recordings."""
    bounds = [span.start for span in runs.values()]
    kept: dict[str, Any] = {}
    for name, column in told.items():
        if len(column.known) == 1:
            kept[name] = column.known[0]
        elif _is_steady(column, bounds):
            each = [column.known[column.codes[first]] for first in bounds]
            kept[name] = dict(zip(map(str, runs), each, strict=True))
    found = {_COLUMNS: json.dumps(kept, ensure_ascii=False)} if kept else {}
    firsts = {int(frames[first]) for first in bounds}
    return found | ({"first_frame": str(*firsts)} if len(firsts) == 1 and firsts != {0} else {})


@writer(NAME, TITLE, suffixes=(), dims=(3,))
def write_anipose(poses: Poses | Lifted, path: Path) -> None:
    """Write a table; several experiments stand below each other, told apart by ``filename``."""
    joints = poses.joints or tuple(f"keypoint_{i}" for i in range(poses.joint_count))
    kept = _columns(poses)
    before = {name: texts for name, texts in kept.items() if name not in _MOVED}
    lengths = poses.lengths
    told = {tuple(texts[i] for texts in before.values()) for i in range(len(lengths))}
    if len(told) < len(lengths):
        before = {"filename": [str(key) for key in poses.keys], **before}
    after = {name: kept.get(name, [text] * len(lengths)) for name, text in _MOVED.items()}
    names = [
        *before,
        *(f"{joint}_{part}" for joint in joints for part in (*_AXES, *_BESIDE)),
        *after,
        _FRAME,
    ]
    if len(set(names)) != len(names) or tuple(parts_of(names)) != joints:
        twice = next((name for name in names if names.count(name) > 1), names[0])
        raise ValueError(f"there would be two columns {twice!r}; rename a joint.")

    def cells(texts: Sequence[str]) -> list[str]:
        return [quoted(t) for t, n in zip(texts, lengths, strict=True) for _ in range(n)]

    frames = as_cells(np.concatenate([np.arange(length) for length in lengths]))
    firsts, lasts = [*map(cells, before.values())], [*map(cells, after.values()), frames]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(map(quoted, names)) + "\n")
        write_rows(file, firsts, _numbers(poses), lasts)


def _numbers(poses: Poses | Lifted) -> Floats:
    points = poses.position if isinstance(poses, Lifted) else poses.points
    extra = {} if isinstance(poses, Lifted) else poses.extra
    unknown = np.full(points.shape[:2], np.nan, points.dtype)
    sure = unknown if poses.confidence is None else poses.confidence
    of_ours = {name: extra.get(ours, unknown) for name, ours in _OURS.items()}
    beside = (*(extra.get(name, table) for name, table in of_ours.items()), sure)
    parts = [points, *(values[..., None] for values in beside)]
    mixed = len({values.dtype for values in parts}) > 1
    numbers = np.concatenate([decimal(t) if mixed else t for t in parts], axis=-1)
    return numbers.reshape(len(points), -1)


def _columns(poses: Poses | Lifted) -> dict[str, list[str]]:
    """Columns that a file had besides, with the text of every experiment."""
    kept = json.loads(poses.provenance.get(_COLUMNS, "{}"))
    if not isinstance(kept, dict):
        raise ValueError(f"{_COLUMNS} of the provenance is {kept!r}; expected texts by column.")
    keys = [str(key) for key in poses.keys]
    found = {}
    for name, text in kept.items():
        if isinstance(text, str):
            found[name] = [text] * len(keys)
        elif isinstance(text, dict) and all(key in text for key in keys):
            found[name] = [str(text[key]) for key in keys]
    return found
