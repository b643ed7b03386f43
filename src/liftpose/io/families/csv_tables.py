"""Plain tables of text: ``.csv`` and ``.tsv`` of nobody's format.

Wide tables have a row a frame and columns such as ``nose_x``, ``nose.y`` or ``nose z`` of every
joint, with or without ``nose_confidence`` (``likelihood``, ``score``, ``p`` and so on). Long
tables have a row a joint, and columns ``joint`` (``bodypart``, ``keypoint``, ``node``), ``x``,
``y``, and perhaps ``z`` and a confidence. Both may have columns ``frame``, ``time`` in seconds,
``individual`` and ``experiment``.

We write wide ones: ``frame``, ``time`` where the rate is known, ``experiment`` and ``individual``
where there are names, and of every joint ``NAME_x``, ``NAME_y``, ``NAME_z``, ``NAME_confidence``
and its further numbers; of lifted poses also ``NAME_x_sd``, ``NAME_y_sd`` and ``NAME_z_sd``, their
spread, and ``novelty``. There is no place for the unit and the source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.io.decoding.cells import as_cells, decimal, quoted, write_rows
from liftpose.io.decoding.frames import check_room, frame_numbers
from liftpose.io.decoding.headers import AXES, CONFIDENCE, Header, understood
from liftpose.io.decoding.scorer_tables import LEVELS, clipped
from liftpose.io.decoding.tables import (
    Columns,
    Floats,
    Names,
    Rows,
    is_number,
    names_on_top,
    read_columns,
    top,
)
from liftpose.io.families.anipose import has_columns
from liftpose.io.registry import reader, writer
from liftpose.poses import UNNAMED, Key, Lifted, Poses
from liftpose.poses.given import TAKEN

NAME, TITLE = "csv", "a table of text, a row a frame or a row a joint"
SUFFIXES = (".csv", ".tsv")

_JITTER = 0.25
"""Share of a frame by which times may lie beside those of an even rate."""


def is_table(path: Path, head: bytes) -> bool:
    """Whether a file is text with names of columns that say where joints are."""
    names = next(iter(top(path, head)), [])
    if not names or names[0] == LEVELS[0] or has_columns(names):
        return False
    try:
        return understood(names) is not None
    except ValueError:
        return True


@reader(NAME, TITLE, suffixes=SUFFIXES, recognises=is_table)
def read_table(path: Path) -> Poses:
    """Read a table, be it wide or long."""
    names, delimiter = names_on_top(path)
    header = understood(names)
    if header is None:
        raise ValueError(
            "no joint has an x and a y; expected columns such as nose_x, nose_y, or joint, x, y."
        )
    header = _with_numbers(header, top(path, b"", 2, delimiter)[1:], delimiter)
    of_joints = [number for parts in header.parts.values() for number in parts.values()]
    of_rows = [header.roles[role] for role in ("frame", "time") if role in header.roles]
    said = [role for role in ("individual", "experiment", "joint") if role in header.roles]
    table = read_columns(
        path,
        names,
        numbers=[*of_joints, *of_rows],
        texts=[header.roles[role] for role in said],
        delimiter=delimiter,
    )
    return _Reading(header, table, dict(zip(said, table.texts, strict=True))).poses()


def _with_numbers(header: Header, first: list[list[str]], delimiter: str) -> Header:
    """Leave out further columns that hold no numbers, or whose name poses have for others."""
    row = first[0] if first else []

    def counts(part: str, number: int) -> bool:
        is_one = number >= len(row) or is_number(row[number], delimiter)
        return part in (*AXES, CONFIDENCE) or (is_one and part not in TAKEN)

    kept = {
        joint: {part: number for part, number in parts.items() if counts(part, number)}
        for joint, parts in header.parts.items()
    }
    return Header(kept, header.roles)


@dataclass(frozen=True, eq=False)
class _Groups:
    """Rows that are of one individual in one experiment."""

    of: Rows
    experiment: Rows
    keys: list[Key]
    individuals: list[str] | None


class _Reading:
    """A table whose columns are read, on its way to poses."""

    def __init__(self, header: Header, table: Columns, said: Mapping[str, Names]) -> None:
        self.header, self.table = header, table
        self.said = {role: names for role, names in said.items() if any(names.known)}
        count = sum(map(len, header.parts.values()))
        there = [role for role in ("frame", "time") if role in header.roles]
        beside = {role: count + number for number, role in enumerate(there)}
        self.rows = len(table.numbers)
        self.time = table.numbers[:, beside["time"]] if "time" in beside else None
        told = table.numbers[:, beside["frame"]] if "frame" in beside else None
        self.told = None if told is None else frame_numbers(told)

    def poses(self) -> Poses:
        groups = self._groups()
        joint = self._joint()
        frames = self._frames(groups, joint)
        self._check_order(frames, groups, joint)
        first, length = _spans(frames, groups)
        count = sum(map(len, self.header.parts.values()))
        lengths = length[groups.experiment]
        joints = self.said["joint"].known if self.header.is_long else tuple(self.header.parts)
        width = count * len(joints) if self.header.is_long else count
        check_room(int(lengths.sum()), self.rows, width)
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        at = starts[groups.of] + frames - first[groups.experiment[groups.of]]
        total = int(lengths.sum())
        values = self.table.numbers[:, :count]
        if self.header.is_long:
            filled = np.full((total, len(joints), count), np.nan)
            filled[at, joint] = values
        elif len(at) == total and bool((np.diff(at) == 1).all()):
            filled = values
        else:
            filled = np.full((total, count), np.nan)
            filled[at] = values
        return self._given(filled, joints, groups, lengths, first)

    def _joint(self) -> Rows:
        if not self.header.is_long:
            return np.zeros(self.rows, np.int64)
        if "joint" not in self.said:
            raise ValueError("its column of joints is empty.")
        return self.said["joint"].codes

    def _groups(self) -> _Groups:
        none = Names(("",), np.zeros(self.rows, np.int64))
        who, which = self.said.get("individual", none), self.said.get("experiment", none)
        pair = which.codes * len(who.known) + who.codes
        _, begins, inverse = np.unique(pair, return_index=True, return_inverse=True)
        order = np.argsort(begins)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        begins = begins[order]
        experiments = [which.known[code] for code in which.codes[begins]]
        individuals = [who.known[code] for code in who.codes[begins]]
        return _Groups(
            rank[inverse.reshape(-1)],
            which.codes[begins],
            self._keys(experiments, individuals),
            individuals if "individual" in self.said else None,
        )

    def _keys(self, experiments: list[str], individuals: list[str]) -> list[Key]:
        if "experiment" not in self.said:
            return [*individuals] if len(individuals) > 1 else [UNNAMED]
        if len(set(experiments)) == len(experiments):
            return [*experiments]
        return [*zip(experiments, individuals, strict=True)]

    def _frames(self, groups: _Groups, joint: Rows) -> Rows:
        if self.told is not None:
            return self.told
        if self.time is not None:
            if np.isnan(self.time).any():
                raise ValueError(
                    "its column of times has empty cells, and there is none of frames."
                )
            frames = np.empty(self.rows, np.int64)
            which = groups.experiment[groups.of]
            for one in np.unique(which):
                rows = which == one
                frames[rows] = np.unique(self.time[rows], return_inverse=True)[1].reshape(-1)
            return frames
        return _counted(groups.of * (int(joint.max()) + 1) + joint)

    def _check_order(self, frames: Rows, groups: _Groups, joint: Rows) -> None:
        each = groups.of * (int(joint.max()) + 1) + joint
        order = np.argsort(each, kind="stable")
        wrong = (np.diff(each[order]) == 0) & (np.diff(frames[order]) <= 0)
        if not wrong.any():
            return
        place = int(np.flatnonzero(wrong)[0])
        row = order[place]
        here, after = int(frames[row]), int(frames[order[place + 1]])
        key = groups.keys[groups.of[row]]
        whose = "" if key == UNNAMED else f"{key!r}: "
        if self.header.is_long:
            whose += f"joint {self.said['joint'].known[joint[row]]!r}: "
        again = f"frame {here} is there twice" if here == after else f"frame {after} follows {here}"
        raise ValueError(
            f"{whose}{again}; expected every frame once, in order. Sort the rows, and let columns "
            "'experiment' and 'individual' say of what they are."
        )

    def _given(
        self, filled: Floats, joints: Sequence[str], groups: _Groups, lengths: Rows, first: Rows
    ) -> Poses:
        ends = np.cumsum(lengths)[:-1]

        def each(table: Floats) -> dict[Key, Floats]:
            return dict(zip(groups.keys, np.split(table, ends), strict=True))

        tables = self._tables(filled)
        axes = [axis for axis in AXES if axis in tables]
        points = np.stack([tables.pop(axis) for axis in axes], axis=-1)
        sure = tables.pop(CONFIDENCE, None)
        starts = {int(first[code]) for code in groups.experiment}
        named = {
            str(key): int(first[code])
            for key, code in zip(groups.keys, groups.experiment, strict=True)
        }
        told = str(*starts) if len(starts) == 1 else json.dumps(named, ensure_ascii=False)
        return Poses.from_experiments(
            each(points),
            name="the table",
            confidence=None if sure is None else each(clipped(sure)),
            joints=joints,
            individuals=groups.individuals,
            fps=self._rate(groups),
            extra={name: each(table) for name, table in tables.items()},
            provenance={} if starts == {0} else {"first_frame": told},
            copy=False,
        )

    def _tables(self, filled: Floats) -> dict[str, Floats]:
        """The numbers of all joints, by what they are."""
        if self.header.is_long:
            (parts,) = self.header.parts.values()
            return {part: filled[:, :, number] for number, part in enumerate(parts)}
        joints = list(self.header.parts)
        solid = [joint for joint in joints if "z" in self.header.parts[joint]]
        if solid and len(solid) != len(joints):
            flat = next(joint for joint in joints if joint not in solid)
            raise ValueError(f"joint {solid[0]!r} has a z and {flat!r} has none; expected alike.")
        kinds = dict.fromkeys(part for parts in self.header.parts.values() for part in parts)
        places = {
            (joint, part): place
            for place, (joint, part) in enumerate(
                (joint, part) for joint, parts in self.header.parts.items() for part in parts
            )
        }
        whole = np.concatenate([filled, np.full((len(filled), 1), np.nan)], axis=1)
        return {
            part: whole[:, [places.get((joint, part), -1) for joint in joints]] for part in kinds
        }

    def _rate(self, groups: _Groups) -> float | None:
        """Frames per second, where times are even."""
        if self.time is None:
            return None
        mine = np.flatnonzero(groups.of == 0)
        times, where = np.unique(self.time[mine], return_index=True)
        frames = np.arange(len(times)) if self.told is None else self.told[mine][where]
        seconds = times[-1] - times[0]
        if len(times) < 2 or not np.isfinite(seconds) or frames[-1] <= frames[0]:
            return None
        rate = float(frames[-1] - frames[0]) / float(seconds)
        if np.abs((times - times[0]) * rate - (frames - frames[0])).max() > _JITTER:
            return None
        return float(f"{rate:.12g}")


def _counted(groups: Rows) -> Rows:
    """Number the rows of every group."""
    order = np.argsort(groups, kind="stable")
    begins = np.flatnonzero(np.diff(groups[order], prepend=-1))
    runs = np.diff([*begins, len(groups)])
    counted = np.empty(len(groups), np.int64)
    counted[order] = np.arange(len(groups)) - np.repeat(begins, runs)
    return counted


def _spans(frames: Rows, groups: _Groups) -> tuple[Rows, Rows]:
    """The first frame of every experiment, and the number of frames to its last."""
    which = groups.experiment[groups.of]
    count = int(which.max()) + 1
    first = np.full(count, np.iinfo(np.int64).max)
    last = np.full(count, -1)
    np.minimum.at(first, which, frames)
    np.maximum.at(last, which, frames)
    return first, last - first + 1


@writer(NAME, TITLE, suffixes=SUFFIXES)
def write_table(poses: Poses | Lifted, path: Path) -> None:
    """Write a wide table."""
    joints = poses.joints or tuple(f"keypoint_{i}" for i in range(poses.joint_count))
    tables = _of_joints(poses)
    rows = _of_rows(poses)
    novelty = getattr(poses, "novelty", None)
    names = [*rows, *(f"{joint}_{part}" for joint in joints for part in tables)]
    after = {} if novelty is None else {"novelty": _cells_of(novelty)}
    _check_names([*names, *after], joints, list(tables), list(rows))
    mixed = len({table.dtype for table in tables.values()}) > 1
    numbers = np.stack([decimal(t) if mixed else t for t in tables.values()], axis=-1)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(delimiter.join(map(quoted, [*names, *after])) + "\n")
        flat = numbers.reshape(len(numbers), -1)
        write_rows(file, [*rows.values()], flat, [*after.values()], delimiter)


def _of_joints(poses: Poses | Lifted) -> dict[str, Floats]:
    points = poses.position if isinstance(poses, Lifted) else poses.points
    tables = {axis: points[..., number] for number, axis in enumerate(AXES[: poses.dims])}
    if poses.confidence is not None:
        tables[CONFIDENCE] = poses.confidence
    if not isinstance(poses, Lifted):
        return {**tables, **poses.extra}
    if poses.spread is not None:
        tables |= {f"{a}_sd": poses.spread[..., i] for i, a in enumerate(AXES[: poses.dims])}
    return tables


def _of_rows(poses: Poses | Lifted) -> dict[str, list[str]]:
    """Cells of the columns before those of joints."""
    frames = np.concatenate([np.arange(length) for length in poses.lengths])
    found = {"frame": as_cells(frames)}
    if poses.fps is not None:
        found["time"] = as_cells(frames / poses.fps)

    def repeated(texts: Sequence[str]) -> list[str]:
        cells = map(quoted, texts)
        return [t for t, n in zip(cells, poses.lengths, strict=True) for _ in range(n)]

    who = poses.individuals
    experiments = _experiments(poses.keys, who)
    if experiments is not None:
        found["experiment"] = repeated(experiments)
    if who is not None:
        if not all(who):
            raise ValueError("an individual is called ''; it needs a name.")
        found["individual"] = repeated(who)
    return found


def _experiments(keys: Sequence[Key], who: Sequence[str] | None) -> list[str] | None:
    """Names of experiments as text, or None where individuals say as much."""
    if tuple(keys) == (UNNAMED,) or (len(keys) > 1 and list(keys) == list(who or ())):
        return None
    firsts = [key[0] if isinstance(key, tuple) and key else None for key in keys]
    paired = [*zip(firsts, who or (), strict=False)]
    if paired == list(keys) and len(set(firsts)) < len(firsts) and all(map(_is_text, firsts)):
        return [str(first) for first in firsts]
    texts = [key if isinstance(key, str) else json.dumps(key, ensure_ascii=False) for key in keys]
    if len(set(texts)) != len(texts):
        raise ValueError(f"the experiments {list(keys)} have the same names as text; rename them.")
    return texts


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _cells_of(values: Floats) -> list[str]:
    return ["" if cell == "nan" else cell for cell in as_cells(values)]


def _check_names(
    names: Sequence[str], joints: Sequence[str], parts: Sequence[str], rows: Sequence[str]
) -> None:
    """Refuse names that are not read back as what they are."""
    width = len(parts)
    expected = {
        joint: {part: len(rows) + number * width + i for i, part in enumerate(parts)}
        for number, joint in enumerate(joints)
    }
    roles = {role: number for number, role in enumerate(rows)}
    try:
        found = understood(names)
    except ValueError:
        found = None
    if found != Header(expected, roles) or has_columns(names):
        raise ValueError(
            f"with joints called {', '.join(map(repr, joints))} and their {', '.join(parts)}, the "
            "names of the columns do not tell which is which; rename joints, or write .nc or .npz."
        )
