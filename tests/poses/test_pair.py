"""Whether two files are of the same frames."""

import numpy as np
import pytest

from liftpose.poses import Poses
from liftpose.poses.pair import check_start


def poses(first=None, software=None):
    told = {} if first is None else {"first_frame": first}
    return Poses.from_experiments(np.zeros((4, 2, 2)), provenance=told, source_software=software)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (poses("3"), poses("3")),
        (poses(), poses("3")),  # of a file that does not number its frames, nothing is known
        (poses(None, "SLEAP"), poses("3", "DeepLabCut")),
        (poses(None, "DeepLabCut"), poses(None, "Anipose")),
    ],
)
def test_files_that_may_be_of_the_same_frames_are_let_through(one, other):
    check_start(one, other, ("a", "b"))
    check_start(other, one, ("b", "a"))


@pytest.mark.parametrize("other", [poses("4"), poses(None, "DeepLabCut")])
def test_files_that_begin_with_other_frames_are_refused(other):
    with pytest.raises(ValueError, match="a begins with frame 3 .* b with frame [04]"):
        check_start(poses("3", "DeepLabCut"), other, ("a", "b"))
