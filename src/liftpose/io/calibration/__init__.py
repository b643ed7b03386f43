"""Calibrations in and out: cameras by name, from the files of many programs."""

from liftpose.io.calibration.files import chosen, read_calibration, read_camera, write_calibration
from liftpose.io.calibration.framing import crops, framed, scales

__all__ = [
    "chosen",
    "crops",
    "framed",
    "read_calibration",
    "read_camera",
    "scales",
    "write_calibration",
]
