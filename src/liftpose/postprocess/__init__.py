"""What is done with lifted poses: placing and scoring them, and loading the results of a test."""

from liftpose.lifter.floor import Floor, find_floor
from liftpose.postprocess.placing import Placed, place
from liftpose.postprocess.results import load_test_results

__all__ = ["Floor", "Placed", "find_floor", "load_test_results", "place"]
