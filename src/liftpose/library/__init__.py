"""A lifter for those without 3D data: trained on a library of poses that a camera is made to see.

Two ways. With calibrated cameras, the library is projected through them. Without, it is seen from
far away (weak perspective) in all directions of a range, and 2D poses are scaled to unit norm, so
that neither distance nor lens matters. Either way depth is not measured: it is what animals of the
library have where their 2D looks alike.
"""

from liftpose.library.distance import Distance, distance_to_library
from liftpose.library.files import train_file_from_library
from liftpose.library.training import FromLibrary, train_from_library

__all__ = [
    "Distance",
    "FromLibrary",
    "distance_to_library",
    "train_file_from_library",
    "train_from_library",
]
