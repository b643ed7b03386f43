"""Tables whose columns are labelled scorer, (individual,) body part and coordinate.

DeepLabCut made them up, as ``.csv`` and as pandas tables in ``.h5``; Lightning Pose and others
write the same. Here is what is true of all: what the labels mean, and the layout as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.io.decoding.cells import decimal, quoted, write_rows
from liftpose.io.decoding.frames import at_frames, frame_numbers, length_of
from liftpose.io.decoding.tables import Floats, Rows, is_number, read_columns, top
from liftpose.poses import UNNAMED, Lifted, Poses
from liftpose.poses.layout.to_dataset import side_by_side

Label = tuple[str, ...]
"""Scorer, (individual,) body part and coordinate of a column."""

LEVELS = ("scorer", "individuals", "bodyparts", "coords")
"""What the labels of a column are called."""

DEFAULT_SCORER = "LiftPose"

_AXES = ("x", "y", "z")
_OVERSHOT = 0.5
"""By how much heights of peaks that were never squashed lie outside of 0 and 1."""

_ABSENT = -1
"""What DeepLabCut 3 fills up with, where it finds fewer individuals than there are to be."""


@dataclass(frozen=True, eq=False)
class ScorerTable:
    """Values (rows, columns), the labels of the columns, and the frames of the rows if told."""

    labels: Sequence[Label]
    values: Floats
    frames: Rows | None = None


def levels_on_top(path: Path, head: bytes) -> list[list[str]]:
    """Take the labels of a table of text apart.

    Parameters
    ----------
    path : pathlib.Path
        Of a file of any kind.
    head : bytes
        How it begins.

    Returns
    -------
    list of list of str
        One line for each level; none where the file is something else.
    """
    lines = top(path, head, 4, ",")
    firsts = [line[0].strip() if line else "" for line in lines]
    if firsts == [*LEVELS]:
        return lines
    return lines[:3] if firsts[:3] == [LEVELS[0], *LEVELS[2:]] else []


def read_text(path: Path) -> ScorerTable:
    """Read a table of text.

    Parameters
    ----------
    path : pathlib.Path
        Of a file that `levels_on_top` understands.

    Returns
    -------
    ScorerTable

    Raises
    ------
    ValueError
        Labels that do not fit each other, or see `read_columns`.
    """
    tops = levels_on_top(path, b"")
    if not tops:
        raise ValueError("its first lines are not scorer, (individuals,) bodyparts and coords.")
    widths = [len(line) for line in tops]
    if len(set(widths)) != 1:
        raise ValueError(f"its labels are of {widths} columns; they differ.")
    # The path of a labelled image takes one column, or three where it is split.
    begin = next((i for i, cell in enumerate(tops[-1]) if i and cell), widths[0])
    # Lightning Pose puts "set" without a coordinate last: what an image was used for.
    places = [i for i in range(begin, widths[0]) if tops[-1][i]]
    names = [", ".join(filter(None, label)) for label in zip(*tops, strict=True)]
    read = read_columns(path, names, tops=len(tops), numbers=places, texts=[0])
    values, first = read.numbers, read.texts[0].each()
    if len(first) > 1 and not is_number(first[0]) and is_number(first[1]):
        # pandas gives the name of the index a line of its own.
        values, first = values[1:], first[1:]
    labels = [tuple(line[i] for line in tops) for i in places]
    return ScorerTable(labels, values, _frames(first))


def _frames(cells: list[str]) -> Rows | None:
    """Numbers of frames, or None where rows are named by images."""
    if not is_number(cells[0]):
        return None
    wrong = [cell for cell in cells if not is_number(cell)]
    if wrong:
        raise ValueError(
            f"a row is called {wrong[0]!r}, and the first {cells[0]!r}; expected alike."
        )
    numbers = np.array([cell or "nan" for cell in cells], np.float64)
    return frame_numbers(numbers, "frame")


def to_poses(table: ScorerTable, source_software: str) -> Poses:
    """Sort columns by what they are called, whatever their order.

    Parameters
    ----------
    table : ScorerTable
        As it is in the file.
    source_software : str
        What wrote it.

    Returns
    -------
    Poses
        Row 0 is the first frame of the table, and every later one has a row: NaN where the table
        leaves it out. Other coordinates than x, y, z and likelihood are `extra`. Of `provenance`,
        ``scorer`` is the scorer, if there is one, and ``first_frame`` the number of the first
        frame in the recording, if that is not 0.

    Raises
    ------
    ValueError
        A column that is there twice or has no coordinate, or frames that are out of order.
    """
    scorers = list(dict.fromkeys(scorer for scorer, *_ in table.labels))
    if len({len(label) for label in table.labels}) != 1:
        raise ValueError("only some of its columns name an individual.")
    labels = [("", *label[1:])[-3:] for label in table.labels]
    place = {label: number for number, label in enumerate(labels)}
    if len(place) != len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ValueError(
            f"the column {', '.join(filter(None, twice))} is there twice"
            + (f", by the scorers {', '.join(scorers)}." if len(scorers) > 1 else ".")
        )
    coordinates = list(dict.fromkeys(axis for *_, axis in labels))
    if not {"x", "y"} <= set(coordinates):
        raise ValueError(f"the coordinates are {coordinates}; expected x and y among them.")
    axes = [axis for axis in _AXES if axis in coordinates]
    who = list(dict.fromkeys(individual for individual, *_ in labels))
    joints = list(dict.fromkeys(joint for _, joint, _ in labels))
    values = _every_frame(table)
    # What an individual has no column for is taken from a column of NaN at the end.
    values = np.concatenate([values, np.full((len(values), 1), np.nan)], axis=1)
    keys = who if len(who) > 1 else [UNNAMED]

    def of(coordinate: str) -> dict[Any, Floats]:
        return {
            key: values[:, [place.get((name, joint, coordinate), -1) for joint in joints]]
            for key, name in zip(keys, who, strict=True)
        }

    along = [of(axis) for axis in axes]
    points = {key: np.stack([axis[key] for axis in along], axis=-1) for key in keys}
    sure = {key: clipped(found) for key, found in of("likelihood").items()}
    for key, scores in sure.items():
        absent = scores == _ABSENT
        points[key][absent] = scores[absent] = np.nan
    further = [name for name in coordinates if name not in (*axes, "likelihood")]
    return Poses.from_experiments(
        points,
        name="the table",
        confidence=sure if "likelihood" in coordinates else None,
        joints=joints,
        individuals=who if who != [""] else None,
        # Pixels in 2D; what 3D is measured in, only the calibration knew.
        unit="px" if len(axes) == 2 else None,
        source_software=source_software,
        extra={name: of(name) for name in further},
        provenance=_told(table, scorers),
        copy=False,
    )


def clipped(scores: Floats) -> Floats:
    """Take heights of peaks for confidences: those a little outside of 0 and 1 for 0 and 1.

    Parameters
    ----------
    scores : array
        Of trackers that do not squash what their networks give, such as DeepLabCut 3.

    Returns
    -------
    array
        Scores that are far outside, such as percentages, as they are.

    Examples
    --------
    >>> clipped(np.array([-0.02, 0.5, 1.1, 97.0])).tolist()
    [0.0, 0.5, 1.0, 97.0]
    """
    with np.errstate(invalid="ignore"):
        near = (scores > -_OVERSHOT) & (scores < 1 + _OVERSHOT)
    return np.where(near, scores.clip(0, 1), scores)


def _every_frame(table: ScorerTable) -> Floats:
    if table.frames is None:
        return table.values
    length = length_of(table.frames, table.values.shape[1])
    return at_frames(table.values, table.frames - table.frames[0], length)


def _told(table: ScorerTable, scorers: Sequence[str]) -> dict[str, str]:
    told = {"scorer": scorers[0]} if len(scorers) == 1 else {}
    if table.frames is not None and table.frames[0]:
        # A clip that was cut out, or animals that were first seen so late.
        told["first_frame"] = str(table.frames[0])
    return told


def from_poses(poses: Poses | Lifted, scorer: str, *, further: bool = False) -> ScorerTable:
    """Lay poses of one recording out as columns.

    Parameters
    ----------
    poses : Poses or Lifted
        One experiment, or several individuals side by side.
    scorer : str
        What stands on top.
    further : bool
        Whether `extra` becomes coordinates.

    Returns
    -------
    ScorerTable

    Raises
    ------
    ValueError
        Experiments that are not side by side, or names that cannot stand there.
    """
    tables = _coordinates(poses, further)
    count = len(poses.keys)
    if count > 1 and not side_by_side(poses):
        raise ValueError(
            f"such a table holds one recording, and there are {count} experiments that are not of "
            "individuals filmed together; write each to a file of its own, or all to a .nc."
        )
    joints = poses.joints or tuple(f"keypoint_{i}" for i in range(poses.joint_count))
    who: Sequence[Label] = [(name,) for name in poses.individuals] if poses.individuals else [()]
    for name in (scorer, *joints, *(name for names in who for name in names)):
        if not name.strip():
            raise ValueError(f"a joint, individual or scorer is called {name!r}; it needs a name.")
    labels = [
        (scorer, *name, joint, coordinate)
        for name in who
        for joint in joints
        for coordinate in tables
    ]
    mixed = len({values.dtype for values in tables.values()}) > 1
    stacked = np.stack([decimal(t) if mixed else t for t in tables.values()], axis=-1)
    apart = stacked.reshape(count, len(stacked) // count, -1)
    values = apart.transpose(1, 0, 2).reshape(apart.shape[1], -1)
    return ScorerTable(labels, values, np.arange(len(values)))


def _coordinates(poses: Poses | Lifted, further: bool) -> Mapping[str, Floats]:
    points = poses.position if isinstance(poses, Lifted) else poses.points
    tables = {axis: points[..., number] for number, axis in enumerate(_AXES[: poses.dims])}
    if poses.confidence is not None:
        tables["likelihood"] = poses.confidence
    extra = poses.extra if further and isinstance(poses, Poses) else {}
    for name in extra:
        if name in (*_AXES, "likelihood") or not name.strip():
            raise ValueError(f"extra {name!r} has the name of something else; rename it.")
    return {**tables, **extra}


def write_text(table: ScorerTable, path: Path) -> None:
    """Write a table as text, as pandas writes it.

    Parameters
    ----------
    table : ScorerTable
        With the frames of its rows.
    path : pathlib.Path
        Of the file, which is replaced.
    """
    depth = len(table.labels[0])
    names = LEVELS if depth == len(LEVELS) else (LEVELS[0], *LEVELS[2:])
    with path.open("w", encoding="utf-8", newline="") as file:
        for level, name in enumerate(names):
            cells = [name, *(quoted(label[level]) for label in table.labels)]
            file.write(",".join(cells) + "\n")
        rows = [str(number) for number in range(len(table.values))]
        write_rows(file, [rows], table.values)
