"""How good predicted poses and their error bars are, for numpy and torch arrays alike.

NaN means not seen. A joint counts in a frame where every coordinate of all that is compared is
finite; what does not count is left out of every mean, and a mean over nothing is NaN. All work is
done, and given back, in double precision.

`distance`, `time` and `image` compare poses; `trust`, `coverage` and `ordering` judge their error
bars; `ball` turns spread into a radius.
"""

from liftpose.metrics.ball import ball_radius
from liftpose.metrics.coverage import CoverageInterval, counted_interval, coverage_interval
from liftpose.metrics.distance import (
    auc,
    bone_length_error,
    joint_errors,
    mpjpe,
    n_mpjpe,
    pa_mpjpe,
    pck,
)
from liftpose.metrics.image import reprojection_error
from liftpose.metrics.ordering import RiskCoverage, aurc, oracle_share, risk_coverage
from liftpose.metrics.time import acceleration_error, time_blocks, velocity_error
from liftpose.metrics.trust import (
    ball_coverage,
    in_ball,
    in_interval,
    interval_coverage,
    interval_score,
    normal_interval,
)

__all__ = [
    "CoverageInterval",
    "RiskCoverage",
    "acceleration_error",
    "auc",
    "aurc",
    "ball_coverage",
    "ball_radius",
    "bone_length_error",
    "counted_interval",
    "coverage_interval",
    "in_ball",
    "in_interval",
    "interval_coverage",
    "interval_score",
    "joint_errors",
    "mpjpe",
    "n_mpjpe",
    "normal_interval",
    "oracle_share",
    "pa_mpjpe",
    "pck",
    "reprojection_error",
    "risk_coverage",
    "time_blocks",
    "velocity_error",
]
