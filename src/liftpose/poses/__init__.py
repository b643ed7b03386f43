"""Keypoints of experiments: 2D and 3D as they come (`Poses`), and 3D that was lifted (`Lifted`).

One convention everywhere: arrays of shape (N, J, D), N frames of J joints in D coordinates; NaN
means "not seen"; row i is always frame i. Here, too, is what a user may give as poses (`given`)
and how they look as a dataset that other tools read (`layout`).
"""

from liftpose.poses.bars import Bars
from liftpose.poses.given import UNNAMED, Floats, Key
from liftpose.poses.lifted import Lifted
from liftpose.poses.pair import check_pair
from liftpose.poses.poses import Poses
from liftpose.poses.swaps import Swap, SwapSearch, find_swaps
from liftpose.poses.verdict import Verdict

__all__ = [
    "UNNAMED",
    "Bars",
    "Floats",
    "Key",
    "Lifted",
    "Poses",
    "Swap",
    "SwapSearch",
    "Verdict",
    "check_pair",
    "find_swaps",
]
