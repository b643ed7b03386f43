"""Files that trackers wrote, on which the readers are tried; they are no part of the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks import recordings

FOLDER = recordings.data_folder() / "raw"


@dataclass(frozen=True)
class Real:
    """A file of a tracker, and what is known of it from elsewhere."""

    path: str
    format: str
    dims: int
    frames: int
    joints: int
    individuals: int = 1
    hints: Mapping[str, Any] = field(default_factory=dict)


FILES = (
    Real("deeplabcut/CollectedData_Mackenzie.csv", "deeplabcut", 2, 55, 5),
    Real("deeplabcut/CollectedData_Mackenzie.h5", "deeplabcut", 2, 55, 5),
    Real("deeplabcut/reachingDEMO_2D.h5", "deeplabcut", 2, 800, 33),
    Real("deeplabcut/reachingDEMO_3D.h5", "deeplabcut", 3, 800, 33),
)
