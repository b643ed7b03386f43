"""LiftPose: 3D poses of laboratory animals from the 2D keypoints of one camera.

Every public name is loaded when it is first used (PEP 562), so that ``import liftpose`` costs
nothing but the standard library.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Camera": "liftpose.geometry.camera",
    "Lifted": "liftpose.poses",
    "Lifter": "liftpose.lifter.lifter",
    "Options": "liftpose.lifter.opt",
    "Poses": "liftpose.poses",
    "Skeleton": "liftpose.skeleton",
    "load": "liftpose.lifter.checkpoint",
    "load_test_results": "liftpose.postprocess",
    "read_calibration": "liftpose.io",
    "read_poses": "liftpose.io",
    "recalibrate": "liftpose.lifter.recalibration",
    "report_file": "liftpose.reporting",
    "show": "liftpose.plot.showing",
    "test": "liftpose.main",
    "train": "liftpose.main",
    "triangulate": "liftpose.geometry.triangulation",
    "write_calibration": "liftpose.io",
    "write_poses": "liftpose.io",
}

__all__ = [
    "Camera",
    "Lifted",
    "Lifter",
    "Options",
    "Poses",
    "Skeleton",
    "__version__",
    "load",
    "load_test_results",
    "read_calibration",
    "read_poses",
    "recalibrate",
    "report_file",
    "show",
    "test",
    "train",
    "triangulate",
    "write_calibration",
    "write_poses",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name == "__version__":
        return _version()
    raise AttributeError(f"module 'liftpose' has no attribute {name!r}")


def _version() -> str:
    # Here, since importing it costs ten times what the rest of this module does.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("liftpose")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, "__version__"])
