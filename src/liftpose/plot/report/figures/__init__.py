"""The figures of a report, as Plotly takes them: plain values, so that nothing draws them here."""

from liftpose.plot.report.figures.course import training
from liftpose.plot.report.figures.elements import PAPER
from liftpose.plot.report.figures.joints import error_per_joint
from liftpose.plot.report.figures.over_time import (
    ANGLE_FRAMES,
    POINTS,
    angles,
    error_over_time,
    novelty_over_time,
)
from liftpose.plot.report.figures.trust import calibration, reliability
from liftpose.plot.report.figures.viewpoints import viewpoints

__all__ = [
    "ANGLE_FRAMES",
    "PAPER",
    "POINTS",
    "angles",
    "calibration",
    "error_over_time",
    "error_per_joint",
    "novelty_over_time",
    "reliability",
    "training",
    "viewpoints",
]
