"""Figures and films of training, errors and poses.

Every function draws into the axes it is given, returns what it drew, changes no input and leaves
the global state of pyplot alone: showing and saving is the caller's business.
"""

from liftpose.plot.angles import DrawnAngles, plot_angles
from liftpose.plot.calibration import DrawnCalibration, Held, bars_held, plot_calibration
from liftpose.plot.colors import OKABE_ITO
from liftpose.plot.errors import Violins, violin_plot
from liftpose.plot.lift_film import film_lift
from liftpose.plot.over_time import DrawnOverTime, plot_error_over_time
from liftpose.plot.pose import DrawnPose, DrawnPoses, plot_pose_2d, plot_pose_3d
from liftpose.plot.reliability import (
    DrawnReliability,
    DrawnRisk,
    Groups,
    grouped_errors,
    hidden_joints,
    plot_reliability,
    plot_risk_coverage,
)
from liftpose.plot.training import plot_log_train, read_log_train
from liftpose.plot.video import plot_video_3d
from liftpose.plot.viewpoints import DrawnMap, plot_viewpoint_map
from liftpose.plot.views import DrawnViews, plot_views

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
