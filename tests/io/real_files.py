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


_RESULT = "deepfly3d/nely_df3d-1.0.1_df3d_result.pkl"
_OLD = "deepfly3d/old_pose_result__home_julien_src_deepfly3d_data_test.pkl"
_PREDS = "deepfly3d/preds_180921_aDN_CsCh_Fly6_003_SG1_behData_images-images.pkl"
_FLY = "lightning_pose/05272019_fly4_0_R1C24_Cam"

FILES = (
    Real("anipose/test_fly_treadmill_mocap_1000.csv", "anipose", 3, 999, 12),
    Real("bvh/AV_8Walk_Meredith_HVHA_Rep1.bvh", "bvh", 3, 1064, 30),
    Real("c3d/markers_analogs.c3d", "c3d", 3, 580, 51),
    Real("dannce_label3d/markerless_mouse_1_label3d_dannce.mat", "dannce", 3, 18000, 22),
    Real("dannce_label3d/markerless_mouse_1_save_data_AVG.mat", "dannce", 3, 1000, 22),
    Real("dannce_label3d/test_rodent_mocap_1000_frames.mat", "dannce", 3, 1000, 23),
    Real(_RESULT, "deepfly3d", 3, 15, 38),
    Real(_RESULT, "deepfly3d", 2, 15, 38, hints={"camera": 1}),
    Real(_OLD, "deepfly3d", 3, 15, 38),
    Real(_OLD, "deepfly3d", 2, 15, 38, hints={"camera": 5}),
    Real(_PREDS, "deepfly3d", 2, 900, 19, hints={"camera": 5}),
    Real("deeplabcut/CollectedData_Mackenzie.csv", "deeplabcut", 2, 55, 5),
    Real("deeplabcut/CollectedData_Mackenzie.h5", "deeplabcut", 2, 55, 5),
    Real("deeplabcut/reachingDEMO_2D.h5", "deeplabcut", 2, 800, 33),
    Real("deeplabcut/reachingDEMO_3D.h5", "deeplabcut", 3, 800, 33),
    # Labels for Lightning Pose are a table of DeepLabCut's, and say nothing else.
    Real("lightning_pose/mirror-mouse_CollectedData.csv", "deeplabcut", 2, 90, 17),
    Real(f"{_FLY}-A_rot-ccw-0.06_sec.rng=0.csv", "lightning_pose", 2, 500, 12),
    Real(f"{_FLY}-B_rot-ccw-0.06_sec.rng=0.csv", "lightning_pose", 2, 500, 12),
    Real("nwb_ndx_pose/0.3.0_poseestimation_two_cameras.nwb", "nwb", 2, 10, 2),
    Real("nwb_ndx_pose/test_rodent_mocap_1000_frames.nwb", "nwb", 3, 1000, 23),
    Real("openpose_pose2sim/S00_P00_T01_BalancingTrial_0-100.trc", "trc", 3, 100, 21),
    Real("openpose_pose2sim/cam01_json", "openpose", 2, 51, 25, individuals=2),
    Real("openpose_pose2sim/cam02_json", "openpose", 2, 51, 25, individuals=2),
    Real("sleap/minimal_back_proofread.analysis.h5", "sleap-analysis", 2, 120, 15),
    Real("sleap/minimal_back_proofread.slp", "sleap", 2, 120, 15),
    Real("sleap/points3d_mouse_3600_frames.h5", "sleap-anipose", 3, 3600, 34),
)
