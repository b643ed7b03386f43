"""The data sets that LiftPose3D was published with, read from the files of their authors.

Each loader takes the folder that the data was unpacked in, and gives a `Published`: 2D, 3D,
cameras, skeleton, and what the paper trained and tested on. The files are not ours to pass on;
``docs/data-sets.md`` says where they are.
"""

from liftpose.datasets.published.flies import angle_invariant_fly, tethered_fly
from liftpose.datasets.published.monkey import open_monkey
from liftpose.datasets.published.prism import prism_fly, prism_mouse
from liftpose.datasets.published.published import Published
from liftpose.datasets.published.rat import capture_rat

__all__ = [
    "Published",
    "angle_invariant_fly",
    "capture_rat",
    "open_monkey",
    "prism_fly",
    "prism_mouse",
    "tethered_fly",
]
