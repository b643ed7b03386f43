"""Angles at the joints of lifted poses over time, and how sure they are."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.files import replacing
from liftpose.geometry.angles import bend_angle_slopes, bend_angles
from liftpose.io.paths import existing_file, new_file
from liftpose.poses import Key, Lifted
from liftpose.postprocess.bones import joint_places
from liftpose.postprocess.moving import checked
from liftpose.skeleton import Skeleton

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JointAngles:
    """Angles over time.

    Parameters
    ----------
    names : tuple of str, length A
        Of each angle, such as ``"hip-knee-ankle"``: the angle at the knee.
    values : array, shape (N, A), float64, degrees
        0 to 180, where 180 is straight; NaN where a joint was not lifted.
    spread : array, shape (N, A), float64, degrees, or None
        One standard deviation; None where the poses have none.
    keys : tuple
        Name of each experiment.
    lengths : tuple of int
        Frames of each.
    fps : float or None
        Frames per second.
    middles : tuple of str, length A, or None
        The joint that each is at; None where only `names` are known.
    """

    names: tuple[str, ...]
    values: Array
    spread: Array | None
    keys: tuple[Key, ...]
    lengths: tuple[int, ...]
    fps: float | None = None
    middles: tuple[str, ...] | None = None

    @property
    def frames(self) -> int:
        """Number of frames N, of all experiments."""
        return len(self.values)

    def to_csv(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the angles as a table with a row for each frame.

        Parameters
        ----------
        path : path-like
        overwrite : bool
            Replace a file that is there already.

        Returns
        -------
        pathlib.Path
            Of the file. Its columns are ``experiment`` (where there are several), ``frame`` in the
            experiment, from 0, ``time`` in seconds (where `fps` is known), each angle by its name
            and, where it is known, its spread by the name and ``_sd``. What is not known is empty.

        Raises
        ------
        FileExistsError, FileNotFoundError, IsADirectoryError
            There is a file already, or no such folder.

        Examples
        --------
        >>> import tempfile
        >>> bent = np.array([[90.0], [np.nan]])
        >>> angles = JointAngles(("hip-knee-toe",), bent, None, ("",), (2,), fps=50.0)
        >>> print(angles.to_csv(Path(tempfile.mkdtemp()) / "angles.csv").read_text(), end="")
        frame,time,hip-knee-toe
        0,0.0,90.0
        1,0.02,
        """
        target = new_file(path, overwrite)
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(self._heads())
        table.writerows(self._rows())
        with replacing(target) as beside:
            beside.write_text(text.getvalue(), encoding="utf-8")
        return target

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str]) -> JointAngles:
        """Read a table that `to_csv` wrote.

        Parameters
        ----------
        path : path-like

        Returns
        -------
        JointAngles
            Rounded as the table is. Names of experiments are text.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            It is something else, or was cut short; names the file and the line.

        Examples
        --------
        >>> import tempfile
        >>> bent = JointAngles(("hip-knee-toe",), np.array([[90.0]]), None, ("",), (1,))
        >>> JointAngles.from_csv(bent.to_csv(Path(tempfile.mkdtemp()) / "angles.csv"))
        <JointAngles: 1 frames of 1 angles>
        """
        return _read(existing_file(path))

    def _heads(self) -> list[str]:
        heads = [*(["experiment"] if len(self.keys) > 1 else []), "frame"]
        heads += ["time"] if self.fps is not None else []
        marks = ("",) if self.spread is None else ("", "_sd")
        return heads + [name + mark for name in self.names for mark in marks]

    def _rows(self) -> Iterable[list[Any]]:
        tables = [self.values] if self.spread is None else [self.values, self.spread]
        # Angle after angle, each followed by its own spread.
        numbers = np.stack(tables, axis=2).reshape(self.frames, -1).round(4)
        cells = np.where(np.isnan(numbers), "", numbers.astype(str))
        frame = np.concatenate([np.arange(length) for length in self.lengths])
        columns: list[Sequence[Any]] = [frame.tolist()]
        if len(self.keys) > 1:
            labels = [str(key) for key in self.keys]
            columns.insert(0, np.repeat(np.array(labels, object), self.lengths).tolist())
        if self.fps is not None:
            columns.append((frame / self.fps).round(6).tolist())
        return ([*before, *row] for *before, row in zip(*columns, cells.tolist(), strict=True))

    def __repr__(self) -> str:
        spread = "" if self.spread is None else ", with spread"
        return f"<JointAngles: {self.frames} frames of {len(self.names)} angles{spread}>"


def holds_angles(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a table of angles, as `JointAngles.to_csv` writes it.

    Parameters
    ----------
    path : path-like
        A file; a folder is none.

    Returns
    -------
    bool
    """
    file = Path(path)
    if not file.is_file() or file.suffix.lower() != ".csv":
        return False
    try:
        with file.open(encoding="utf-8", newline="") as text:
            return _angles_of(next(csv.reader(text), [])) is not None
    except (UnicodeDecodeError, csv.Error):
        return False


def _angles_of(heads: list[str]) -> tuple[int, tuple[str, ...], bool] | None:
    """How many columns stand before the angles, their names, and whether each has a spread."""
    start = int(heads[:1] == ["experiment"])
    if heads[start : start + 1] != ["frame"]:
        return None
    start += 2 if heads[start + 1 : start + 2] == ["time"] else 1
    columns = heads[start:]
    sure = [name + "_sd" for name in columns[::2]]
    has_spread = bool(columns) and columns[1::2] == sure
    names = tuple(columns[::2] if has_spread else columns)
    # Three joints each, joined by hyphens, of which their names may hold more.
    return (start, names, has_spread) if names and all(n.count("-") > 1 for n in names) else None


def _read(file: Path) -> JointAngles:
    with file.open(encoding="utf-8", newline="") as text:
        heads, *rows = csv.reader(text) if holds_angles(file) else [[]]
    understood = _angles_of(heads)
    if understood is None:
        raise ValueError(
            f"{file} is no table of angles; expected columns such as frame, time, hip-knee-ankle, "
            "as `liftpose angles` writes them."
        )
    if not rows:
        raise ValueError(f"{file} is a table of angles without a frame.")
    start, names, has_spread = understood
    short = next((n for n, row in enumerate(rows, start=2) if len(row) != len(heads)), None)
    if short is not None:
        raise ValueError(
            f"{file}, line {short}: expected {len(heads)} cells, got {len(rows[short - 2])}."
        )
    cells = np.array(rows, dtype=object)
    several = heads[0] == "experiment"
    labels = cells[:, 0] if several else np.full(len(cells), "", dtype=object)
    try:
        table = np.where(cells == "", "nan", cells)[:, int(several) :].astype(np.float64)
    except ValueError as error:
        raise ValueError(f"{file} holds something else than numbers: {error}.") from None
    first = np.flatnonzero(np.append(True, labels[1:] != labels[:-1]))
    lengths = np.diff(np.append(first, len(cells)))
    fps = None
    if "time" in heads[:start] and lengths.max() > 1:
        row = first[lengths.argmax()] + lengths.max() - 1
        fps = round(float(table[row, 0] / table[row, 1]), 4)
    numbers = table[:, start - int(several) :]
    return JointAngles(
        names,
        numbers[:, ::2] if has_spread else numbers,
        numbers[:, 1::2] if has_spread else None,
        tuple(str(label) for label in labels[first]),
        tuple(int(length) for length in lengths),
        fps,
    )


def joint_angles(
    lifted: Lifted, skeleton: Skeleton, triples: Iterable[Sequence[str | int]] | None = None
) -> JointAngles:
    """Measure the angles at the joints of lifted poses.

    Parameters
    ----------
    lifted : Lifted
        N frames.
    skeleton : Skeleton
        Says which joints are joined.
    triples : sequence of three joints, optional
        At one end, at the angle, and at the other end, such as ``("hip", "knee", "ankle")``. By
        default every angle between two bones that meet and of which one leads towards the first
        root; at the root, between any two.

    Returns
    -------
    JointAngles
        With a spread where `lifted` has one: to first order, for joints that err independently.

    Raises
    ------
    TypeError
        No lifted poses or no skeleton.
    ValueError
        Fewer than three frames, depth only, a skeleton whose bones nowhere meet where no triples
        are given, or a triple with an unknown joint.

    Notes
    -----
    To first order is too little where a joint is almost straight: no error makes an angle more
    than straight, and the spread there is more of a bound.

    References
    ----------
    G. W. Oehlert, "A note on the delta method", The American Statistician 46(1), 1992.

    Examples
    --------
    >>> leg = Skeleton(["hip", "knee", "toe"], bones=[("hip", "knee"), ("knee", "toe")])
    >>> pose = np.array([[[0.0, 0, 0], [1, 0, 0], [1, 1, 0]]]).repeat(5, 0)
    >>> angles = joint_angles(Lifted(pose, pose, ("",), (5,), leg.joints), leg)
    >>> angles.names, angles.values[0].tolist()
    (('hip-knee-toe',), [90.0])
    """
    lifted = checked(lifted, "measuring angles")
    if lifted.dims != 3:
        raise ValueError("lifted holds depth only; angles need poses with x, y and z.")
    if not isinstance(skeleton, Skeleton):
        raise TypeError(f"skeleton is a {type(skeleton).__name__}; expected a Skeleton.")
    chosen = _between_bones(skeleton) if triples is None else _given(triples, skeleton)
    places = joint_places(lifted, skeleton)
    at = [tuple(places[joint] for joint in triple) for triple in chosen]
    position = lifted.position.astype(np.float64)
    values = bend_angles(position, at)
    spread = None
    if lifted.spread is not None:
        own = lifted.spread.astype(np.float64)[:, np.array(at)]
        slopes = bend_angle_slopes(position, at)
        # A joint that does not count, such as an origin, may have no spread.
        own = np.where(np.isnan(own) & ~np.isnan(own).all((2, 3), keepdims=True), 0.0, own)
        spread = np.sqrt(((slopes * own) ** 2).sum((2, 3)))
    names = tuple("-".join(skeleton.joints[joint] for joint in triple) for triple in chosen)
    middles = tuple(skeleton.joints[triple[1]] for triple in chosen)
    return JointAngles(names, values, spread, lifted.keys, lifted.lengths, lifted.fps, middles)


def _between_bones(skeleton: Skeleton) -> list[tuple[int, ...]]:
    """Pairs of bones that meet, from the roots outwards."""
    near: list[list[int]] = [[] for _ in skeleton.joints]
    for one, other in skeleton.bones:
        near[one].append(other)
        near[other].append(one)
    parent: dict[int, int | None] = {}
    found: list[tuple[int, ...]] = []
    roots = skeleton.roots or (skeleton.sets.roots if skeleton.bones else ())
    for start in (*roots, *range(skeleton.joint_count)):
        frontier = [] if start in parent else [start]
        parent.setdefault(start, None)
        for joint in frontier:
            for below in near[joint]:
                if below not in parent:
                    parent[below] = joint
                    frontier.append(below)
            up = parent[joint]
            others = [other for other in near[joint] if other != up]
            ends = combinations(others, 2) if up is None else ((up, other) for other in others)
            found += [(one, joint, other) for one, other in ends]
    if not found:
        lacks = "no two bones that meet" if skeleton.bones else "no bones"
        raise ValueError(
            f"the skeleton has {lacks}, and no angle between them; give bones, or triples such as "
            "('hip', 'knee', 'ankle')."
        )
    return found


def _given(triples: Iterable[Any], skeleton: Skeleton) -> list[tuple[int, ...]]:
    found = []
    for triple in triples:
        if isinstance(triple, str) or len(triple) != 3:
            raise ValueError(
                f"{triple!r} is no triple of joints, such as ('hip', 'knee', 'ankle')."
            )
        found.append(tuple(skeleton.index(joint) for joint in triple))
        if len(set(found[-1])) < 3:
            raise ValueError(f"{tuple(triple)} names a joint twice.")
    if not found:
        raise ValueError("triples is empty; name three joints, such as ('hip', 'knee', 'ankle').")
    return found
