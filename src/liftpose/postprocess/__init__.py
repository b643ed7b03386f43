"""What is done with lifted poses.

They are weighed against their hypotheses, placed, smoothed in time, fitted to the lengths of bones,
told as angles, and scored; and the results of a test are loaded.
"""

from liftpose.lifter.floor import Floor, find_floor
from liftpose.postprocess.aggregation import aggregate
from liftpose.postprocess.angles import JointAngles, joint_angles
from liftpose.postprocess.bones import fit_bones
from liftpose.postprocess.placing import Placed, place
from liftpose.postprocess.results import load_test_results
from liftpose.postprocess.smoothing import smooth

__all__ = [
    "Floor",
    "JointAngles",
    "Placed",
    "aggregate",
    "find_floor",
    "fit_bones",
    "joint_angles",
    "load_test_results",
    "place",
    "smooth",
]
