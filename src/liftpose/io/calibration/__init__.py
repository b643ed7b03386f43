"""Calibrations in and out: cameras by name, from the files of many programs."""

from liftpose.io.calibration.files import read_calibration, read_camera, write_calibration

__all__ = ["read_calibration", "read_camera", "write_calibration"]
