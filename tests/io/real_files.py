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
    Real("nwb_ndx_pose/0.3.0_poseestimation_two_cameras.nwb", "nwb", 2, 10, 2),
    Real("nwb_ndx_pose/test_rodent_mocap_1000_frames.nwb", "nwb", 3, 1000, 23),
    Real("sleap/minimal_back_proofread.slp", "sleap", 2, 120, 15),
    Real("sleap/minimal_back_proofread.analysis.h5", "sleap-analysis", 2, 120, 15),
    Real("sleap/points3d_mouse_3600_frames.h5", "sleap-anipose", 3, 3600, 34),
)
