"""Figures and films of training, errors and poses.

Every function draws into the axes it is given, returns what it drew, changes no input and leaves
the global state of pyplot alone: showing and saving is the caller's business. Importing this
package costs the standard library; Matplotlib is loaded with the first figure, since pages and
films do without it.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "DrawnAngles": "liftpose.plot.angles",
    "DrawnCalibration": "liftpose.plot.calibration",
    "DrawnMap": "liftpose.plot.viewpoints",
    "DrawnOnFrame": "liftpose.plot.on_frame",
    "DrawnOverTime": "liftpose.plot.over_time",
    "DrawnPose": "liftpose.plot.drawn",
    "DrawnPoses": "liftpose.plot.pose",
    "DrawnReliability": "liftpose.plot.reliability",
    "DrawnRisk": "liftpose.plot.reliability",
    "DrawnSkeleton": "liftpose.plot.diagram",
    "DrawnSpread": "liftpose.plot.spread",
    "DrawnViews": "liftpose.plot.views",
    "Groups": "liftpose.plot.reliability",
    "Held": "liftpose.plot.calibration",
    "OKABE_ITO": "liftpose.skeleton.colors",
    "Violins": "liftpose.plot.errors",
    "bars_held": "liftpose.plot.calibration",
    "film_lift": "liftpose.plot.lift_film",
    "grouped_errors": "liftpose.plot.reliability",
    "hidden_joints": "liftpose.plot.reliability",
    "plot_angles": "liftpose.plot.angles",
    "plot_calibration": "liftpose.plot.calibration",
    "plot_error_over_time": "liftpose.plot.over_time",
    "plot_log_train": "liftpose.plot.training",
    "plot_on_frame": "liftpose.plot.on_frame",
    "plot_pose_2d": "liftpose.plot.pose",
    "plot_pose_3d": "liftpose.plot.pose",
    "plot_pose_spread": "liftpose.plot.spread",
    "plot_reliability": "liftpose.plot.reliability",
    "plot_risk_coverage": "liftpose.plot.reliability",
    "plot_skeleton": "liftpose.plot.diagram",
    "plot_video_3d": "liftpose.plot.video",
    "plot_viewpoint_map": "liftpose.plot.viewpoints",
    "plot_views": "liftpose.plot.views",
    "read_log_train": "liftpose.plot.training",
    "style": "liftpose.plot.styling",
    "violin_plot": "liftpose.plot.errors",
}

__all__ = [
    "OKABE_ITO",
    "DrawnAngles",
    "DrawnCalibration",
    "DrawnMap",
    "DrawnOnFrame",
    "DrawnOverTime",
    "DrawnPose",
    "DrawnPoses",
    "DrawnReliability",
    "DrawnRisk",
    "DrawnSkeleton",
    "DrawnSpread",
    "DrawnViews",
    "Groups",
    "Held",
    "Violins",
    "bars_held",
    "film_lift",
    "grouped_errors",
    "hidden_joints",
    "plot_angles",
    "plot_calibration",
    "plot_error_over_time",
    "plot_log_train",
    "plot_on_frame",
    "plot_pose_2d",
    "plot_pose_3d",
    "plot_pose_spread",
    "plot_reliability",
    "plot_risk_coverage",
    "plot_skeleton",
    "plot_video_3d",
    "plot_viewpoint_map",
    "plot_views",
    "read_log_train",
    "style",
    "violin_plot",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'liftpose.plot' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
