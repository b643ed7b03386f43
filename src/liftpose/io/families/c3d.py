"""C3D: 3D markers of motion capture.

Points that stand for no place (angles, forces, moments, powers and scalars, as their group lists
them) are left out, and so are analog channels, events and force plates. Points without a label are
called ``unlabelled_1`` and so on. A residual below 0 is NaN; where any other is not 0, residuals
are kept as ``residual``. Row 0 is the first frame of the file, whatever its number.

What a C3D file has no room for is lost when one is written: confidence and other numbers of the
joints, and more than 7 digits of a number.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from liftpose.io.decoding import c3d
from liftpose.io.registry import reader, writer
from liftpose.poses import Lifted, Poses

NAME, TITLE = "c3d", "C3D of motion capture"
_NO_PLACES = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS")


def is_c3d(path: Path, head: bytes) -> bool:
    """Whether a file has the header of a C3D, and parameters where that says."""
    if head[1:2] != b"\x50" or len(head) < c3d.BLOCK:
        return False
    place = (head[0] - 1) * c3d.BLOCK
    if place + 4 <= len(head):
        return c3d.processor(head) is not None
    try:
        return c3d.processor(path.read_bytes()) is not None
    except OSError:
        return False


@reader(NAME, TITLE, suffixes=(".c3d",), recognises=is_c3d, dims=(3,))
def read_c3d(path: Path) -> Poses:
    """Read the markers."""
    found = c3d.read(path.read_bytes())
    about = found.parameters.get("POINT", {})
    labels = _texts(about, "LABELS")
    names = labels[: found.points.shape[1]]
    names += [""] * (found.points.shape[1] - len(names))
    names = [name or f"unlabelled_{number + 1}" for number, name in enumerate(names)]
    other = {text for group in _NO_PLACES for text in _texts(about, group)} - {""}
    kept = [number for number, name in enumerate(names) if name not in other]
    if not kept:
        raise ValueError("none of its points stands for a place; they are angles or forces.")
    residuals = found.residuals[:, kept]
    software = _texts(found.parameters.get("MANUFACTURER", {}), "SOFTWARE")
    return Poses.from_experiments(
        found.points[:, kept],
        name="the points",
        joints=[names[number] for number in kept] if any(labels) else None,
        fps=found.rate if 0 < found.rate < float("inf") else None,
        unit=next(iter(_texts(about, "UNITS")), "") or None,
        source_software=next(iter(software), "") or None,
        extra={"residual": residuals} if np.nan_to_num(residuals).any() else {},
        provenance={"first_frame": str(found.first - 1)} if found.first > 1 else {},
        copy=False,
    )


def _texts(group: dict[str, Any], name: str) -> list[str]:
    """Texts of a parameter and of those that continue it: LABELS, LABELS2, LABELS3, ..."""
    texts: list[str] = []
    number = 1
    while isinstance(more := group.get(name if number == 1 else f"{name}{number}"), list):
        texts += more
        number += 1
    return texts


@writer(NAME, TITLE, suffixes=(".c3d",), dims=(3,))
def write_c3d(poses: Poses | Lifted, path: Path) -> None:
    """Write one animal's positions."""
    points = poses.position if isinstance(poses, Lifted) else poses.points
    if len(poses.keys) > 1:
        raise ValueError(
            f".c3d holds one animal, and there are {len(poses.keys)} experiments; write each to a "
            "file of its own, or all as .nc."
        )
    if poses.fps is None or poses.unit is None:
        lacking = "frames per second (fps=)" if poses.fps is None else "a unit (unit=)"
        raise ValueError(f".c3d needs {lacking}, which the poses do not say.")
    names = poses.joints or tuple(f"joint_{number}" for number in range(points.shape[1]))
    for name in names:
        if not name or name != name.rstrip(" \0"):
            raise ValueError(f"the joint {name!r} cannot be written as .c3d; rename it.")
    about = {"LABELS": list(names), "DESCRIPTIONS": [""] * len(names), "UNITS": [poses.unit]}
    maker = {"SOFTWARE": [poses.source_software]} if poses.source_software else {}
    path.write_bytes(c3d.written(points, poses.fps, {"POINT": about, "MANUFACTURER": maker}))
