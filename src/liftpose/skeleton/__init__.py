"""What is known of an animal's joints: names, bones, roots, targets, sides, and the unit.

`Skeleton` is all of it, as a user writes it and as files keep it; `TargetSets` are the part that
a lifter needs.
"""

from liftpose.skeleton.skeleton import Skeleton
from liftpose.skeleton.target_sets import TargetSets

__all__ = ["Skeleton", "TargetSets"]
