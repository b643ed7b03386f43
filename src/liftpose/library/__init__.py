"""Libraries of 3D poses to learn from: others' animals, or one's own from several cameras.

For those without 3D data, a lifter is trained on a library of poses that a camera is made to see.
Two ways. With calibrated cameras, the library is projected through them. Without, it is seen from
far away (weak perspective) in all directions of a range, and 2D poses are scaled to unit norm, so
that neither distance nor lens matters. Either way depth is not measured: it is what animals of the
library have where their 2D looks alike.

For those with several calibrated cameras, a library is built from what their trackers saw, and a
lifter for any one of the cameras is trained from it: depth is measured then.
"""

from liftpose.library.building import Axes, BuildOptions, build_library
from liftpose.library.building.files import build_library_file
from liftpose.library.distance import Distance, distance_to_library
from liftpose.library.files import train_file_from_library
from liftpose.library.filmed_training import FromFilmed, train_from_filmed
from liftpose.library.merging import merge_libraries, merge_library_files
from liftpose.library.training import FromLibrary, train_from_library

__all__ = [
    "Axes",
    "BuildOptions",
    "Distance",
    "FromFilmed",
    "FromLibrary",
    "build_library",
    "build_library_file",
    "distance_to_library",
    "merge_libraries",
    "merge_library_files",
    "train_file_from_library",
    "train_from_filmed",
    "train_from_library",
]
