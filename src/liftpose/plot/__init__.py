"""Figures and films of training, errors and poses.

Every function draws into the axes it is given, returns what it drew, changes no input and leaves
the global state of pyplot alone: showing and saving is the caller's business. Importing this
package costs the standard library; Matplotlib is loaded with the first figure, since pages and
films do without it.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "OKABE_ITO": "liftpose.plot.limbs",
    "DrawnMap": "liftpose.plot.viewpoints",
    "DrawnPose": "liftpose.plot.pose",
    "DrawnPoses": "liftpose.plot.pose",
    "Violins": "liftpose.plot.errors",
    "film_lift": "liftpose.plot.lift_film",
    "plot_log_train": "liftpose.plot.training",
    "plot_pose_2d": "liftpose.plot.pose",
    "plot_pose_3d": "liftpose.plot.pose",
    "plot_video_3d": "liftpose.plot.video",
    "plot_viewpoint_map": "liftpose.plot.viewpoints",
    "read_log_train": "liftpose.plot.training",
    "violin_plot": "liftpose.plot.errors",
}

__all__ = [
    "OKABE_ITO",
    "DrawnAngles",
    "DrawnCalibration",
    "DrawnMap",
    "DrawnOnFrame",
    "DrawnPose",
    "DrawnPoses",
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
