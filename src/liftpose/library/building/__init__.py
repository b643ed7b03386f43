"""A library from several calibrated cameras: the 2D of each in, 3D poses with their cameras out."""

from liftpose.library.building.axes import Axes
from liftpose.library.building.build import Built, build_library
from liftpose.library.building.report import CameraReport, Report
from liftpose.library.building.settings import BuildOptions
from liftpose.library.building.singles import Singles

__all__ = ["Axes", "BuildOptions", "Built", "CameraReport", "Report", "Singles", "build_library"]
