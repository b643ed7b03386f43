"""Figures and films of training, errors and poses.

Every function draws into the axes it is given, returns what it drew, changes no input and leaves
the global state of pyplot alone: showing and saving is the caller's business.
"""

from liftpose.plot.errors import Violins, violin_plot
from liftpose.plot.lift_film import film_lift
from liftpose.plot.limbs import OKABE_ITO
from liftpose.plot.pose import DrawnPose, DrawnPoses, plot_pose_2d, plot_pose_3d
from liftpose.plot.training import plot_log_train, read_log_train
from liftpose.plot.video import plot_video_3d
from liftpose.plot.viewpoints import DrawnMap, plot_viewpoint_map

__all__ = [
    "OKABE_ITO",
    "DrawnMap",
    "DrawnPose",
    "DrawnPoses",
    "Violins",
    "film_lift",
    "plot_log_train",
    "plot_pose_2d",
    "plot_pose_3d",
    "plot_video_3d",
    "plot_viewpoint_map",
    "read_log_train",
    "violin_plot",
]
