"""Pose files become files of lifted poses."""

from liftpose.lifting.asked import as_learned, camera_of, read_for, read_renames
from liftpose.lifting.files import CHUNK, lift_file, lift_files
from liftpose.lifting.summary import LiftSummary

__all__ = [
    "CHUNK",
    "LiftSummary",
    "as_learned",
    "camera_of",
    "lift_file",
    "lift_files",
    "read_for",
    "read_renames",
]
