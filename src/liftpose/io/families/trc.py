"""``.trc``: 3D markers in a table of text, as OpenSim, Pose2Sim and motion capture write them.

Five lines come before the frames: a title, names and values of a few facts, names of the markers,
and X1, Y1, Z1 and so on. Frames per second are ``DataRate`` and the unit is ``Units``; the numbers
of frames and markers that the header claims are not trusted. ``Frame#`` must go up; row 0 is the
first frame of the file, whatever its number, and numbers that are left out are NaN. Empty cells are
NaN as well.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.decoding.frames import at_frames
from liftpose.io.registry import reader, writer
from liftpose.poses import Lifted, Poses

Array = npt.NDArray[Any]

NAME, TITLE = "trc", "3D markers of OpenSim or Pose2Sim"
_BEGINS = b"PathFileType"
_BOM = b"\xef\xbb\xbf"
_HEADER = 5
_EMPTY = re.compile(r"(?<![^\t])[ ]*(?=\t|$)")
_BREAKS = re.compile(r"[\t\r\n]")


def is_trc(path: Path, head: bytes) -> bool:
    """Whether a file begins as all of this format do."""
    return head.removeprefix(_BOM).startswith(_BEGINS)


@reader(NAME, TITLE, suffixes=(".trc",), recognises=is_trc, dims=(3,))
def read_trc(path: Path) -> Poses:
    """Read a table of markers."""
    lines = _text(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) < _HEADER:
        raise ValueError(f"it has {len(lines)} lines; expected {_HEADER} before the frames.")
    facts = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
    names = _markers(lines[3])
    rows = [line for line in lines[_HEADER:] if line.strip()]
    if not rows:
        raise ValueError("it has a header and no frames.")
    table = _table(rows, 2 + 3 * len(names))
    frames = _frames(table[:, 0])
    points = table[:, 2:].reshape(len(table), -1, 3)
    return Poses.from_experiments(
        at_frames(points, frames),
        name="the table",
        joints=names,
        fps=_rate(facts.get("DataRate", "")),
        unit=facts.get("Units", "").strip() or None,
        copy=False,
    )


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Motion capture software of some age.
        return data.decode("latin-1")


def _markers(line: str) -> list[str]:
    """Names, each above the first of its three columns."""
    cells = line.rstrip("\t").split("\t")[2:]
    names = cells[::3]
    others = [cell for number, cell in enumerate(cells) if number % 3 and cell.strip()]
    # Some write one name after another, without empty cells between them.
    names = [cell for cell in cells if cell.strip()] if others else names
    if not names or not all(name.strip() for name in names):
        raise ValueError(f"its markers are {names}; expected a name above each three columns.")
    return names


def _table(rows: list[str], columns: int) -> Array:
    filled = (_EMPTY.sub("nan", row) for row in rows)
    try:
        return np.loadtxt(
            filled, comments=None, delimiter="\t", usecols=range(columns), ndmin=2
        ).astype(np.float64)
    except ValueError as error:
        said = str(error).split(";")[0]
        raise ValueError(
            f"its names are of {columns} columns, Frame# and Time among them, and not every row "
            f"has as many numbers ({said})."
        ) from None


def _frames(numbers: Array) -> Array:
    """Rows of the frames, from 0."""
    if not np.isfinite(numbers).all() or (numbers != np.rint(numbers)).any():
        raise ValueError("Frame# holds something else than whole numbers.")
    back = np.flatnonzero(np.diff(numbers) <= 0)
    if len(back):
        here, after = numbers[back[0]], numbers[back[0] + 1]
        raise ValueError(
            f"frame {after:g} follows frame {here:g}; expected every frame once, in order."
        )
    return np.array([int(number) for number in (numbers - numbers[0]).tolist()], object)


def _rate(text: str) -> float | None:
    try:
        rate = float(text)
    except ValueError:
        return None
    return rate if 0 < rate < float("inf") else None


@writer(NAME, TITLE, suffixes=(".trc",), dims=(3,))
def write_trc(poses: Poses | Lifted, path: Path) -> None:
    """Write one animal's positions; what is NaN is left empty."""
    points = poses.position if isinstance(poses, Lifted) else poses.points
    names = _writable(poses)
    rate = f"{poses.fps!r}"
    count = len(points)
    facts = {
        "DataRate": rate,
        "CameraRate": rate,
        "NumFrames": str(count),
        "NumMarkers": str(len(names)),
        "Units": poses.unit or "",
        "OrigDataRate": rate,
        "OrigDataStartFrame": "1",
        "OrigNumFrames": str(count),
    }
    axes = [f"{axis}{number + 1}" for number in range(len(names)) for axis in "XYZ"]
    header = [
        ["PathFileType", "4", "(X/Y/Z)", "poses.trc"],
        list(facts),
        list(facts.values()),
        ["Frame#", "Time", *(cell for name in names for cell in (name, "", ""))],
        ["", "", *axes],
    ]
    digits = "%.9g" if points.dtype.itemsize == 4 else "%.17g"
    assert poses.fps is not None
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines("\t".join(cells) + "\n" for cells in header)
        form = "\t".join(["%d", "%.9g", *[digits] * (3 * len(names))])
        flat = points.reshape(count, -1).tolist()
        for number, row in enumerate(flat):
            line = form % (number + 1, number / poses.fps, *row)
            file.write(line.replace("nan", "") + "\n")


def _writable(poses: Poses | Lifted) -> tuple[str, ...]:
    """Names of the markers, once all that the format needs is there."""
    if len(poses.keys) > 1:
        raise ValueError(
            f".trc holds one animal, and there are {len(poses.keys)} experiments; write each to a "
            "file of its own, or all as .nc."
        )
    if poses.fps is None or poses.unit is None:
        lacking = "frames per second (fps=)" if poses.fps is None else "a unit (unit=)"
        raise ValueError(f".trc needs {lacking}, which the poses do not say.")
    count = (poses.position if isinstance(poses, Lifted) else poses.points).shape[1]
    names = poses.joints or tuple(f"joint_{number}" for number in range(count))
    for name in names:
        if _BREAKS.search(name) or not name.strip():
            raise ValueError(f"the joint {name!r} cannot be written as .trc; rename it.")
    return names
